"""No evaluation takes long: bombs are refused, and what would loop for long gives up, alike in both evaluators."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rules import compile_condition, preflight, source_of, trace
from rules.limits import DEPTH_MAX, NODES_MAX, PATH_CHARS_MAX, PATH_SEGMENTS_MAX, STEPS_MAX, TEXTS_CHARS_MAX
from rules.operators import OPERATORS
from rules.values import truthy

N = {"var": "n"}
ELEMENT = {"var": ""}
LONG_PATH = f"a path of more than {PATH_SEGMENTS_MAX} members or {PATH_CHARS_MAX} characters"


def both(rule: Any, data: Any) -> Any:
    """What the evaluators give, which must be alike; a value that was given up is told so."""
    condition, explained = compile_condition(rule), trace(rule, data)
    assert json.dumps(condition.value(data)) == json.dumps(explained.value)
    assert condition.holds(data) is truthy(explained.value)
    return "given up" if explained.given_up else explained.value


@pytest.mark.parametrize("name", ["some", "all", "none", "filter", "map"])
def test_a_loop_costs_the_weight_of_its_body_an_element(name: str) -> None:
    body = {"==": [ELEMENT, 1 if name == "all" else 2]}  # three nodes
    assert both({name: [N, body]}, {"n": [1] * (STEPS_MAX // 3)}) != "given up"
    assert both({name: [N, body]}, {"n": [1] * (STEPS_MAX // 3 + 1)}) == "given up"


def test_a_loop_that_is_decided_costs_what_it_took() -> None:
    found = {"some": [N, {"==": [ELEMENT, 1]}]}
    assert both(found, {"n": [1] * 100_000}) is True
    assert both({"and": [found, found]}, {"n": [0] * 1_000 + [1]}) == "given up"


def test_loops_in_one_another_spend_from_one_meter() -> None:
    rule = {"some": [N, {"some": [ELEMENT, {"==": [ELEMENT, 9]}]}]}
    assert both(rule, {"n": [[1] * 30] * 30}) is False
    assert both(rule, {"n": [[1] * 60] * 60}) == "given up"


@pytest.mark.parametrize(
    ("rule", "data"),
    [
        ({"or": [{"in": [i, N]} for i in range(150)]}, {"n": [-1] * 5_000}),
        ({"or": [{"in": [f"x{i}", N]} for i in range(150)]}, {"n": "a" * 32_000}),
        ({"or": [{"any_of": [N, [i]]} for i in range(150)]}, {"n": [-1] * 5_000}),
        ({"merge": [N] * 300}, {"n": [1] * 5_000}),
        ({"cat": [N] * 300}, {"n": "a" * 32_000}),
        ({"cat": [N]}, {"n": [0.1] * 5_000}),
        ({"missing": [N]}, {"n": ["a.b"] * 5_000}),
        ({"lower": [{"cat": [N]}]}, {"n": [[["a"] * 100] * 100]}),
        ({"var": {"cat": [N, N]}}, {"n": "a." * 16_000}),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_heavy_values_are_given_up(rule: Any, data: Any) -> None:
    assert both(rule, data) == "given up"


def test_what_a_rule_writes_out_costs_nothing() -> None:
    listed = {"in": [N, [*range(400)]]}
    assert both({"or": [listed, listed]}, {"n": -1}) is False
    assert "GivenUp" not in source_of(listed), "no meter where the rule's size bounds the work"


def test_a_heavy_or_deep_value_is_null() -> None:
    heavy = [{"filter": [N, True]}, *[N] * 20]
    assert compile_condition(heavy).value({"n": [1] * 2_000}) is None
    assert trace(heavy, {"n": [1] * 2_000}).value is None
    assert both({"map": [N, [ELEMENT]]}, {"n": [1] * 1_000}) == [[1]] * 1_000


def test_numerals_and_arrays_are_compared_up_to_a_length() -> None:
    assert both({"==": [N, 1]}, {"n": " " * 90 + "1"}) is True
    assert both({"==": [N, 1]}, {"n": " " * 200 + "1"}) is False
    assert both({"==": [N, "1,2,3,4,5,6,7,8"]}, {"n": [1, 2, 3, 4, 5, 6, 7, 8]}) is True
    assert both({"==": [N, "1,2,3,4,5,6,7,8,9"]}, {"n": [1, 2, 3, 4, 5, 6, 7, 8, 9]}) is False
    assert both({"==": [N, 1]}, {"n": [["1"]]}) is True
    assert both({"+": [N, 1]}, {"n": [2, 3]}) == 3
    assert both({"<": [N, "1,3"]}, {"n": [1, 2]}) is True


KINDS = [None, True, False, 0, 1.5, -1, "", "a", "1", "é", [], [1], ["a"], [[1]], [1, 2], [None], [{}], {}, {"a": 1}]


@pytest.mark.parametrize("name", sorted(name for name, one in OPERATORS.items() if one.call and one.least <= 2))
def test_no_operator_raises_on_any_pair_of_values(name: str) -> None:
    count = max(OPERATORS[name].least, min(2, OPERATORS[name].most or 2))
    rule = {name: [{"var": "a"}, {"var": "b"}][:count]}
    for left in KINDS:
        for right in KINDS:
            both(rule, {"a": left, "b": right, "now": "2026-01-01T00:00:00Z"})


def test_a_computed_path_is_cut_in_time() -> None:
    assert both({"var": {"cat": [N]}}, {"n": "a." * 100_000}) == "given up"


def deep(levels: int) -> Any:
    rule: Any = True
    for _ in range(levels):
        rule = {"!": [rule]}
    return rule


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (deep(DEPTH_MAX + 1), f"deeper than {DEPTH_MAX} levels"),
        ({"or": [N] * NODES_MAX}, f"more than {NODES_MAX} nodes"),
        ({"in": [N, [0] * NODES_MAX]}, f"more than {NODES_MAX} elements"),
        ({"in": [N, ["x" * 9_999] * 11]}, f"texts of more than {TEXTS_CHARS_MAX} characters in all"),
        ({"map": [N, {"map": [N, {"map": [N, 1]}]}]}, "'map' is inside 2 other iterations, whose work multiplies"),
        (
            {"var": "a." * PATH_SEGMENTS_MAX + "a"},
            f"a path of more than {PATH_SEGMENTS_MAX} members or {PATH_CHARS_MAX} characters",
        ),
        ({"missing": [["a" * 1_001]]}, f"a path of more than {PATH_SEGMENTS_MAX} members or {PATH_CHARS_MAX} characters"),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_a_bomb_is_refused_with_a_message(rule: Any, message: str) -> None:
    assert message in [problem.message for problem in preflight(rule)]
