"""One measure: over time, told apart as one likes, with what lies behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestrator.authoring import Workspace
from orchestrator.console.asked import Answer, Asked, Elsewhere, Place, Shown
from orchestrator.console.measures import Known, Question
from orchestrator.console.measures.shown import card, cohorts_of, courses_of, funnel_of, trend_of
from orchestrator.console.measures.viewing import Viewing, viewing
from orchestrator.console.measures.wording import value_of
from orchestrator.console.pages.measures import FORMATS, framed, known_of, sent, unless_seen
from orchestrator.domain.measure import Measure
from orchestrator.errors import UsageError
from orchestrator.insight.measures import OVER_TIME, periodic
from orchestrator.insight.measures.export import covered, deeper_rows, rows_of
from orchestrator.insight.measures.shipped import measures_of


def measure(asked: Asked) -> Answer:
    """The page."""
    live, view = asked.state.live(asked.reader), viewing(asked)
    if live is None:
        return Shown("unready.html", {"live": False})
    one = _named(asked, live)
    known = known_of(asked, _questions(live, one, view))
    if known is None:
        return Shown("unready.html", {"live": True})
    over_time, apart = card(one, known[0], asked.speech), card(one, known[-1], asked.speech)
    values = {
        "one": over_time,
        "rows": () if len(known) == 1 and not _told_itself(one) else apart.rows,
        "apart": apart,
        "periods": () if _told_itself(one) and not periodic(over_time.told_by) else over_time.rows,
        "trend": trend_of(one, over_time.rows),
        "aims": [(end, value_of(asked.speech, end, one.unit)) for end in (one.at_least, one.at_most) if end is not None],
        "steps": funnel_of(known[0].answer, asked.speech),
        "cohorts": cohorts_of(known[0].answer, asked.speech),
        "courses": courses_of(one, known[0].answer, asked.speech),
        "parameters": _parameters(known[0], asked),
        "also": [(other.name, card(other, Known(None, 0, coming=False), asked.speech).title) for other in measures_of(live)],
        **framed(asked, view, known, "/measure", name=one.name),
    }
    return unless_seen(asked, values, "measure.html")


def _named(asked: Asked, live: Workspace) -> Measure:
    name = asked.query.get("name", "")
    found = next((one for one in measures_of(live) if one.name == name), None)
    if found is None:
        raise UsageError(asked.speech.say("There is no measure {}.", name))
    return found


def _told_itself(one: Measure) -> bool:
    """Whether it is told by campaign alone, whatever is asked: each has a holdout of its own."""
    return one.kind == "lift"


def _questions(live: Workspace, one: Measure, view: Viewing) -> Sequence[Question]:
    """Over time, and by what is asked beside that."""
    program, by = live.program.name, view.by
    if _told_itself(one):
        return [Question(program, one.name, *view.span, deep=True)]
    over_time = Question(program, one.name, *view.span, by if periodic(by) else OVER_TIME, deep=True)
    if periodic(by) or (not by and one.kind != "stays"):
        return [over_time]
    return [over_time, Question(program, one.name, *view.span, by)]


def _parameters(known: Known, asked: Asked) -> list[tuple[str, str]]:
    found = {} if known.answer is None else known.answer.parameters
    return [(name, asked.speech.number(float(f"{value:.4g}"))) for name, value in found.items()]


def _file(asked: Asked) -> Answer:
    """What the page shows, as a file: the whole, over time, told apart, and what lies behind."""
    live, view, language = asked.state.live(asked.reader), viewing(asked), asked.speech.language
    if live is None:
        return Elsewhere("/measures")
    one = _named(asked, live)
    known = known_of(asked, _questions(live, one, view))
    if known is None or any(found.answer is None for found in known):
        return Elsewhere(view.at("/measure", name=one.name))
    rows: list[tuple[Any, ...]] = []
    for place, found in enumerate(known):
        if found.answer is not None:
            told = list(rows_of({one.name: found.answer.of(one)}, language, covered(view.span, found.answer.clock)))
            rows += told if place == 0 else told[1:]
    if known[0].answer is not None:
        rows += deeper_rows(known[0].answer.of(one), language, covered(view.span, known[0].answer.clock))
    return sent(asked, rows, view.stem(one.name))


PLACES = (Place("/measure", measure), *(Place(f"/measure.{kind}", _file) for kind in FORMATS))
