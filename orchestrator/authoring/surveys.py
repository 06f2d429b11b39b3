"""surveys/*.yaml, and the messages that ask them."""

from __future__ import annotations

from typing import Any

from orchestrator.authoring.document import Document, Place, Spot
from orchestrator.authoring.readable import SURVEY_URL
from orchestrator.authoring.rendering import prints_link
from orchestrator.authoring.scope import Scope
from orchestrator.domain.survey import ANSWER, Kind, Survey
from orchestrator.domain.template import Template

_KINDS: dict[str, Kind] = {"nps": "nps", "csat": "csat", "ces": "ces"}
_SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 5)}
_SCORES_MAX = 21
"""Scores that a page can show side by side."""
_PARTS = {"email": ("html", "text"), "sms": ("sms",)}


def read_surveys(scope: Scope) -> None:
    """Fill `surveys`; report names used twice, and scales that a page cannot show."""
    for document in scope.files.documents.get("surveys", ()):
        name, scale = document.root.get("survey"), document.root.get("scale")
        if name is not None and name.text is not None:
            if name.text in scope.surveys:
                scope.report.add("E313", name.place, f"another survey is called `{name.text}`", "give each its own name")
            scope.surveys[name.text] = _survey(document, name.text)
        ends = _ends(scale)
        if scale is not None and ends is not None and not 0 < ends[1] - ends[0] < _SCORES_MAX:
            way = f"write [{ends[1]}, {ends[0]}]" if ends[1] < ends[0] else f"write {_SCORES_MAX} scores at most"
            scope.report.add("E204", scale.place, "the scale must go from its lowest to its highest value", way)


def _ends(scale: Spot | None) -> tuple[int, int] | None:
    ends = [spot.value for spot in scale.elements()] if scale is not None else []
    return (ends[0], ends[1]) if len(ends) == 2 and all(type(end) is int for end in ends) else None  # noqa: PLR2004


def _survey(document: Document, name: str) -> Survey:
    root = document.root
    kind = _KINDS.get(root.text_of("kind") or "", "text")
    low, high = _ends(root.get("scale")) or _SCALES.get(kind, (0, 0))
    question, asked = root.at("question").value, root.get("comment")
    comment: Any = asked.value if asked is not None else False
    words = _by_locale(comment) if comment or kind == "text" else None
    return Survey(name, kind, low, high, _by_locale(question), words)


def _by_locale(texts: Any) -> dict[str, str]:
    return {str(locale).lower(): str(text) for locale, text in texts.items()} if isinstance(texts, dict) else {}


def check_asked(spot: Spot, template: Template, channels: list[str], scope: Scope) -> None:
    """A message that asks a survey prints its link, and an answer is an event that the catalogue takes."""
    survey = scope.surveys.get(spot.text or "")
    if survey is None:
        return
    for channel in channels:
        for sources in template.sources.values():
            for part in _PARTS[channel]:
                source = sources.get(part)
                if source is not None and not prints_link(source):
                    message = f"this message asks the survey `{survey.name}`, and nobody can answer it"
                    scope.report.add("E605", Place(source.file, source.line), message, f"print {{{{ {SURVEY_URL} }}}} in it")
    _taken(spot, survey, scope)


def _taken(spot: Spot, survey: Survey, scope: Scope) -> None:
    """The page's answers pass the catalogue."""
    if ANSWER not in scope.events:
        if not scope.unreadable("event"):
            fix = "declare it in events/survey-answered.yaml: survey, score, comment, message_id"
            scope.report.add("E301", spot.place, f"there is no event `{ANSWER}`, which its answers are", fix)
        return
    answer: dict[str, Any] = {"survey": survey.name, "message_id": "0" * 24}
    answer |= {"score": survey.low} if survey.scores else {"comment": "x"}
    required = (scope.events[ANSWER].schema or {}).get("required", ())
    lacking = [name for name in required if isinstance(name, str) and name not in answer]
    if lacking:
        names = ", ".join(f"`{name}`" for name in lacking)
        fix = f"take it out of `required` in the event's file; its page gives {', '.join(answer)}"
        scope.report.add("E510", spot.place, f"{ANSWER} requires {names}, and an answer to this survey has none", fix)
        return
    words = {} if survey.comment is None else {"comment": "x"}
    for score in survey.scores:
        _sampled(spot, {**answer, **words, "score": score}, scope)
    if not survey.scores:
        _sampled(spot, answer, scope)


def _sampled(spot: Spot, answer: dict[str, Any], scope: Scope) -> None:
    validator = scope.validators.get(ANSWER)
    wrong = None if validator is None else next(iter(validator.iter_errors(answer)), None)
    if wrong is not None:
        fix = "mend the event's schema, or the survey's scale"
        scope.report.add("E207", spot.place, f"an answer to it would be refused as {ANSWER}: {wrong.message}", fix)
