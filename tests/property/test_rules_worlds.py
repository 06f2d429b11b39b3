"""Proofs about conditions against data at random: no data satisfies what was proved impossible, and an example satisfies it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rules import Environment, compile_condition
from rules.statements import negated, statements
from rules.types import TEXT, Member, Type, number, record
from rules.worlds import Known, witness

WORDS = ("a", "b", "c")
ENVIRONMENT = Environment(
    record(
        count=Member(number(low=0), always=True),
        score=Member(number(low=0, high=10)),
        word=Member(Type(frozenset({"text"}), frozenset(("text", word) for word in WORDS)), always=True),
        name=Member(TEXT),
        flag=Member(Type(frozenset({"boolean"}))),
    )
)
KNOWN = Known(whole=lambda path: path == "count")
DATA = st.fixed_dictionaries(
    {"count": st.integers(0, 8), "word": st.sampled_from(WORDS)},
    optional={
        "score": st.one_of(st.integers(0, 10), st.floats(0, 10)),
        "name": st.sampled_from([*WORDS, "", "d", "10"]),
        "flag": st.booleans(),
    },
)


def _var(path: str, default: Any) -> Any:
    return {"var": path} if default is None else {"var": [path, default]}


ORDERS = st.builds(
    lambda name, path, default, bound: {name: [_var(path, default), bound]},
    st.sampled_from(["<", "<=", ">", ">=", "==", "!=", "===", "!=="]),
    st.sampled_from(["count", "score"]),
    st.sampled_from([None, 5]),
    st.one_of(st.integers(-1, 11), st.sampled_from([2.5, 9.5])),
)
BETWEEN = st.builds(lambda low, high: {"<": [low, {"var": "count"}, high]}, st.integers(-1, 8), st.integers(-1, 8))
EQUALS = st.builds(
    lambda name, path, default, word: {name: [_var(path, default), word]},
    st.sampled_from(["==", "!=", "===", "!=="]),
    st.sampled_from(["word", "name"]),
    st.sampled_from([None, "a"]),
    st.sampled_from([*WORDS, "d", None]),
)
LISTED = st.builds(
    lambda path, words: {"in": [{"var": path}, words]},
    st.sampled_from(["word", "name"]),
    st.lists(st.sampled_from([*WORDS, "d"]), max_size=3),
)
MISSING = st.builds(lambda paths: {"missing": paths}, st.lists(st.sampled_from(["score", "name"]), min_size=1, max_size=2))
RELATED = st.sampled_from([{"==": [{"var": "name"}, {"var": "word"}]}, {">": [{"+": [{"var": "count"}, {"var": "score"}]}, 5]}])
RULES = st.recursive(
    st.one_of(ORDERS, BETWEEN, EQUALS, LISTED, MISSING, RELATED, st.just({"var": "flag"})),
    lambda inner: st.one_of(
        st.builds(lambda parts: {"and": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"or": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"!": [part]}, inner),
        st.builds(lambda *parts: {"if": list(parts)}, inner, inner, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(RULES, st.lists(DATA, min_size=20, max_size=20))
def test_what_is_proved_holds_for_all_data(rule: Any, samples: list[dict[str, Any]]) -> None:
    said, condition = statements(rule, ENVIRONMENT), compile_condition(rule)
    held = [condition.holds(data) for data in samples]
    assert witness(said, KNOWN) is not None or not any(held)
    assert witness([negated(said)], KNOWN) is not None or all(held)


@settings(max_examples=400, deadline=None)
@given(RULES)
def test_an_example_satisfies_the_condition_where_nothing_relates_two_places(rule: Any) -> None:
    said = statements(rule, ENVIRONMENT)
    found = witness(said, KNOWN)
    places = {name for statement in said for name in statement.places}
    if found is not None and not any(name.startswith("?") for name in places):
        assert compile_condition(rule).holds(found)
