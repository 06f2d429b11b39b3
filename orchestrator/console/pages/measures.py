"""Every measure of the live program: value, interval, how many it rests on, target and definition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from orchestrator.authoring import Workspace
from orchestrator.console.asked import Answer, Asked, Elsewhere, Place, Sent, Shown, Unchanged
from orchestrator.console.limits import LIVE_EVERY_S
from orchestrator.console.looking_back import history_of
from orchestrator.console.measures import Known, Question, few
from orchestrator.console.measures.shown import card
from orchestrator.console.measures.viewing import PRESETS, Viewing, viewing
from orchestrator.console.measures.wording import FAMILIES
from orchestrator.domain.measure import Measure
from orchestrator.errors import UsageError
from orchestrator.insight.measures import BY
from orchestrator.insight.measures.export import covered, rows_of, write_csv, write_parquet
from orchestrator.insight.measures.shipped import measures_of

_SOON_S = 2
"""Between two looks while something is worked out."""
_IDLE_S = 12 * LIVE_EVERY_S
_GROUPS = 12
"""Groups of a measure that the list of all and its file have: of periods the newest, of all else the largest."""
FORMATS = ("csv", "parquet")
_MEDIA = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


def measures(asked: Asked) -> Answer:
    """The page of all."""
    live, view = asked.state.live(asked.reader), viewing(asked)
    known = None if live is None else known_of(asked, [_question(live, one, view) for one in measures_of(live)])
    if live is None or known is None:
        return Shown("unready.html", {"live": live is not None})
    cards = [card(one, few(found, _GROUPS), asked.speech) for one, found in zip(measures_of(live), known, strict=True)]
    values = {
        "families": [(family, [one for one in cards if one.family == family]) for family in FAMILIES],
        **framed(asked, view, known, "/measures"),
    }
    return unless_seen(asked, values, "measures.html")


def _question(live: Workspace, measure: Measure, view: Viewing) -> Question:
    return Question(live.program.name, measure.name, *view.span, view.by)


def known_of(asked: Asked, questions: Iterable[Question]) -> list[Known] | None:
    """What is known of these; None while there is no history."""
    with history_of(asked) as history:
        if history is None:
            return None
        return asked.state.desk.look(questions, history.lag().clock)


def framed(asked: Asked, view: Viewing, known: Sequence[Known], path: str, **more: str) -> dict[str, Any]:
    """What both pages of measures show: the choices, how fresh it is, when to look again."""
    awaited = sum(one.coming for one in known)
    answers = [one.answer for one in known if one.answer is not None]
    told = [one.answer.clock for one in known if one.answer is not None and one.answer.clock]  # none where a process was ended
    mark = f"{max((one.at for one in known), default=0)}-{awaited}"
    return {
        "view": view,
        "presets": [(days, view.spanning(path, days, **more), days == view.days) for days in PRESETS],
        "ever": (view.spanning(path, 0, **more), not view.given.keys() & {"days", "first", "last"}),
        "ways_apart": BY,
        "absent": asked.state.desk.absent(),
        "awaited": awaited,
        "ready": len(known) - awaited,
        "every": len(known),
        "oldest": min((one.at for one in known if one.answer is not None), default=None),
        "clock": min(told, default=None),
        "complete": len(answers) == len(known) and not asked.state.desk.absent(),
        "again": view.at(path, **more, mark=mark),
        "again_s": _SOON_S if awaited else _IDLE_S,
        "mark": mark,
        "here_at": view.at(path, **more),
        "files": [(kind, view.at(f"{path}.{kind}", **more)) for kind in FORMATS],
    }


def unless_seen(asked: Asked, values: dict[str, Any], template: str) -> Answer:
    """The page; nothing where a page that looks again by itself has this already."""
    return Unchanged() if asked.query.get("mark") == values["mark"] else Shown(template, values)


def _file(asked: Asked) -> Answer:
    """All that the page shows, as a file; the page itself where it is not worked out yet."""
    live, view = asked.state.live(asked.reader), viewing(asked)
    every = [] if live is None else list(measures_of(live))
    known = None if live is None else known_of(asked, [_question(live, one, view) for one in every])
    if known is None or any(one.answer is None for one in known):
        return Elsewhere(view.at("/measures"))
    rows: list[tuple[Any, ...]] = []
    for one, found in zip(every, known, strict=True):
        answer = few(found, _GROUPS).answer
        if answer is not None:
            rows += rows_of({one.name: answer.of(one)}, asked.speech.language, covered(view.span, answer.clock))
    return sent(asked, rows, view.stem("measures"))


def sent(asked: Asked, rows: Sequence[tuple[Any, ...]], stem: str) -> Sent:
    """These rows in the format that the path ends with."""
    kind = asked.path.rpartition(".")[2]
    if kind == "csv":
        text = StringIO(newline="")
        write_csv(rows, text)
        return Sent(text.getvalue().encode("utf-8", "replace"), _MEDIA[kind], f"{stem}.csv")
    if asked.state.desk.absent():
        raise UsageError(asked.speech.say("Parquet needs packages that are not installed: orchestrator[measures]."))
    with TemporaryDirectory(prefix="measures-") as folder:
        path = Path(folder) / "measures.parquet"
        write_parquet(rows, path)
        return Sent(path.read_bytes(), _MEDIA[kind], f"{stem}.parquet")


PLACES = (Place("/measures", measures), *(Place(f"/measures.{kind}", _file) for kind in FORMATS))
