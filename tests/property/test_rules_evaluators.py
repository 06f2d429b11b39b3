"""Laws of the rule language, on random rules and random data, null and absent included."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rules import compile_condition, equalities, preflight, source_of, trace
from rules.operators import OPERATORS
from rules.values import ABSENT, member, truthy

NAMES = ["a", "b", "l", "s", "current", "accumulator"]
PATHS = [*NAMES, "a.b", "a.l.0", "l.0", "l.1.a", "s.0", "profile.id", "profile.segments", "", None, 0]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 20),
    st.sampled_from([0.5, -0.0, 1e21, 1e-7, 2**53, 1e308]),
    st.sampled_from(["", "a", "b", "0", "1", " 7 ", "3d", "2026-01-31", "2026-01-31T09:00+02:00", "null", "1,2", "é𝄞"]),
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)
PROFILES = st.fixed_dictionaries({"id": SCALARS, "segments": st.lists(SCALARS, max_size=3) | SCALARS})
ROOTS = (
    DATA
    | st.dictionaries(st.sampled_from(NAMES), DATA, max_size=6)
    | st.fixed_dictionaries(
        {"now": st.sampled_from(["2026-02-01T00:00:00.000Z", None, "soon"]), "profile": PROFILES, "l": DATA}
    )
)
TABLES = {"products": {"a": {"b": 7, "l": "x"}, "1": {"b": 0}}}


@st.composite
def operations(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> Any:
    name = draw(st.sampled_from(sorted(OPERATORS)))
    signature = OPERATORS[name]
    most = signature.most if signature.most is not None else signature.least + 6
    if name == "var":
        path = draw(st.sampled_from(PATHS) | inner)
        return {"var": path} if draw(st.booleans()) else {"var": [path, draw(inner)]}
    count = draw(st.integers(signature.least, most))
    return {name: [draw(inner) for _ in range(count)]}


VARIABLES = st.sampled_from(PATHS).map(lambda path: {"var": path})
RULES = st.recursive(
    SCALARS | VARIABLES,
    lambda inner: operations(inner) | st.lists(inner, max_size=3),
    max_leaves=14,
).filter(lambda rule: not preflight(rule))


def written(value: Any) -> str:
    """NaN is told apart from null, 1 from true and from 1.0."""
    return json.dumps(value, sort_keys=True)


@settings(max_examples=300, deadline=None)
@given(rule=RULES, data=ROOTS)
def test_compiled_and_traced_give_the_same_value(rule: Any, data: Any) -> None:
    condition = compile_condition(rule, TABLES)
    value = condition.value(data)
    assert written(value) == written(trace(rule, data, TABLES).value)
    assert condition.holds(data) is truthy(value)


@settings(max_examples=80, deadline=None)
@given(rule=RULES, data=ROOTS)
def test_evaluation_leaves_rule_and_data_alone_and_repeats(rule: Any, data: Any) -> None:
    before = written([rule, data])
    condition = compile_condition(rule, TABLES)
    assert written(condition.value(data)) == written(condition.value(data))
    assert written([rule, data]) == before
    assert source_of(rule) == source_of(json.loads(json.dumps(rule)))


@settings(max_examples=120, deadline=None)
@given(rule=RULES, data=st.dictionaries(st.sampled_from(NAMES), DATA, max_size=6), other=DATA)
def test_only_what_is_read_decides(rule: Any, data: dict[str, Any], other: Any) -> None:
    condition = compile_condition(rule, TABLES)
    if condition.reads_all:
        return
    read = {path.split(".")[0] for path in condition.reads}
    changed = {name: value if name in read else other for name, value in data.items()}
    assert written(condition.value(data)) == written(condition.value(changed))


TESTS = st.recursive(
    st.builds(
        lambda name, path, text: {name: [{"var": path}, text]},
        st.sampled_from(["==", "===", "!="]),
        st.sampled_from(["a", "b", "s"]),
        st.sampled_from(["x", "y", "z"]),
    )
    | st.builds(
        lambda path, texts: {"in": [{"var": path}, texts]},
        st.sampled_from(["a", "b", "s"]),
        st.lists(st.sampled_from(["x", "y", "z"]), max_size=2),
    )
    | st.just({"==": [{"var": ["a", "x"]}, "x"]}),
    lambda inner: (
        st.builds(lambda name, parts: {name: parts}, st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda part: {"!": part}, inner)
        | st.builds(lambda part: {"!!": [part]}, inner)
        | st.builds(lambda test, part: {"if": [test, part, False]}, inner, inner)
    ),
    max_leaves=6,
)
TEXTS = [{}, {"a": None}, *({"a": a, "b": b, "s": s} for a in "xyz" for b in ["x", "y", None] for s in "xz")]


@settings(max_examples=150, deadline=None)
@given(rule=TESTS)
def test_equalities_are_necessary(rule: Any) -> None:
    found = equalities(rule)
    condition = compile_condition(rule)
    for data in TEXTS:
        if condition.holds(data):
            assert all(member(data, path.split("."), ABSENT) in texts for path, texts in found), (data, found)
