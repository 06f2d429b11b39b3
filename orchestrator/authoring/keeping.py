"""Surveys of a kind whose score a feature keeps, by another survey's name."""

from __future__ import annotations

import re

from orchestrator.authoring.document import Spot
from orchestrator.authoring.holding import known_of
from orchestrator.authoring.scope import Scope
from orchestrator.domain.program import Feature
from orchestrator.domain.survey import ANSWER, Survey
from rules.statements import Statement
from rules.worlds import Known, witness

_SURVEY = "event.properties.survey"
_SCORE = ("properties", "score")
_WORDS = re.compile(r"[^a-z0-9]+")


def check_kept(scope: Scope) -> None:
    """Report a survey that no feature keeps the score of, where one keeps that of its kind and tells surveys apart by name."""
    kept = [feature for feature in scope.features.values() if feature.event == ANSWER and feature.path == _SCORE]
    for document in scope.files.documents.get("surveys", ()):
        survey = scope.surveys.get(document.root.text_of("survey") or "")
        if survey is None or not survey.scores or any(_hears(feature, survey.name, scope) for feature in kept):
            continue
        alike = [f"`{feature.name}`" for feature in kept if _is_of_kind(feature, survey, scope)]
        if alike:
            message = f"no feature keeps the score of `{survey.name}`: {' and '.join(alike)} knows other surveys by name"
            fix = f"add `{survey.name}` to the `if` of {alike[0]} in profile.yaml"
            scope.report.add("W514", document.root.at("survey").place, message, fix)


def _hears(feature: Feature, survey: str, scope: Scope) -> bool:
    known = known_of(scope)
    return witness(_asked(feature, scope), Known(known.whole, {**known.fixed, _SURVEY: [survey]})) is not None


def _is_of_kind(feature: Feature, survey: Survey, scope: Scope) -> bool:
    """Whether its name or that of a survey that it knows has the kind in it, or it knows a survey of that kind."""
    named = {str(each) for one in _asked(feature, scope) for each in _constants(one)}
    words = {word for name in (feature.name, *named) for word in _WORDS.split(name.casefold())}
    return survey.kind in words or any(other.kind == survey.kind for other in scope.surveys.values() if other.name in named)


def _constants(statement: Statement) -> tuple[object, ...]:
    place = statement.places.get(_SURVEY)
    return place.constants if place is not None else ()


def _asked(feature: Feature, scope: Scope) -> list[Statement]:
    document = scope.files.one("profile")
    spot: Spot | None = document.root.at("features", feature.name).get("if") if document is not None else None
    return [statement for _, statement in scope.stated(spot)]
