"""A shop in virtual time: the real loop, gates, governor and accounts on a store in memory, and a provider that counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestrator.authoring import Workspace, load_workspace
from orchestrator.bootstrap.engine import Coming, live_on
from orchestrator.bootstrap.rails import Published, published, rails_of
from orchestrator.delivery.governor import Governor
from orchestrator.delivery.volume import Volume, fact_of, tally_of
from orchestrator.domain.input import Control, Event, Outcome
from orchestrator.domain.outgoing import Outgoing
from orchestrator.partition.live import Answered, Arrival, Live
from orchestrator.stores.memory import MemoryFile
from tests.integration.small_workspace import write_workspace

START = 1_764_547_200_000
"""2025-12-01 00:00 UTC."""
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
Answers = Callable[[Outgoing], str]
"""What the provider answers: `accepted`, `in_doubt`, `not_sent`, `refused`, or nothing at all."""


@cache
def workspace(policies: str) -> Workspace:
    """The small workspace with more policies."""
    with TemporaryDirectory() as folder:
        place = write_workspace(Path(folder) / "shop")
        file = place / "policies.yaml"
        file.write_text(file.read_text(encoding="utf-8").replace("breaker: none\n", "") + policies, encoding="utf-8")
        return load_workspace(place)


@dataclass
class Hall:
    """One shop. `reached` counts what its provider really took: person → copies of each message."""

    policies: str = ""
    rate: int = 1_000
    answers: Answers = lambda _: "accepted"
    publisher: str = "ada"
    lets: Callable[[Outgoing], bool] = lambda _: True
    reached: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(person, message) → copies."""
    file: MemoryFile = field(default_factory=MemoryFile)
    now: int = START
    sent_at: list[int] = field(default_factory=list)
    known: Published = field(default_factory=dict)
    _answers: list[Answered] = field(default_factory=list)
    _events: int = 0

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """A new process on what was committed; what was under way is gone."""
        loaded = workspace(self.policies)
        self.known = published(self.known, loaded, self.publisher)
        volume = Volume()
        volume.lay(rails_of(loaded, self.known))
        for name in volume.rails:
            fact = self.file.facts.get(fact_of(name))
            if fact is not None:
                volume.remember(tally_of(fact))
        governor = Governor(rates={"email": self.rate}, volume=volume)
        coming = Coming(loaded.program, lambda: b"", lambda _: loaded.program)
        self.live: Live = live_on(self.file.partition(0), coming, self.now, governor)
        self.live.accounts = governor
        self._answers = []

    def turn(self, events: Iterable[Event] = (), order: Control | None = None) -> None:
        """One turn of the loop, and what the provider makes of it."""
        if order is not None:
            self.live.control(order)
        arrivals = [Arrival(number, event) for number, event in enumerate(events)]
        answers, self._answers = self._answers, []
        for outgoing in self.live.turn(arrivals, answers, self.now, caught_up=True).outgoing:
            self._hand_over(outgoing)

    def _hand_over(self, outgoing: Outgoing) -> None:
        if outgoing.doubted:
            return  # it is looked for, not sent
        if not self.lets(outgoing):
            self._answers.append(Answered(outgoing.key, Outcome(outgoing.message_id, "refused", kind="reject")))
            return
        said = self.answers(outgoing)
        if said in ("accepted", "in_doubt", ""):
            self.reached[outgoing.person, outgoing.message_id] += 1
            self.sent_at.append(self.now)
        if said:
            retry = self.now + SECOND if said == "not_sent" else None
            self._answers.append(Answered(outgoing.key, Outcome(outgoing.message_id, said, retry_at=retry)))

    def run(self, span: int, step: int = 200) -> None:
        """Let time run on; where nothing is due it runs fast."""
        until = self.now + span
        while self.now < until:
            due = self.live.next_due()
            calm = not (self._answers or self.live.busy)
            self.now = min(until, max(self.now + step, (due or until) if calm else 0))
            self.turn()

    def event(self, user: str, name: str, **more: object) -> Event:
        """An event of a customer now."""
        self._events += 1
        at = more.pop("at", self.now)
        assert isinstance(at, int)
        ident = more.pop("ident", f"e{self._events}")
        return Event(str(ident), at, name=name, user_id=user, received_at=self.now, properties=dict(more))

    def meet(self, people: int, first: int = 0) -> list[str]:
        """So many customers with an address."""
        users = [f"u{number}" for number in range(first, first + people)]
        events = [
            Event(f"i{user}", self.now, "identify", user_id=user, received_at=self.now, traits={"email": f"{user}@e.example"})
            for user in users
        ]
        self.turn(events)
        return users

    def begin(self, users: Iterable[str], event: str = "Course Begun", **more: object) -> None:
        """Something happens to each of them."""
        self.turn([self.event(user, event, **more) for user in users])

    @property
    def people(self) -> int:
        return len({person for person, _ in self.reached})

    @property
    def copies(self) -> int:
        """The most copies that anybody got of one message."""
        return max(self.reached.values(), default=0)
