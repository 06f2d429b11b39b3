"""Recipients: now and then one says STOP, complains or cannot be reached, and some take it back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from msgspec import structs

from orchestrator.domain.profile import Profile
from orchestrator.domain.suppression import Listed, Word, hashed
from tests.simulation.programs import HOUR, MINUTE
from tests.simulation.violation import require

if TYPE_CHECKING:
    from tests.simulation.world import World

KEY = b"simulated"
KINDS = (
    ("stop", "all"),
    ("stop", "marketing"),
    ("unsubscribed", "marketing"),
    ("unsubscribed", "topic:offers"),
    ("bounce", "all"),
)
LEASE_MS = 700
"""As promised; on purpose not read from the code."""
_NEVER = 1 << 62
"""An operator's word is outdone by a consent of after this."""


class Recipients:
    """`stopped`: (channel, address) → (kind, scope) → since when that is durable, by the wall, and when it was said."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world
        self.stopped: dict[tuple[str, str], dict[tuple[str, str], tuple[int, int]]] = {}
        self.owners: dict[bytes, tuple[str, str]] = {}
        self.said = 0

    def plan(self, start: int, end: int) -> None:
        """Up to four words, from a generator of their own; those taken back are so before the end."""
        world = self.world
        assert world is not None
        rng = Random(f"{world.seed} words")
        for _ in range(rng.choice((0, 0, 1, 4))):
            number, (kind, scope), at = rng.randrange(5), rng.choice(KINDS), rng.randrange(start, end)
            sending = rng.choice(world.plan)
            if rng.random() < 0.6 and sending.event.user_id is not None:  # just when they do something
                number, at = int(sending.event.user_id[1:]), sending.at + rng.randrange(50)
            channel, address = rng.choice((("email", f"p{number}@example.org"), ("sms", f"+49301234567{number}")))
            hidden = hashed(KEY, channel, address)
            self.owners[hidden] = (channel, address)
            word = Word(hidden, channel, kind, scope, at, "operator" if number % 2 else "sim")
            world.at(at, partial(self._say, word))
            if rng.random() < 0.4:
                back = at + rng.choice((1, MINUTE, HOUR))
                world.at(back, partial(self._say, structs.replace(word, at=back, on=False)))

    def _say(self, word: Word, tries: int = 0) -> None:
        """Say it until it is known to be durable; one that is taken back meanwhile is said all the same."""
        world, done = self.world, list[bool]()
        assert world is not None
        self.said += 1
        if world.worker is not None:
            world.note("recipient:", word.channel, word.kind, word.scope, "on" if word.on else "off")
            world.worker.words.append((word, lambda: done.append(True)))
            world.wake(world.now)
        world.at(world.now + (20_000 << min(tries, 6)), lambda: None if done else self._say(word, tries + 1))

    def durable(self, entries: list[Listed], wall: int) -> None:
        """The list on disk has these from now on."""
        for one in entries:
            words = self.stopped.setdefault(self.owners[one.address], {})
            if one.lifted is None:
                words[one.kind, one.scope] = wall, _NEVER if one.source == "operator" else one.since
            else:
                words.pop((one.kind, one.scope), None)

    def attempted(self, channel: str, address: object, kind: Kind) -> None:
        """A message to that address is attempted by a row that comes after them."""
        found = self._stops(channel, address, kind)
        require(not found, "I23", address, "is written to by", channel, "though listed:", found)

    def handing_over(self, channel: str, address: object, kind: Kind, wall: int) -> None:
        """One is about to reach its provider."""
        late = {name: since for name, (since, _) in self._stops(channel, address, kind).items() if wall - since > LEASE_MS}
        require(not late, "I23", address, "is written to by", channel, "at", wall, "though listed since", late)

    def refused(self, channel: str, address: object, kind: Kind) -> None:
        """The list has refused a message to that address."""
        require(self._stops(channel, address, kind), "I23", address, "is refused on", channel, "though nothing stops", kind)

    def _stops(self, channel: str, address: object, kind: Kind) -> dict[tuple[str, str], tuple[int, int]]:
        words = self.stopped.get((channel, str(address)), {})
        wide = {"all"} if kind.cls == "transactional" else {"all", "marketing", f"topic:{kind.topic}"}
        found = {name: since for name, since in words.items() if name[1] in wide}
        if kind.agreed_at is None:
            return found
        return {name: since for name, since in found.items() if name[0] != "unsubscribed" or since[1] >= kind.agreed_at}


@dataclass(frozen=True, slots=True)
class Kind:
    """What a message is: its class and topic, and when its recipient agreed to that, by the word that rules."""

    cls: str
    topic: str | None
    agreed_at: int | None


def kind_of(cls: str, topic: str | None, channel: str, profile: Profile) -> Kind:
    """What a message to that customer is."""
    words = sorted(
        (w.at, w.id, w.given) for place, w in profile.consents.get(topic or "", {}).items() if place in (channel, "*")
    )
    return Kind(cls, topic, words[-1][0] if words and words[-1][2] else None)
