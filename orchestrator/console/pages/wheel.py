"""The wheel, live: who stands where, what moved, how long people stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from orchestrator.console.asked import Answer, Asked, Place, Shown
from orchestrator.console.frame import hues
from orchestrator.console.looking_back import day_of, history_of
from orchestrator.domain.limits import DAY_MS
from orchestrator.domain.program import Wheel
from orchestrator.history import Flow as Moved
from orchestrator.history import Stay
from orchestrator.insight.page.report import Flow, StageFigures
from orchestrator.insight.page.ring import draw_ring

SPANS = (1, 7, 30, 90)
"""Days whose moves may be shown."""
_USUAL = 30
_MOVES = 12
"""Moves that the table shows, the most frequent."""


def wheel(asked: Asked) -> Answer:
    """The page of the wheel."""
    live, days = asked.state.live(asked.reader), span_of(asked.query)
    with history_of(asked) as history:
        if history is None or live is None:
            return Shown("unready.html", {"live": live is not None})
        today = day_of(asked.now)
        flows = history.flows(today - days + 1, today)
        stages = figures(live.program.wheel, history.standing(), flows, history.stays())
        moves = _moves(flows)
        values = {
            "stages": stages,
            "moves": moves[:_MOVES],
            "ring": draw_ring(stages, moves),
            "hue": hues(live.program.wheel),
            "classes": {stage.number: _hue(live.program.wheel, stage) for stage in stages},
            "total": sum(stage.now for stage in stages),
            "days": days,
            "spans": SPANS,
            "lag": history.lag(),
        }
    return Shown("wheel.html", values)


def span_of(query: Mapping[str, str]) -> int:
    """The number of days that is asked for, among those that there are."""
    asked = query.get("days", "")
    return int(asked) if asked in map(str, SPANS) else _USUAL


def figures(
    wheel: Wheel, standing: Mapping[str, int], flows: Sequence[Moved], stays: Sequence[Stay]
) -> tuple[StageFigures, ...]:
    """Every stage, those on the ring first; stages of earlier programs where somebody still stands count as outside."""
    came, went = Counter[str](), Counter[str]()
    for flow in flows:
        came[flow.target] += flow.n
        went[flow.source] += flow.n
    days = {stay.stage: stay.median / DAY_MS for stay in stays}
    others = [name for name in standing if name and name not in (*wheel.stages, *wheel.outside)]
    return tuple(
        StageFigures(name, number, name not in wheel.stages, standing.get(name, 0), came[name], went[name], days.get(name))
        for number, name in enumerate((*wheel.stages, *wheel.outside, *others))
    )


def _moves(flows: Sequence[Moved]) -> list[Flow]:
    """Flows of all days together, the most frequent first."""
    counted = Counter[tuple[str, str]]()
    for flow in flows:
        counted[flow.source, flow.target] += flow.n
    return [Flow(*ends, count) for ends, count in counted.most_common()]


def _hue(wheel: Wheel, stage: StageFigures) -> str:
    return hues(wheel).get(stage.name, "o2")


PLACES = (Place("/", wheel),)
