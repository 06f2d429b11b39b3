"""Small drawings as plain geometry: what a page draws needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SPARK_WIDTH, SPARK_HEIGHT = 120, 28
WIDTH, HEIGHT = 1000, 240
BAR_WIDTH, BAR_EDGE = 200, 4
_GRID_LINES = 4


@dataclass(frozen=True, slots=True)
class Spark:
    """A line of a few days, in a box of 120 by 28. `peak` is its highest value."""

    line: str
    peak: int


def spark(values: Sequence[int]) -> Spark:
    """The line through these values, from the left; nothing where there is nothing."""
    peak = max(values, default=0)
    if not peak:
        return Spark("", 0)
    step = SPARK_WIDTH / max(1, len(values) - 1)
    points = (
        f"{number * step:.1f} {SPARK_HEIGHT - 2 - value / peak * (SPARK_HEIGHT - 4):.1f}" for number, value in enumerate(values)
    )
    return Spark("M" + "L".join(points), peak)


@dataclass(frozen=True, slots=True)
class Line:
    """One curve of a chart, in a box of 1000 by 240."""

    name: str
    shape: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves over the same days, on one scale from nothing to `top`."""

    lines: tuple[Line, ...]
    top: int
    grid: tuple[tuple[float, int], ...]
    """(how far from the top, value)"""


def chart(named: Sequence[tuple[str, Sequence[int]]]) -> Chart:
    """These curves together."""
    top = _round_up(max((max(values, default=0) for _, values in named), default=0))
    lines = tuple(Line(name, _curve(values, top), tuple(values)) for name, values in named)
    grid = tuple((HEIGHT - HEIGHT * part / _GRID_LINES, top * part // _GRID_LINES) for part in range(_GRID_LINES + 1))
    return Chart(lines, top, grid)


def _curve(values: Sequence[int], top: int) -> str:
    step = WIDTH / max(1, len(values) - 1)
    return "M" + "L".join(f"{number * step:.1f} {HEIGHT - HEIGHT * value / top:.1f}" for number, value in enumerate(values))


def _round_up(most: int) -> int:
    """A round number, a multiple of the number of grid lines, that is not below `most`."""
    unit: int = _GRID_LINES * 10 ** max(0, len(str(most)) - 2)
    return max(unit, -(-most // unit) * unit)


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval on its scale, in a box of 200 by 12: where it begins, how long it is, where value, target and zero lie."""

    x: float
    width: float
    dot: float
    target: float | None
    zero: float | None


def bar(least: float, most: float, value: float, low: float | None, high: float | None, target: float | None) -> Bar:
    """The interval of a value between the ends of a scale; where there is no interval it is as long as nothing."""

    def place(one: float) -> float:
        return round(BAR_EDGE + (BAR_WIDTH - 2 * BAR_EDGE) * (min(max(one, least), most) - least) / ((most - least) or 1.0), 1)

    first, last = place(value if low is None else low), place(value if high is None else high)
    aim = None if target is None else place(target)
    return Bar(first, round(last - first, 1), place(value), aim, place(0.0) if least < 0 < most else None)


@dataclass(frozen=True, slots=True)
class Trend:
    """A value over time, in a box of 1000 by 240: its line, the area of its interval, heights of the targets."""

    line: str
    area: str
    targets: tuple[float, ...]
    low: float
    high: float


Point = tuple[int, float | None, float | None, float | None]
"""When, value, and the ends of its interval."""


def trend(points: Sequence[Point], targets: Sequence[float]) -> Trend:
    """The line through the values that there are."""
    known = [(at, value, value if low is None else low, value if high is None else high)
             for at, value, low, high in points if value is not None]  # fmt: skip
    ends = [one for _, *those in known for one in those] + [*targets, 0.0]
    least, most = min(ends), max(ends)
    first, last = (known[0][0], known[-1][0]) if known else (0, 1)

    def x(at: int) -> float:
        return WIDTH * (at - first) / ((last - first) or 1)

    def y(value: float) -> float:
        return HEIGHT - HEIGHT * (value - least) / ((most - least) or 1.0)

    upper = [f"{x(at):.1f} {y(high):.1f}" for at, _, _, high in known]
    lower = [f"{x(at):.1f} {y(low):.1f}" for at, _, low, _ in known]
    line = "L".join(f"{x(at):.1f} {y(value):.1f}" for at, value, _, _ in known)
    area = "L".join([*upper, *reversed(lower)])
    return Trend(
        f"M{line}" if line else "", f"M{area}Z" if area else "", tuple(round(y(one), 1) for one in targets), least, most
    )
