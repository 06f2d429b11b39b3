"""When the live program's schedules come next: one instant for the whole file says up to when they have been called."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

import msgspec

from orchestrator.domain.campaign import Pattern
from orchestrator.domain.occurrences import next_after
from orchestrator.domain.program import Program

CALLED = "called"
"""The name under which a file notes up to when its schedules have been called."""


class Schedules:
    """Times of the schedules after `since`, or since they are live where that is later. Asked in the order of time."""

    def __init__(self, program: Program, since: int) -> None:
        self._patterns = program.index.by_schedule
        self._heap: list[tuple[int, str]] = []
        for name in self._patterns:
            self._put(name, max(since, program.live_since.get(name, since)))
        heapify(self._heap)

    def _put(self, name: str, after: int) -> None:
        schedule = self._patterns[name].schedule
        at = next_after(schedule, after) if schedule is not None else None
        if at is not None:
            heappush(self._heap, (at, name))

    def next_due(self) -> int | None:
        """When the earliest comes."""
        return self._heap[0][0] if self._heap else None

    def take(self, least: int) -> tuple[int, list[Pattern]]:
        """The earliest time, and everything whose time that is; times before `least` that follow are left out."""
        at, found = self._heap[0][0], []
        while self._heap and self._heap[0][0] == at:
            _, name = heappop(self._heap)
            found.append(name)
        for name in found:
            self._put(name, max(at, least - 1))
        return at, [self._patterns[name] for name in sorted(found)]


def called_of(fact: bytes | None) -> int | None:
    """Up to when the schedules of the file had been called at the last commit; None where none ever were awaited."""
    return None if fact is None else msgspec.json.decode(fact, type=int)


called_noted = msgspec.json.encode
"""As the file keeps it."""
