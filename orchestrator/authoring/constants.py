"""Constants that a condition compares with: a stage that does not exist, a word that the schema does not allow."""

from __future__ import annotations

from typing import Any

from orchestrator.authoring.document import Spot
from orchestrator.authoring.finding import did_you_mean
from orchestrator.authoring.reading import schema_at
from orchestrator.authoring.scope import Scope, View

_EQUALITIES = ("==", "!=", "===", "!==", "in")
_STAGES = ("stage.current", "stage.previous")


def check_constants(operator: str, arguments: list[Spot], view: View, scope: Scope) -> None:
    """Report constants that what they are compared with can never be."""
    if operator not in _EQUALITIES or len(arguments) != 2:  # noqa: PLR2004 - two sides
        return
    for one, other in (arguments, reversed(arguments)):
        path = _variable(one.value)
        if path is not None:
            _compare(path, other, view, scope)


def _variable(value: Any) -> str | None:
    if not isinstance(value, dict) or set(value) != {"var"}:
        return None
    path = value["var"]
    path = path[0] if isinstance(path, list) and path else path
    return path if isinstance(path, str) else None


def _compare(path: str, other: Spot, view: View, scope: Scope) -> None:
    for constant in other.one_or_more():
        if constant.text is None:
            continue
        if path in _STAGES:
            if scope.stages:
                scope.names(constant, "stage")
            continue
        words = _words(path, view, scope)
        if words is not None and constant.text not in words:
            message = f"`{path}` is never `{constant.text}`"
            scope.report.add("E402", constant.place, message, did_you_mean(constant.text, [str(word) for word in words]))


def _words(path: str, view: View, scope: Scope) -> list[Any] | None:
    """The values that an `enum` allows there; None where no schema lists them."""
    names = path.split(".")
    schemas: list[Any] = []
    if names[:2] == ["profile", "traits"]:
        schemas = [scope.traits]
    elif names[:2] == ["event", "properties"]:
        schemas = [kind.schema if (kind := scope.events.get(event)) else None for event in view.events]
    found: list[Any] = []
    for schema in schemas:
        leaf = schema_at(schema, names[2:])
        if not isinstance(leaf, dict) or not isinstance(leaf.get("enum"), list):
            return None
        found += leaf["enum"]
    return found or None
