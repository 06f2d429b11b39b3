"""Campaigns filed under the bounds that they set to one number: of those, the ones whose bounds it is within.

A bound stands beside its number, not on it: `>= 5` just below 5, `> 5` just above, so that a value is never level with a bound.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Any

from rules import Condition

Position = tuple[float, int]
"""A place on the line of numbers: -1 just below the number, 0 on it, 1 just above."""
LOWEST, HIGHEST = (-inf, 0), (inf, 0)
_LOWER = {">=": -1, ">": 1}
_UPPER = {"<=": 1, "<": -1}


@dataclass(frozen=True, slots=True)
class Band:
    """The numbers between two places."""

    low: Position = LOWEST
    high: Position = HIGHEST

    def within(self, comparison: str, number: float) -> Band:
        """Those of them that also compare so with the number."""
        if comparison in _LOWER:
            return Band(max(self.low, (number, _LOWER[comparison])), self.high)
        return Band(self.low, min(self.high, (number, _UPPER[comparison])))


Filed = tuple[Band, str]


@dataclass(frozen=True, slots=True)
class Rung:
    """The bands around one place, by either end; those that end before it, and those that begin after it."""

    at: Position
    lows: list[Position]
    by_low: list[str]
    highs: list[Position]
    by_high: list[str]
    below: Rung | None
    above: Rung | None


@dataclass(frozen=True, slots=True)
class Ladder:
    """Campaigns filed under their bands at one path."""

    read: Condition
    top: Rung | None
    every: tuple[str, ...]

    def holding(self, value: Any) -> Iterable[str]:
        """Campaigns that this value does not rule out. Null counts as 0; of what is no number the rule itself decides."""
        kind = value.__class__
        if kind is not int and kind is not float and value is not None:
            return self.every
        place: Position = (value or 0, 0)
        found: list[str] = []
        rung = self.top
        while rung is not None:
            if place < rung.at:
                found += rung.by_low[: bisect_left(rung.lows, place)]
                rung = rung.below
            else:
                found += rung.by_high[bisect_left(rung.highs, place) :]
                rung = rung.above
        return found


def ladder(read: Condition, filed: list[Filed]) -> Ladder:
    """The campaigns in their order. A band in which there is no number is met by none."""
    bands = sorted(((band, name) for band, name in filed if band.low < band.high), key=lambda one: one[0].low)
    return Ladder(read, _rung(bands), tuple(name for _, name in filed))


def _rung(bands: list[Filed]) -> Rung | None:
    """`bands` stand in order of their lower ends: the middle one's is the place, so each half is no more than half of them."""
    if not bands:
        return None
    at = bands[len(bands) // 2][0].low
    here = [one for one in bands if one[0].low <= at < one[0].high]
    by_high = sorted(here, key=lambda one: one[0].high)
    return Rung(
        at,
        [band.low for band, _ in here],
        [name for _, name in here],
        [band.high for band, _ in by_high],
        [name for _, name in by_high],
        _rung([one for one in bands if one[0].high <= at]),
        _rung([one for one in bands if one[0].low > at]),
    )
