"""What preflight refuses, and that it cannot be attacked."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest

from rules import Problem, RuleError, compile_condition, preflight, trace
from rules.limits import DEPTH_MAX, LITERAL_CHARS_MAX, NODES_MAX


def nested(depth: int) -> Any:
    rule: Any = True
    for _ in range(depth):
        rule = {"!": [rule]}
    return rule


def cyclic() -> Any:
    rule: dict[str, Any] = {}
    rule["!"] = [rule]
    return rule


@pytest.mark.parametrize(
    ("rule", "path", "message", "fix"),
    [
        ({"=": [1, 2]}, (), "unknown operator '='", "did you mean '=='?"),
        (
            {"and": [True, {"startswith": ["a", "b"]}]},
            ("and", 1),
            "unknown operator 'startswith'",
            "did you mean 'starts_with'?",
        ),
        ({"&&": [True]}, (), "unknown operator '&&'", "did you mean 'and'?"),
        ({"log": "x"}, (), "the operator 'log' is not admitted: it writes to a console", "leave it out"),
        ({"method": ["x", "y"]}, (), "the operator 'method' is not admitted: it calls into the host language", "leave it out"),
        ({"!": {}}, ("!",), "an operator object has exactly one key, this one has none", 'join tests with "and" or "or"'),
        ({"==": [1, math.nan]}, ("==", 1), "nan is not a JSON number", "write a finite number"),
        ({"==": [1, 2**53 + 1]}, ("==", 1), "a number beyond 2^53 is not exact everywhere", "write a smaller number, or text"),
        ({"==": [1]}, (), "'==' takes 2 arguments, this one has 1", "write its arguments as a list of that length"),
        ({"<": [1, 2, 3, 4]}, (), "'<' takes 2 to 3 arguments, this one has 4", "write its arguments as a list of that length"),
        ({"and": []}, (), "'and' takes at least 1 argument, this one has 0", "write its arguments as a list of that length"),
        ({1: [2]}, (), "the operator 1 is not text", "quote the operator"),
        (
            {"==": [{"var": "a"}, dt.date(2026, 1, 31)]},
            ("==", 1),
            "a date is not a JSON value",
            "write it as text in quotes",
        ),
    ],
)
def test_refusal_says_where_what_and_what_to_do(rule: Any, path: tuple[str | int, ...], message: str, fix: str) -> None:
    assert preflight(rule) == [Problem(path, message, fix)]


def test_two_keys_are_named() -> None:
    (problem,) = preflight({"and": [{"==": [1, 1], "<": [1, 2]}]})
    assert problem.path == ("and", 0)
    assert problem.message == "an operator object has exactly one key, this one has '==', '<'"


def test_all_problems_are_told_at_once() -> None:
    rule = {"and": [{"eq": [1, 2]}, {"==": [1]}, {"<": [{"vra": "a"}, math.inf]}]}
    assert [problem.path for problem in preflight(rule)] == [("and", 0), ("and", 1), ("and", 2, "<", 0), ("and", 2, "<", 1)]
    with pytest.raises(RuleError, match="did you mean 'var'") as refused:
        compile_condition(rule)
    assert len(refused.value.problems) == 4


@pytest.mark.parametrize("evaluate", [compile_condition, lambda rule: trace(rule, {})])
def test_both_evaluators_refuse(evaluate: Any) -> None:
    with pytest.raises(RuleError):
        evaluate({"nope": 1})


def test_depth_is_bounded_and_the_deepest_admitted_rule_compiles() -> None:
    assert compile_condition(nested(DEPTH_MAX)).value({}) is True
    assert "deeper than 32 levels" in preflight(nested(DEPTH_MAX + 1))[0].message
    assert preflight(nested(20_000))


def test_a_cyclic_rule_is_refused() -> None:
    assert "deeper" in preflight(cyclic())[0].message


def test_a_rule_that_doubles_itself_by_reference_is_refused_quickly() -> None:
    rule: Any = {"var": "a"}
    for _ in range(30):
        rule = {"and": [rule, rule]}
    assert f"more than {NODES_MAX} nodes" in preflight(rule)[-1].message


@pytest.mark.parametrize("operator", ["and", "or", "if", "+", "cat", "merge"])
def test_the_widest_admitted_rule_compiles(operator: str) -> None:
    rule = {operator: [{"var": "a"}] * (NODES_MAX // 2 - 1)}
    assert compile_condition(rule).value({"a": 1}) == trace(rule, {"a": 1}).value


@pytest.mark.parametrize("operator", ["and", "or", "if", "<", "var", "cat", "merge", "max"])
def test_the_deepest_admitted_rule_of_wide_levels_compiles(operator: str) -> None:
    width = {"and": 6, "or": 6, "if": 13, "cat": 6, "merge": 6, "max": 6}.get(operator, 2)
    rule: Any = {"var": "a"}
    for level in range(DEPTH_MAX - 2):
        rule = {operator: [*([level] * (width - 1)), rule]}
    assert compile_condition(rule).value({"a": 1}) == trace(rule, {"a": 1}).value


def test_iterations_in_one_another_are_bounded() -> None:
    inner = {"map": [{"var": "l"}, {"var": ""}]}
    twice = {"map": [{"var": "l"}, inner]}
    assert preflight(twice) == []
    assert "work multiplies" in preflight({"map": [{"var": "l"}, twice]})[0].message
    assert preflight({"map": [{"map": [inner, {"var": ""}]}, {"var": ""}]}) == []


def test_long_texts_and_lists_are_bounded() -> None:
    assert "longer than" in preflight({"==": [{"var": "a"}, "x" * (LITERAL_CHARS_MAX + 1)]})[0].message
    assert "more than" in preflight({"in": [{"var": "a"}, ["x"] * NODES_MAX]})[0].message
