"""Differences over time as plain geometry: gained and moved above the line, lost under it, in a box of 1000 by 300."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orchestrator.insight.page.words import day, month_name

WIDTH, HEIGHT = 1000, 300
_BARS_MAX = 100
"""More days than this are drawn by week, more weeks by month."""
_TICKS = 7
_GAP = 0.15
_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Bar:
    kind: str
    x: float
    y: float
    width: float
    height: float
    words: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Bars by day, week or month; `zero` is where the line stands, from the top, in per cent."""

    unit: str
    bars: tuple[Bar, ...]
    zero: float
    up: str
    down: str
    across: tuple[tuple[float, str], ...]


def timeline(days: Mapping[str, Mapping[str, int]]) -> Timeline | None:
    """The chart of these counts by UTC date; None where nothing differs."""
    differing = {date: counts for date, counts in days.items() if sum(counts.values()) > counts["unchanged"]}
    if not differing:
        return None
    dates = sorted(map(dt.date.fromisoformat, days))
    unit, start_of = _unit(dates[0], dates[-1])
    slots = _slots(dates[0], dates[-1], start_of)
    found: dict[dt.date, Counter[str]] = {slot: Counter() for slot in slots}
    for date, counts in differing.items():
        found[start_of(dt.date.fromisoformat(date))].update(counts)
    above = max((counts["gained"] + counts["moved"] for counts in found.values()), default=0)
    below = max((counts["lost"] for counts in found.values()), default=0)
    whole = (above + below) or 1
    zero, step = HEIGHT * above / whole, WIDTH / len(slots)
    bars = [bar for n, slot in enumerate(slots) for bar in _bars(n, slot, found[slot], zero, whole, step, unit)]
    every = -(-len(slots) // _TICKS)
    ticks = tuple((round(100 * n / len(slots), 2), _name(slots[n], unit)) for n in range(0, len(slots), every))
    return Timeline(unit, tuple(bars), round(100 * above / whole, 2), f"{above:,}", f"{below:,}", ticks)


def _bars(n: int, slot: dt.date, counts: Counter[str], zero: float, whole: int, step: float, unit: str) -> list[Bar]:
    x, width = round(n * step + step * _GAP / 2, 2), round(step * (1 - _GAP), 2)
    bars, top = [], zero
    for kind in ("gained", "moved", "lost"):
        height = HEIGHT * counts[kind] / whole
        top = zero if kind == "lost" else top - height
        if height:
            words = f"{_name(slot, unit)}: {counts[kind]:,} {kind}"
            bars.append(Bar(kind, x, round(top, 2), width, round(height, 2), words))
    return bars


def _unit(first: dt.date, last: dt.date) -> tuple[str, Callable[[dt.date], dt.date]]:
    length = (last - first).days + 1
    if length <= _BARS_MAX:
        return "day", lambda date: date
    if length <= _BARS_MAX * 7:
        return "week", lambda date: date - dt.timedelta(days=date.weekday())
    return "month", lambda date: date.replace(day=1)


def _slots(first: dt.date, last: dt.date, start_of: Callable[[dt.date], dt.date]) -> list[dt.date]:
    dates = (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
    return list(dict.fromkeys(map(start_of, dates)))


def _name(date: dt.date, unit: str) -> str:
    if unit == "month":
        return month_name(date.year, date.month)
    return day((date - _EPOCH).days * 86_400_000)
