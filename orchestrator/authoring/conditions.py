"""Authored conditions and expressions, checked and compiled."""

from __future__ import annotations

from typing import Any, NamedTuple

from orchestrator.authoring.constants import check_constants
from orchestrator.authoring.document import Path, Spot
from orchestrator.authoring.finding import did_you_mean
from orchestrator.authoring.holding import check_holds, operator_place, parts_of
from orchestrator.authoring.readable import environment_of
from orchestrator.authoring.reading import unknown_in
from orchestrator.authoring.scope import Scope, View
from orchestrator.domain.campaign import Value
from rules import (
    Condition,
    Problem,
    RuleError,
    compile_condition,
    null_problems,
    portability_problems,
    preflight,
    type_problems,
)
from rules.operators import ITERATIONS, OPERATORS

_CODES = {"form": "E401", "never": "E402", "type": "E403", "null": "E404", "unknown": "E306", "ours": "N910"}
"""Kind of a problem → the finding's code."""


def conditions(spot: Spot | None, view: View, scope: Scope) -> Condition | None:
    """The condition that an `if` means: a list holds where all its elements hold."""
    if spot is None or spot.value in (None, []) or not isinstance(spot.value, dict | list):
        return None
    parts = spot.one_or_more()
    if not all(isinstance(part.value, dict) for part in parts):
        return None
    if len(parts) == 1:
        found = _compiled(parts[0].value, parts, (), view, scope)
    else:
        found = _compiled({"and": [part.value for part in parts]}, parts, ("and",), view, scope)
    if found is not None and found.sound:
        stated = scope.parts[(spot.document.file, spot.path)] = parts_of(parts, view, scope)
        check_holds(stated, view, scope)
    return None if found is None else found.condition


def expression(spot: Spot, view: View, scope: Scope) -> Condition | None:
    """One JSON-Logic expression."""
    found = _compiled(spot.value, [spot], (), view, scope, test=False)
    return None if found is None else found.condition


def value_of(spot: Spot, view: View, scope: Scope) -> Value:
    """A constant, or an expression where it is an object with one key that is an operator."""
    if is_expression(spot.value):
        return Value(expression=expression(spot, view, scope))
    return Value(constant=spot.value)


def is_expression(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in OPERATORS


class _Compiled(NamedTuple):
    condition: Condition
    sound: bool
    """Nothing was found wrong with it."""


def _compiled(rule: Any, parts: list[Spot], joined: Path, view: View, scope: Scope, *, test: bool = True) -> _Compiled | None:
    """`joined`: what `rule` wraps around its `parts`; `test`: it decides (false: it builds a value)."""
    problems = preflight(rule)
    _report(problems, parts, joined, scope)
    if problems:
        return None
    before = scope.report.count
    for part in parts:
        _Names(view, scope).walk(part, inside=False)
    _report(_typed(rule, view, scope, test=test), parts, joined, scope)
    try:
        return _Compiled(compile_condition(rule, scope.tables), scope.report.count == before)
    except RuleError as error:
        scope.report.add("E401", parts[0].place, str(error))
        return None


def _typed(rule: Any, view: View, scope: Scope, *, test: bool) -> list[Problem]:
    """Mismatched types, reads that an empty value makes dangerous where no type is wrong already, and what is ours only."""
    environment = environment_of(view, scope)
    wrong = type_problems(rule, environment, test=test)
    around = [problem.path[:-2] or problem.path for problem in wrong]
    unsafe = null_problems(rule, environment) if test else []
    told = portability_problems(rule, environment) if test and scope.portable and not wrong else []
    return [*wrong, *told, *(problem for problem in unsafe if not any(problem.path[: len(path)] == path for path in around))]


def _report(problems: list[Problem], parts: list[Spot], joined: Path, scope: Scope) -> None:
    for problem in problems:
        inner = problem.path[len(joined) :]
        part = parts[inner[0]] if joined and inner and isinstance(inner[0], int) else parts[0]
        place = operator_place(part.at(*(inner[1:] if joined else inner)))
        scope.report.add(_CODES[problem.kind], place, problem.message, problem.fix)


class _Names:
    """Looks every name up that a condition reads. `inside` an iteration a path starts at the element."""

    def __init__(self, view: View, scope: Scope) -> None:
        self.view, self.scope = view, scope

    def walk(self, spot: Spot, *, inside: bool) -> None:
        for element in spot.elements():
            self.walk(element, inside=inside)
        if not isinstance(spot.value, dict) or len(spot.value) != 1:
            return
        ((operator, given),) = spot.members()
        arguments = given.one_or_more()
        self.names(operator, arguments, inside=inside)
        if not inside:
            check_constants(operator, arguments, self.scope)
        for index, argument in enumerate(arguments):
            self.walk(argument, inside=inside or (operator in ITERATIONS and index > 0))

    def names(self, operator: str, arguments: list[Spot], *, inside: bool) -> None:
        if operator in ("var", "missing", "missing_some") and not inside:
            for path in _paths(operator, arguments):
                unknown = unknown_in(path.value, self.view, self.scope)
                if unknown is not None:
                    self.scope.report.add("E306", path.place, *unknown)
        elif operator == "segment" and arguments:
            self.scope.names(arguments[0], "segment")
        elif operator == "lookup":
            self.lookup(arguments)

    def lookup(self, arguments: list[Spot]) -> None:
        if len(arguments) < 3 or not self.scope.names(arguments[0], "table"):  # noqa: PLR2004 - table, key, column
            return
        column, known = arguments[2], self.scope.columns.get(arguments[0].value, [])
        if column.text is not None and column.text not in known:
            message = f"the table `{arguments[0].value}` has no column `{column.text}`"
            self.scope.report.add("E308", column.place, message, did_you_mean(column.text, known))


def _paths(operator: str, arguments: list[Spot]) -> list[Spot]:
    """The constant paths that `var`, `missing` and `missing_some` name."""
    if operator == "var":
        found = arguments[:1]
    elif operator == "missing":
        found = arguments[0].elements() or arguments if arguments else []
    else:
        found = arguments[1].one_or_more() if len(arguments) > 1 else []
    return [spot for spot in found if isinstance(spot.value, str)]
