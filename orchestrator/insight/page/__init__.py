"""A replay as one self-contained page: no script, no outside request, light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import minijinja

from orchestrator.insight.page.charts import lifts, month_ticks, monthly, stacked
from orchestrator.insight.page.palette import stylesheet
from orchestrator.insight.page.report import Report, Source, Telling, make_report
from orchestrator.insight.page.ring import draw_ring
from orchestrator.insight.page.story import Story, story_of
from orchestrator.insight.page.words import day, joined, percent, thousands

__all__ = ["Report", "Source", "Story", "Telling", "make_report", "render", "story_of"]

_TEMPLATE, _RING = "index.html", "ring.html"


def render(report: Report) -> str:
    """The page as HTML. Whatever a name holds, it is text on the page."""
    measured, scale = lifts(report)
    return _environment().render_template(
        _TEMPLATE,
        report=report,
        style="".join((_asset("tokens.css"), stylesheet(report.stages), _asset("style.css"), _asset("wheel.css"))),
        ring=draw_ring(report.stages, report.flows),
        areas=stacked(report),
        months=monthly(report),
        ticks=month_ticks(report),
        lifts=measured,
        scale=scale,
        hue={stage.name: f"h{stage.number}" for stage in report.stages},
        classes={stage.number: f"h{stage.number}" for stage in report.stages},
        thousands=thousands,
        busy=[campaign for campaign in report.campaigns if not campaign.quiet],
        idle=joined([campaign.name for campaign in report.campaigns if campaign.quiet]),
        life=_life(report),
    )


def _asset(name: str) -> str:
    return (resources.files("orchestrator.insight.page") / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> minijinja.Environment:
    """Names in the template that nothing defines are errors; `.html` is escaped."""
    environment = minijinja.Environment(
        templates={name: _asset(name) for name in (_TEMPLATE, _RING)},
        undefined_behavior="strict",
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., str]] = {"day": day, "n": thousands, "share": percent}
    for name, made in filters.items():
        environment.add_filter(name, made)
    return environment


@dataclass(frozen=True, slots=True)
class Life:
    """One customer's time as a strip: stays and marks in per cent of the time shown."""

    bands: tuple[tuple[str, float, float], ...]
    """stage, left, width"""
    marks: tuple[tuple[str, float, str], ...]
    """kind, left, words"""


def _life(report: Report) -> Life | None:
    story = report.story
    if story is None:
        return None
    span = (report.end - report.start) or 1

    def left(at: int) -> float:
        return round(100 * (at - report.start) / span, 2)

    bands = tuple((band.stage, left(band.start), round(left(band.end) - left(band.start), 2)) for band in story.bands)
    marks = tuple(
        (line.kind, left(line.at), f"{line.day}: {line.words}")
        for line in story.lines
        if line.kind in ("event", "sent", "stopped", "held")
    )
    return Life(bands, marks)
