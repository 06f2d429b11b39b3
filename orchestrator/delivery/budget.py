"""The governor's account: what may leave in all, shared among the workers that ask.

In no second, wherever it begins, is more granted than a channel's rate; marketing gets at most its share of that. What is
granted leaves within a lease, so in any n seconds at most n + 1 rates leave. Nothing is assumed of other machines' clocks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from orchestrator.delivery.limits import MARKETING_SHARE, RATE, SAY_MS, SHARING_MS, WINDOW_MS
from orchestrator.delivery.permits import Answer, Ask, Count, Kind, Lease, encode, question
from orchestrator.domain.input import Control
from orchestrator.domain.moment import Controls
from orchestrator.partition.engine import turned


@dataclass(slots=True)
class _Sharer:
    """A worker that wants leave of one kind: how many, when it said so, when it last got some."""

    wants: int
    at: int
    served: int = 0


@dataclass(slots=True)
class Budget:
    """Asked in the order of the log. `clock` is monotone, in milliseconds; it takes over when it is made.

    Until a window after that it grants nothing: it does not know what the one before has granted.
    """

    rates: Mapping[str, int]
    clock: Callable[[], int]
    controls: Controls = field(default_factory=Controls)
    granted: int = 0
    """Messages for which leave was given."""
    _since: int = 0
    _said: int = 0
    _asks: dict[str, Ask] = field(default_factory=dict)
    """worker → its newest question, not answered yet."""
    _turned: bool = False
    """A switch was turned, and nobody has heard of it."""
    _given: dict[str, deque[tuple[int, bool, int]]] = field(default_factory=dict)
    """channel → (when, marketing, how many) of the last window."""
    _sharers: dict[Kind, dict[str, _Sharer]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._since = self.clock()

    @property
    def killed(self) -> bool:
        """Whether nothing at all may leave."""
        return self.controls.kill or self.controls.paused

    def remember(self, record: bytes) -> None:
        """A record from before it took over: only switches stand."""
        found = question(record)
        if isinstance(found, Control):
            self.controls = turned(self.controls, found)

    def hear(self, record: bytes) -> None:
        """The next record of the log."""
        found = question(record)
        if isinstance(found, Control):
            self.controls, self._turned = turned(self.controls, found), True
        elif found is not None:
            self._ask(found)

    def _ask(self, found: Ask) -> None:
        self._asks[found.worker] = found
        wanted = {each.kind: each.count for each in found.wants}
        for kind in self._sharers.keys() | wanted.keys():
            sharers = self._sharers.setdefault(kind, {})
            known = sharers.pop(found.worker, None)
            if kind in wanted:
                sharers[found.worker] = _Sharer(wanted[kind], self.clock(), known.served if known is not None else 0)

    def answer(self) -> bytes | None:
        """What to say to all who have asked; None where nobody has, nothing is new, and something was said not long ago."""
        now, asks, self._asks = self.clock(), self._asks, {}
        if not (asks or self._turned or now - self._said >= SAY_MS):
            return None
        self._turned, self._said = False, now
        leases = {worker: Lease(worker, ask.number, []) for worker, ask in asks.items()}
        for kind in sorted(self._sharers, key=lambda kind: kind.marketing):
            for worker, count in self._shared(kind, set(asks), now):
                leases[worker].granted.append(Count(kind, count))
        return encode(Answer(list(leases.values()), self.killed))

    def _shared(self, kind: Kind, asking: set[str], now: int) -> list[tuple[str, int]]:
        """What each that asks now gets: who was served longest ago first, and what others want stays theirs a while."""
        found, left = [], self._left(kind, now)
        sharers = {worker: one for worker, one in self._sharers[kind].items() if one.wants and now - one.at < SHARING_MS}
        self._sharers[kind] = sharers
        order = sorted(sharers.items(), key=lambda pair: (pair[1].served, pair[0]))
        for place, (worker, one) in enumerate(order):
            count = min(one.wants, -(-left // (len(order) - place)))
            left -= count
            if count and worker in asking:
                one.served, one.wants = now, one.wants - count
                self._note(kind, count, now)
                found.append((worker, count))
        return found

    def _left(self, kind: Kind, now: int) -> int:
        """How many of this kind may still be granted within the window that ends now."""
        if self.killed or kind.channel in self.controls.channels or now - self._since < WINDOW_MS:
            return 0
        given = self._given.setdefault(kind.channel, deque())
        while given and given[0][0] <= now - WINDOW_MS:
            given.popleft()
        rate = self.rates.get(kind.channel, RATE)
        left = rate - sum(count for _, _, count in given)
        if kind.marketing:
            share = max(1, int(rate * MARKETING_SHARE))
            left = min(left, share - sum(count for _, marketing, count in given if marketing))
        return max(0, left)

    def _note(self, kind: Kind, count: int, now: int) -> None:
        self._given[kind.channel].append((now, kind.marketing, count))
        self.granted += count
