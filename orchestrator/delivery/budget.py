"""The governor's account: what may leave in all, shared among the workers that ask, campaign by campaign.

In no second, wherever it begins, is more granted than a rate; marketing gets at most its share of that. What is granted leaves
within a lease, so in any n seconds at most n + 1 rates leave. What a text was more than it was counted for, and what the last
one was more than there was room for, is taken from the seconds after. Nothing is assumed of other machines' clocks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from orchestrator.delivery.lending import Lending
from orchestrator.delivery.limits import SAY_MS, SHARING_MS, SILENT_MS, WINDOW_MS
from orchestrator.delivery.permits import Answer, Ask, Count, Kind, Lease, Rails, encode, question
from orchestrator.delivery.rates import Rate, Rates
from orchestrator.domain.input import Control
from orchestrator.domain.moment import Controls
from orchestrator.partition.engine import turned

Lane = tuple[str, bool]
"""(channel, whether it is marketing): what shares a rate."""


@dataclass(slots=True)
class _Sharer:
    """A worker that wants leave of one kind: how many, how many of them wait, when it said so, when it last got some."""

    wants: int
    due: int
    weight: int
    at: int
    served: int = 0
    may: int = 0
    """Its share of what is left now."""


@dataclass(slots=True)
class _Owing:
    """What leaks away at the rate: marketing's part and the others'. Up to a rate it says nothing that the window does not."""

    at: int
    offers: float = 0.0
    others: float = 0.0


@dataclass(frozen=True, slots=True)
class Said:
    """What is to be told and made durable together: an answer to the workers, notes of the accounts, switches to partitions."""

    answer: bytes
    notes: list[tuple[str, bytes]]
    trips: list[Control]


@dataclass(slots=True)
class Budget:
    """Asked in the order of the log. `clock` is monotone, in milliseconds; it takes over when it is made.

    Until a window after that it grants nothing: it does not know what the one before has granted.
    """

    rates: Mapping[str, int]
    """What is bounded → so many a second: see `Rates`."""
    clock: Callable[[], int]
    wall: Callable[[], int]
    controls: Controls = field(default_factory=Controls)
    providers: Mapping[str, str] = field(default_factory=dict)
    """channel → its adapter."""
    granted: int = 0
    """Messages for which leave was given."""
    lending: Lending = field(init=False)
    bounds: Rates = field(init=False)
    _since: int = 0
    _said: int = 0
    _asks: dict[str, Ask] = field(default_factory=dict)
    """worker → its newest question, not answered yet."""
    _newest: dict[str, tuple[int, int]] = field(default_factory=dict)
    """worker → (number of its newest question, when it was heard)."""
    _turned: bool = False
    """A switch was turned, and nobody has heard of it."""
    _given: dict[str, deque[tuple[int, bool, int]]] = field(default_factory=dict)
    """name of a rate → (when, marketing, how many) of the last window."""
    _owing: dict[str, _Owing] = field(default_factory=dict)
    """name of a rate → what it was used for, less what time has made of it."""
    _sharers: dict[Lane, dict[tuple[str, Kind], _Sharer]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._since = self.clock()
        self.lending, self.bounds = Lending(self.clock, self.wall), Rates(self.rates, self.providers)

    @property
    def killed(self) -> bool:
        """Whether nothing at all may leave."""
        return self.controls.kill or self.controls.paused

    # ── what stood before it took over ──────────────────────────────────────────────────────────────────────────────

    def recall(self, name: str, value: bytes) -> None:
        """A note of the one before; all of them come first."""
        self.lending.recall(name, value)

    def remember(self, record: bytes, offset: int) -> None:
        """A record of the log from before: switches stand, and accounts lack what came after their notes."""
        found = question(record)
        if isinstance(found, Control | Rails):
            self._obey(found, offset)

    def hear(self, record: bytes, offset: int) -> None:
        """The next record of the log."""
        found = question(record)
        if isinstance(found, Ask):
            self._ask(found)
        elif found is not None:
            self._obey(found, offset)
            self._turned = True

    def _obey(self, given: Control | Rails, offset: int) -> None:
        if isinstance(given, Control):
            self.controls = turned(self.controls, given)
        if offset < self.lending.applied:
            return
        if isinstance(given, Rails):
            self.lending.lay(given)
        else:
            self.lending.volume.hear(given, self.wall())
        self.lending.applied = offset + 1

    # ── asked and answered ──────────────────────────────────────────────────────────────────────────────────────────

    def _ask(self, found: Ask) -> None:
        now = self.clock()
        newest, _ = self._newest.get(found.worker, (0, 0))
        if found.number <= newest:
            return  # the log has it twice
        self._newest[found.worker] = found.number, now
        self._asks[found.worker] = found
        self.lending.settle(found)
        for more in found.more:
            self._owe(more.kind, more.count, now)
        known = {key: one for lane in self._sharers.values() for key, one in lane.items() if key[0] == found.worker}
        for worker, kind in known:
            del self._sharers[kind.channel, kind.marketing][worker, kind]
        for each in found.wants:
            before, lane = known.get((found.worker, each.kind)), (each.kind.channel, each.kind.marketing)
            one = _Sharer(each.count, each.due, max(1, each.weight), now, before.served if before is not None else 0)
            self._sharers.setdefault(lane, {})[found.worker, each.kind] = one

    def answer(self) -> Said | None:
        """What to say to all who have asked; None where nobody has, nothing is new, and something was said not long ago."""
        now, asks, self._asks = self.clock(), self._asks, {}
        if not (asks or self._turned or now - self._said >= SAY_MS):
            return None
        self._turned, self._said = False, now
        self._newest = {worker: one for worker, one in self._newest.items() if now - one[1] < SILENT_MS}
        leases, full = {worker: Lease(worker, ask.number, []) for worker, ask in asks.items()}, set[str]()
        for lane in sorted(self._sharers, key=lambda lane: lane[1]):
            for (worker, kind), one in self._shared(lane, asks, now):
                count = self._grant(leases[worker], kind, one, now)
                full |= {kind.campaign} if one.due and not count else set()
        shut = list(self.lending.shut(sorted(full)))
        rails = "" if self.lending.rails is None else self.lending.rails.program
        said = encode(Answer(list(leases.values()), self.killed, shut, rails))
        return Said(said, self.lending.notes(), self.lending.volume.take_trips())

    def _shared(self, lane: Lane, asks: Mapping[str, Ask], now: int) -> Iterator[tuple[tuple[str, Kind], _Sharer]]:
        """Each that asks now, with `may` of it: who was served longest ago first; what others want stays theirs a while."""
        sharers = {key: one for key, one in self._sharers[lane].items() if one.wants and now - one.at < SHARING_MS}
        self._sharers[lane] = sharers
        going = [(key, one) for key, one in sharers.items() if key[1].campaign not in self.controls.campaigns]
        going.sort(key=lambda pair: (pair[1].served, pair[0][0], pair[0][1].campaign))
        kept = 0
        for place, (key, one) in enumerate(going):
            share = -(-(self._left(key[1], now) - kept) // (len(going) - place))
            one.may = max(0, min(one.wants, -(-share // one.weight)))
            if key[0] in asks and one.may:
                yield key, one
            elif key[0] not in asks:
                kept += min(one.may, self.lending.room(key[1], 0)) * one.weight

    def _grant(self, lease: Lease, kind: Kind, one: _Sharer, now: int) -> int:
        """Of what it may have, as many as its campaign has room for."""
        count = min(one.may, self.lending.room(kind, one.due))
        if count:
            one.served, one.wants = now, one.wants - count
            for rate in self.bounds.of(kind.channel, kind.sender):
                self._given[rate.name].append((now, kind.marketing, count * one.weight))
            self._owe(kind, count * one.weight, now)
            self.granted += count
            self.lending.lend(lease.worker, lease.number, kind, count)
            lease.granted.append(Count(kind, count))
        return count

    def _left(self, kind: Kind, now: int) -> int:
        """How many of this kind's rates may still be granted within the window that ends now: the least of them."""
        if self._stopped(kind.channel) or now - self._since < WINDOW_MS:
            return 0
        rates = self.bounds.of(kind.channel, kind.sender)
        return max(0, min(self._left_of(rate, now, marketing=kind.marketing) for rate in rates))

    def _left_of(self, rate: Rate, now: int, *, marketing: bool) -> int:
        """The window's, and what it has been too much: what marketing owes leaves the others their part."""
        given, owes = self._given.setdefault(rate.name, deque()), self._owes(rate, now)
        while given and given[0][0] <= now - WINDOW_MS:
            given.popleft()
        offers = max(sum(count for _, of_marketing, count in given if of_marketing), owes.offers)
        others = max(sum(count for _, of_marketing, count in given if not of_marketing), owes.others)
        left = rate.most - min(offers, rate.marketing) - others
        return int(min(left, rate.marketing - offers) if marketing else left)

    def _owes(self, rate: Rate, now: int) -> _Owing:
        owes = self._owing.setdefault(rate.name, _Owing(now))
        gone, owes.at = (now - owes.at) / WINDOW_MS, now
        owes.offers = max(0.0, owes.offers - gone * rate.marketing)
        owes.others = max(0.0, owes.others - gone * rate.most)
        return owes

    def _owe(self, kind: Kind, count: int, now: int) -> None:
        """So many more were used of each of its rates than they have room for; the time that comes makes it."""
        for rate in self.bounds.of(kind.channel, kind.sender):
            owes = self._owes(rate, now)
            if kind.marketing:
                owes.offers += count
            else:
                owes.others += count

    def _stopped(self, channel: str) -> bool:
        controls = self.controls
        return self.killed or channel in controls.channels or self.providers.get(channel) in controls.providers
