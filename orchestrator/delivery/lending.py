"""What campaigns may send, in the hands of the governor of workers: the account of volume, and what of it is lent out.

Leave is counted when it is lent. What a worker gives back, within a while and once, has room again; what nobody gives back
was used. While leave is out that may come back, an account that is full trips nothing and shuts for a moment only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from orchestrator.delivery import permits
from orchestrator.delivery.limits import BACK_MS, HELD_MS, SHUT_MS
from orchestrator.delivery.permits import Ask, Kind, Rails, Shut, encode
from orchestrator.delivery.volume import ACTOR, Given, Room, Volume, fact_of, tally_of

RAILS, _APPLIED = "rails", "applied"
UNKNOWN, SURGE = "rails", "surge"
"""Why nothing of a campaign may go: nobody has said what it may do; it has sent what is usual, and its breaker trips or has."""


@dataclass(slots=True)
class _Lent:
    """What one question was granted, and when."""

    at: int
    kinds: dict[Kind, Given] = field(default_factory=dict)
    back: Counter[Kind] = field(default_factory=Counter)
    """How many of them came back."""


@dataclass(slots=True)
class Lending:
    """`clock` is monotone; `wall` is the time in which windows, hours and days are counted: milliseconds, both."""

    clock: Callable[[], int]
    wall: Callable[[], int]
    volume: Volume = field(default_factory=Volume)
    rails: Rails | None = None
    """None: nobody has said yet what campaigns may do, so nothing is lent."""
    applied: int = 0
    """The first record of the log that is not in these accounts."""
    _lent: dict[tuple[str, int], _Lent] = field(default_factory=dict)
    """(worker, question) → its leave, the oldest first."""
    _latest: dict[str, int] = field(default_factory=dict)
    """campaign → when leave was lent last."""
    _newly: bool = False
    """Rails were laid, and nobody has noted it."""

    def lay(self, told: Rails) -> None:
        """These rails hold from now on. What a worker found live counts as long as nothing else is known."""
        if told.published or self.rails is None:
            self.rails, self._newly = told.after(self.volume.rails.values()), True
            self.volume.lay(self.rails.rails)

    def settle(self, ask: Ask) -> None:
        """What a worker gives back, and how many messages went badly there."""
        self._forget()
        for unused in ask.unused:
            lent = self._lent.get((ask.worker, unused.number))
            given = lent.kinds.get(unused.kind) if lent is not None else None
            if lent is not None and given is not None:
                more = min(unused.count, given.count) - lent.back[unused.kind]
                self.volume.take_back(given, more)
                lent.back[unused.kind] += max(0, more)
        for campaign, total in ask.badly.items():
            self.volume.saw_in_all(campaign, ask.worker, total)

    def room(self, kind: Kind, due: int) -> int:
        """How many of it may be lent now, where so many wait: a campaign whose messages wait in vain may trip its breaker."""
        if self.rails is None or not self._is_known(kind.campaign):
            return 0
        return self.volume.room(kind.campaign, self.wall(), 0 if self._is_out(kind.campaign) else due).count

    def lend(self, worker: str, number: int, kind: Kind, count: int) -> None:
        """So many are that question's, within the room that there was."""
        given = self.volume.grant(kind.campaign, count, self.wall())
        if given is not None:
            now = self.clock()
            self._latest[kind.campaign] = now
            self._lent.setdefault((worker, number), _Lent(now)).kinds[kind] = given

    def shut(self, campaigns: Iterable[str]) -> Iterator[Shut]:
        """Those of which none may go now, with why and for how long."""
        for campaign in campaigns:
            wall = self.wall()
            room = self.volume.room(campaign, wall, 0) if self._is_known(campaign) else Room(0, UNKNOWN)
            if not room.count:
                until = None if self._is_out(campaign) else room.until
                wait_ms = SHUT_MS if until is None else until - wall
                yield Shut(campaign, SURGE if room.why == ACTOR else room.why, min(HELD_MS, max(SHUT_MS, wait_ms)))

    def notes(self) -> list[tuple[str, bytes]]:
        """What must be durable with what was lent."""
        found = list(self.volume.notes())
        if self._newly and self.rails is not None:
            found.append((RAILS, encode(self.rails)))
            self._newly = False
        return [*found, (_APPLIED, encode(self.applied))]

    def recall(self, name: str, value: bytes) -> None:
        """A note of whoever had these accounts before."""
        if name == _APPLIED:
            self.applied = permits.number(value)
        elif name == RAILS:
            self.rails = permits.rails(value)
            self.volume.lay(self.rails.rails)
        else:
            tally = tally_of(value)
            if name == fact_of(tally.campaign):
                self.volume.remember(tally)

    def _is_known(self, campaign: str) -> bool:
        """Whether somebody has said what it may do; webhooks are none's."""
        return not campaign or campaign in self.volume.rails

    def _is_out(self, campaign: str) -> bool:
        """Whether leave is out that may come back."""
        latest = self._latest.get(campaign)
        return latest is not None and self.clock() - latest < BACK_MS

    def _forget(self) -> None:
        oldest = self.clock() - BACK_MS
        while self._lent and next(iter(self._lent.values())).at <= oldest:
            del self._lent[next(iter(self._lent))]
