"""Charts over time as plain geometry: shapes in a box of 1000 by 300 that stretches, labels in per cent of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.insight.page.report import CampaignFigures, Report, StageFigures
from orchestrator.insight.page.words import day, month_name, month_start, percent

WIDTH, HEIGHT = 1000, 300
_LABEL_SHARE = 0.055
"""Share of the height from which on a band has its name beside it."""
_GRID_LINES = 4
_TICKS = 7
"""Months with their name under the axis, at the most."""
_TABLE_ROWS = 8


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    """Per cent from the left, or from the bottom."""
    words: str


@dataclass(frozen=True, slots=True)
class Area:
    stage: StageFigures
    shape: str
    label_at: float | None
    """Per cent from the bottom where the band ends; None where it is too thin for a name."""


@dataclass(frozen=True, slots=True)
class Areas:
    areas: tuple[Area, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]
    """The same as a table: a day, and the number in each stage."""

    @property
    def named(self) -> bool:
        """Whether every band has its name beside it."""
        return all(area.label_at is not None for area in self.areas if area.shape)


def stacked(report: Report) -> Areas:
    """Customers by stage over time, the outermost on top."""
    at, counts = report.standing.at, report.standing.counts
    most = max((sum(counts[name][n] for name in counts) for n in range(len(at))), default=0) or 1
    top = _round_up(most)
    below, areas = [0] * len(at), []
    for stage in report.stages:
        above = [low + number for low, number in zip(below, counts[stage.name], strict=True)]
        areas.append(Area(stage, _band(at, below, above, top), _label(below[-1], above[-1], top)))
        below = above
    up = tuple(Tick(100 * n / _GRID_LINES, f"{top * n // _GRID_LINES:,}") for n in range(_GRID_LINES + 1))
    return Areas(tuple(areas), month_ticks(report), up, _rows(report))


def _round_up(most: int) -> int:
    """A round number, a multiple of the number of grid lines, that is not below `most`."""
    unit: int = 10 ** max(0, len(str(most)) - 2)
    step = _GRID_LINES * unit
    return math.ceil(most / step) * step


def _band(at: Sequence[int], below: Sequence[int], above: Sequence[int], top: int) -> str:
    if not any(high > low for low, high in zip(below, above, strict=True)):
        return ""
    span = (at[-1] - at[0]) or 1
    points = [((t - at[0]) / span * WIDTH, HEIGHT - v / top * HEIGHT) for t, v in zip(at, above, strict=True)]
    points += [((t - at[0]) / span * WIDTH, HEIGHT - v / top * HEIGHT) for t, v in reversed(list(zip(at, below, strict=True)))]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"


def _label(low: int, high: int, top: int) -> float | None:
    return round(100 * (low + high) / 2 / top, 2) if (high - low) / top >= _LABEL_SHARE else None


def month_ticks(report: Report) -> tuple[Tick, ...]:
    """Some month beginnings, in per cent of the time shown."""
    span = (report.end - report.start) or 1
    every = -(-len(report.months) // _TICKS)
    starts = [(max(month_start(*one), report.start), month_name(*one)) for one in report.months[::every]]
    return tuple(Tick(round(100 * (at - report.start) / span, 2), words) for at, words in starts)


def _rows(report: Report) -> tuple[tuple[str, tuple[int, ...]], ...]:
    at, counts = report.standing.at, report.standing.counts
    every = max(1, (len(at) - 1) // (_TABLE_ROWS - 1))
    chosen = sorted({*range(0, len(at), every), len(at) - 1})
    return tuple((day(at[n]), tuple(counts[stage.name][n] for stage in report.stages)) for n in chosen)


@dataclass(frozen=True, slots=True)
class Bars:
    """One campaign's sends, a bar a month."""

    campaign: CampaignFigures
    bars: tuple[tuple[float, float, float, str], ...]
    """x, width and height in a box of 1000 by 300, and what it says."""
    peak: str


def monthly(report: Report) -> tuple[Bars, ...]:
    """The campaigns that sent, the busiest first; each has its own scale."""
    busy = sorted((campaign for campaign in report.campaigns if campaign.sent), key=lambda campaign: -campaign.sent)
    return tuple(_bars(campaign, report.months) for campaign in busy)


def _bars(campaign: CampaignFigures, months: Sequence[tuple[int, int]]) -> Bars:
    slot, most = WIDTH / len(months), max(campaign.by_month)
    bars = [
        (
            round(n * slot + slot * 0.12, 1),
            round(slot * 0.76, 1),
            round(number / most * HEIGHT, 1),
            f"{month_name(*months[n])}: {number:,}",
        )
        for n, number in enumerate(campaign.by_month)
        if number
    ]
    return Bars(campaign, tuple(bars), f"{most:,} in {month_name(*months[campaign.by_month.index(most)])}")


@dataclass(frozen=True, slots=True)
class Lift:
    """How many of those treated and of those held out reached the goal."""

    campaign: CampaignFigures
    treated: str
    held: str
    treated_at: float
    """Per cent of the scale."""
    held_at: float


def lifts(report: Report) -> tuple[tuple[Lift, ...], tuple[Tick, ...]]:
    """Campaigns with a goal and people held out, on one scale."""
    measured = [c for c in report.campaigns if c.goals is not None and c.held_out and c.entered]
    shares = [((c.goals or 0) / c.entered, c.goals_held_out / c.held_out) for c in measured]
    top = max(0.1, -(-max((max(pair) for pair in shares), default=0) * 10 // 1) / 10)
    found = [
        Lift(
            campaign,
            percent(campaign.goals or 0, campaign.entered),
            percent(campaign.goals_held_out, campaign.held_out),
            round(100 * treated / top, 2),
            round(100 * held / top, 2),
        )
        for campaign, (treated, held) in zip(measured, shares, strict=True)
    ]
    ticks = tuple(Tick(25.0 * n, f"{top * 25 * n:.3g}%") for n in range(5))
    return tuple(found), ticks
