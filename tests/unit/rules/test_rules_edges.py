"""Values at the edges of JSON, and the seams between our tree and `python-jsonlogic`."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

import pytest
from jsonlogic.evaluation import EvaluationContext, evaluate

from rules import compile_condition, equalities, trace
from rules.bounds import bounded
from rules.limits import ITEMS_MAX, TRACED_ITEMS_MAX, VALUE_DEPTH_MAX
from rules.operators import function_of
from rules.tree import RuleContext, tree_of
from rules.values import ABSENT
from rules.writer import Writer


@pytest.mark.parametrize(
    ("rule", "data", "expected"),
    [
        ({"+": [{"var": "n"}, 1]}, {"n": 10**400}, "Infinity"),
        ({"-": [{"var": "n"}]}, {"n": 10**400}, "-Infinity"),
        ({"cat": [{"var": "n"}]}, {"n": 10**5000}, '"Infinity"'),
        ({"cat": [{"var": "n"}]}, {"n": 1e21}, '"1e+21"'),
        ({"cat": [{"var": "n"}]}, {"n": 1.5e-7}, '"1.5e-7"'),
        ({"cat": [{"var": "n"}]}, {"n": 123456789012345680000}, '"123456789012345680000"'),
        ({"cat": [{"var": "n"}]}, {"n": -0.000001}, '"-0.000001"'),
        ({"cat": [{"/": [1, 3]}]}, {}, '"0.3333333333333333"'),
        ({"cat": [{"/": [0, 0]}, {"/": [-1, 0]}]}, {}, '"NaN-Infinity"'),
        ({"+": ["-Infinityx"]}, {}, "-Infinity"),
        ({"-": ["0x1F", 0]}, {}, "31"),
        ({"-": ["1_0", 0]}, {}, "NaN"),
        ({"%": [-7, 3]}, {}, "-1"),
        ({"%": [7, {"/": [1, 0]}]}, {}, "7"),
        ({"<": ["\uffff", "\U00010000"]}, {}, "false"),
        ({"==": ["\uff11", 1]}, {}, "false"),
        ({"in": ["", ""]}, {}, "false"),
        ({"in": [1, "213"]}, {}, "true"),
        ({"in": [True, [1, True]]}, {}, "true"),
        ({"in": [True, [1]]}, {}, "false"),
        ({"substr": ["abc", {"var": "low"}, {"var": "high"}]}, {"low": -1e300, "high": 1e300}, '"abc"'),
        ({"substr": ["abc", {"/": [0, 0]}]}, {}, '"abc"'),
        ({"max": [1, "x"]}, {}, "NaN"),
        ({"min": [None, 1]}, {}, "0"),
        ({"var": ["n", 5]}, {"n": None}, "null"),
        ({"var": "l.01"}, {"l": [1, 2]}, "null"),
        ({"var": "l.99999999999"}, {"l": [1, 2]}, "null"),
        ({"var": "l.length"}, {"l": [1, 2]}, "null"),
        ({"<": [{"var": "age"}, 18]}, {"age": None}, "true"),
        ({"missing_some": [1, "a"]}, {"a": 1}, "[]"),
        ({"!": []}, {}, "true"),
        ({"!!": []}, {}, "false"),
        ({"===": [{"var": "n"}, 1]}, {"n": True}, "false"),
        ({"===": [{"var": "n"}, 1]}, {"n": 1}, "true"),
        ({"===": [{"var": "n"}, 2]}, {"n": 2.0}, "true"),
        ({"===": [None, {"var": "n"}]}, {}, "true"),
        ({"!==": [{"var": "n"}, False]}, {"n": 0}, "true"),
        ({"==": [{"var": "n"}, None]}, {"n": 0}, "false"),
        ({"==": [{"var": "n"}, True]}, {"n": "1"}, "true"),
        ({"in": [{"var": "n"}, {"var": "l"}]}, {"n": [1], "l": [[1]]}, "false"),
        ({"in": ["a", {"var": "l"}]}, {"l": {"a": 1}}, "false"),
        ({"in": [None, [None]]}, {}, "true"),
        ({"==": [{"var": "n"}, "1,2"]}, {"n": [1, 2]}, "true"),
        ({"<=": [1, {"var": "n"}, 3]}, {"n": "2"}, "true"),
        ({"<": [5, {"var": "n"}]}, {"n": 6}, "true"),
        ({"reduce": [None, {"var": "current"}]}, {}, "null"),
        ([1, {"var": "n"}, []], {"n": 2}, "[1, 2, []]"),
    ],
)
def test_official_values_at_the_edges(rule: Any, data: Any, expected: str) -> None:
    assert json.dumps(compile_condition(rule).value(data)) == expected
    assert json.dumps(trace(rule, data).value) == expected


def test_data_may_be_any_mapping() -> None:
    data = MappingProxyType({"a": MappingProxyType({"b": 1})})
    assert compile_condition({"==": [{"var": "a.b"}, 1]}).holds(data)


def test_a_returned_literal_is_fresh() -> None:
    condition = compile_condition(["a"])
    condition.value({}).append("b")
    assert condition.value({}) == ["a"]


def test_deep_and_wide_values_become_null() -> None:
    rule = {"reduce": [{"var": "l"}, [{"var": "accumulator"}], 1]}
    condition = compile_condition(rule)
    assert condition.value({"l": [0] * (VALUE_DEPTH_MAX - 1)}) is not None
    assert condition.value({"l": [0] * (VALUE_DEPTH_MAX + 1)}) is None
    assert bounded({"a": [{"b": "text"}]}) == {"a": [{"b": "text"}]}
    assert len(compile_condition({"merge": [{"var": "l"}, 1, {"var": "l"}]}).value({"l": [0] * ITEMS_MAX})) == ITEMS_MAX


def test_arrays_nested_deeper_than_one_expression_compile() -> None:
    rule: Any = {"var": "a"}
    for _ in range(20):
        rule = [rule]
    assert compile_condition(rule).value({"a": 1}) == trace(rule, {"a": 1}).value


def test_a_trace_shows_the_first_elements_and_values_all() -> None:
    data = {"l": list(range(TRACED_ITEMS_MAX * 3))}
    found = trace({"map": [{"var": "l"}, {"+": [{"var": ""}, 1]}]}, data)
    assert found.value == [number + 1 for number in data["l"]]
    assert len(found.children) == TRACED_ITEMS_MAX + 1
    folded = trace({"reduce": [{"var": "l"}, {"+": [{"var": "current"}, {"var": "accumulator"}]}, 0]}, data)
    assert folded.value == sum(data["l"])
    assert len(folded.children) == TRACED_ITEMS_MAX + 2


def test_the_tree_is_the_librarys() -> None:
    tree = tree_of({"==": [{"var": "a"}, 1]})
    assert tree.evaluate(RuleContext({"a": 1}, {})) is True
    with pytest.raises(TypeError, match="RuleContext"):
        tree.evaluate(EvaluationContext({"a": 1}))
    with pytest.raises(TypeError, match="RuleContext"):
        evaluate(tree, {"a": 1}, None)


def test_lazy_operators_have_no_function() -> None:
    with pytest.raises(TypeError, match="decides which arguments"):
        function_of("and")


def test_two_things_of_one_name_are_told_apart() -> None:
    writer = Writer({})
    assert [writer.name(thing, "f") for thing in ("a", "b", "a")] == ["f", "f_", "f"]


def test_absent_says_so() -> None:
    assert repr(ABSENT) == "ABSENT"


@pytest.mark.parametrize(
    "rule",
    [
        1,
        {"!": {"==": [{"var": "a"}, "x"]}},
        {"==": [{"var": "a"}, True]},
        {"==": [{"lower": "a"}, "x"]},
        {"==": [{"var": {"var": "b"}}, "x"]},
        {"==": [{"var": ""}, "x"]},
        {"in": [{"var": "a"}, {"var": "b"}]},
        {"in": [{"var": "a"}, ["x", None]]},
        {"in": ["x", {"var": "a"}]},
        {"or": [{"==": [{"var": "a"}, "x"]}, {"==": [{"var": "b"}, "x"]}]},
        {"if": [{"==": [{"var": "a"}, "x"]}, True, True]},
        {"==": ["x", "x"]},
    ],
)
def test_what_is_no_necessary_equality_is_not_told(rule: Any) -> None:
    assert equalities(rule) == []
