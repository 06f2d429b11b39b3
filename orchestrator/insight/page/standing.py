"""Who stood where, when: stages over time, from the transitions alone."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median

from orchestrator.domain.limits import DAY_MS

SAMPLES = 78
"""Points in time that a chart over time shows, about."""

Step = tuple[int, int, str, str]
"""at, profile, from, to"""


@dataclass(frozen=True, slots=True)
class Standing:
    at: tuple[int, ...]
    """The instants looked at, in order."""
    counts: dict[str, tuple[int, ...]]
    """stage → profiles in it at each of these instants."""
    days: dict[str, float | None]
    """stage → median length of the stays that have ended, in days; None where none has."""


def standing(steps: Iterable[Step], stages: tuple[str, ...], born: Mapping[int, int], end: int) -> Standing:
    """Follow every profile from its first step on, or from when it was `born` where that is known."""
    moves = deque(sorted(_moves(list(steps), stages[0], born)))
    samples = _samples(moves[0][0] if moves else end, end)
    seen: dict[str, list[int]] = {stage: [] for stage in stages}
    places = _Places(dict.fromkeys(stages, 0))
    for sample in samples:
        while moves and moves[0][0] <= sample:
            places.move(*moves.popleft())
        for stage in stages:
            seen[stage].append(places.counts[stage])
    stays = places.stays
    days = {stage: round(median(stays[stage]) / DAY_MS, 1) if stays[stage] else None for stage in stages}
    return Standing(samples, {stage: tuple(numbers) for stage, numbers in seen.items()}, days)


@dataclass(slots=True)
class _Places:
    """Where every profile is at one instant, and how long the stays before took."""

    counts: dict[str, int]
    now: dict[int, tuple[str, int]] = field(default_factory=dict)
    stays: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def move(self, at: int, key: int, stage: str) -> None:
        if key in self.now:
            before, since = self.now[key]
            self.counts[before] -= 1
            if at > since:
                self.stays[before].append(at - since)
        self.counts[stage] = self.counts.get(stage, 0) + 1
        self.now[key] = (stage, at)


def _moves(steps: list[Step], start: str, born: Mapping[int, int]) -> Iterator[tuple[int, int, str]]:
    moved = {key for _, key, _, _ in steps}
    yield from ((at, key, target) for at, key, _, target in steps)
    first = {key: at for at, key, _, _ in sorted(steps, reverse=True)}
    for key, at in born.items():
        if key not in moved or at < first[key]:
            yield at, key, start


def _samples(first: int, end: int) -> tuple[int, ...]:
    """Evenly spaced instants of whole days, the end among them."""
    step = max(DAY_MS, -(-(end - first) // SAMPLES // DAY_MS) * DAY_MS)
    return (*range(first, end, step), end)
