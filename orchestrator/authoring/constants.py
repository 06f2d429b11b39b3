"""Constants that a condition compares the stage with."""

from __future__ import annotations

from typing import Any

from orchestrator.authoring.document import Spot
from orchestrator.authoring.scope import Scope

_EQUALITIES = ("==", "!=", "===", "!==", "in")
_STAGES = ("stage.current", "stage.previous")


def check_constants(operator: str, arguments: list[Spot], scope: Scope) -> None:
    """Report stages that a condition asks for and that do not exist."""
    if operator not in _EQUALITIES or len(arguments) != 2:  # noqa: PLR2004 - two sides
        return
    for one, other in (arguments, reversed(arguments)):
        path = _variable(one.value)
        if path is not None:
            _compare(path, other, scope)


def _variable(value: Any) -> str | None:
    if not isinstance(value, dict) or set(value) != {"var"}:
        return None
    path = value["var"]
    path = path[0] if isinstance(path, list) and path else path
    return path if isinstance(path, str) else None


def _compare(path: str, other: Spot, scope: Scope) -> None:
    for constant in other.one_or_more():
        if path in _STAGES:
            scope.names(constant, "stage")
