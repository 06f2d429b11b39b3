"""Which conditions are typed and null-safe: one line a case, with the path of each problem."""

from __future__ import annotations

from typing import Any

import pytest

from rules import Environment, Problem, null_problems, type_problems
from rules.types import BOOLEAN, NULL, NUMBER, TEXT, TIME, Member, list_of, number, record, union
from rules.types import constant as word

LINE = record(price=Member(NUMBER), count=Member(NUMBER, always=True), name=Member(TEXT))
ENVIRONMENT = Environment(
    record(
        total=Member(NUMBER, always=True),
        score=Member(NUMBER),
        paid=Member(number(0, 100)),
        last=Member(union(NUMBER, NULL), always=True),
        gap=Member(union(NUMBER, NULL)),
        plan=Member(union(word("free"), word("paid"))),
        city=Member(TEXT),
        id=Member(TEXT, always=True),
        flag=Member(BOOLEAN),
        on=Member(BOOLEAN, always=True),
        day=Member(TIME),
        now=Member(TIME, always=True),
        tags=Member(list_of(TEXT)),
        lines=Member(list_of(LINE), always=True),
        box=Member(record(size=Member(NUMBER, always=True))),
    ),
    lambda _table, column: NUMBER if column == "days" else TEXT,
)
SAFE = [
    {"==": [{"var": "plan"}, "free"]},
    {"===": [{"var": "score"}, 0]},
    {"in": [{"var": "plan"}, ["free", "paid"]]},
    {"in": [{"var": "city"}, "Rome, Milan"]},
    {">": [{"var": "score"}, 0]},
    {">=": [{"var": "score"}, 1]},
    {"<": [{"var": "score"}, 0]},
    {"<=": [50, {"var": "score"}, 100]},
    {"var": "flag"},
    {"==": [{"var": "flag"}, True]},
    {"!=": [{"var": "plan"}, None]},
    {"==": [{"var": "plan"}, None]},
    {"missing": ["plan"]},
    {"and": [{"!=": [{"var": "plan"}, None]}, {"!=": [{"var": "plan"}, "free"]}]},
    {"or": [{"==": [{"var": "plan"}, None]}, {"!=": [{"var": "plan"}, "free"]}]},
    {"if": [{"missing": ["score"]}, False, {"<": [{"var": "score"}, 5]}]},
    {"and": [{"!": {"missing": ["score", "plan"]}}, {"<": [{"var": "score"}, 5]}]},
    {"and": [{"==": [{"var": "plan"}, "free"]}, {"!": {"==": [{"var": "plan"}, "paid"]}}]},
    {"<": [{"var": ["score", 9]}, 5]},
    {"and": [{"!=": [{"var": "box"}, None]}, {"<": [{"var": "box.size"}, 5]}]},
    {">": [{"*": [{"var": "score"}, {"var": "total"}]}, 50]},
    {">": [{"+": [{"var": "paid"}, {"var": "total"}]}, 50]},
    {">": [{"if": [{"==": [{"var": "score"}, None]}, 0, {"var": "score"}]}, 5]},
    {"some": [{"var": "lines"}, {">": [{"var": "price"}, 10]}]},
    {"all": [{"var": "lines"}, {">": [{"var": "price"}, 10]}]},
    {"some": [{"filter": [{"var": "lines"}, {"!=": [{"var": "price"}, None]}]}, {"<": [{"var": "price"}, 10]}]},
    {">": [{"count": [{"filter": [{"var": "lines"}, {">": [{"var": "price"}, 10]}]}]}, 2]},
    {">=": [{"count": [{">": [{"var": "score"}, 1]}, {"==": [{"var": "plan"}, "free"]}]}, 1]},
    {">": [{"reduce": [{"var": "lines"}, {"+": [{"var": "accumulator"}, {"var": ["current.price", 0]}]}, 0]}, 9]},
    {"before": [{"var": "day"}, {"var": "now"}]},
    {">": [{"days_between": [{"var": "day"}, {"var": "now"}]}, 7]},
    {"any_of": [{"var": "tags"}, ["a"]]},
    {">": [{"lookup": ["products", {"var": "city"}, "days", 0]}, 0]},
    {"and": [{"!=": [{"lookup": ["t", "k", "days"]}, None]}, {"<": [{"lookup": ["t", "k", "days"]}, 4]}]},
]
UNSAFE: list[tuple[Any, list[Any]]] = [
    ({"!=": [{"var": "plan"}, "free"]}, ["!=", 0, "var"]),
    ({"!": {"==": [{"var": "plan"}, "free"]}}, ["!", "==", 0, "var"]),
    ({"!": {"in": [{"var": "plan"}, ["free"]]}}, ["!", "in", 0, "var"]),
    ({"in": [{"var": "city"}, "annulled"]}, ["in", 0, "var"]),
    ({"<": [{"var": "score"}, 5]}, ["<", 0, "var"]),
    ({"<=": [{"var": "score"}, 0]}, ["<=", 0, "var"]),
    ({"and": [{"missing": ["plan"]}, {"<": [{"var": "score"}, 5]}]}, ["and", 1, "<", 0, "var"]),
    ({">=": [{"var": "score"}, 0]}, [">=", 0, "var"]),
    ({">": [{"var": "score"}, -1]}, [">", 0, "var"]),
    ({"<=": [0, {"var": "score"}, 100]}, ["<=", 1, "var"]),
    ({"==": [{"var": "score"}, 0]}, ["==", 0, "var"]),
    ({"==": [{"var": "flag"}, False]}, ["==", 0, "var"]),
    ({"!": {"var": "flag"}}, ["!", "var"]),
    ({"==": [{"var": "score"}, {"var": "gap"}]}, ["==", 0, "var"]),
    ({"<": [{"var": ["last", 99]}, 18]}, ["<", 0, "var", 0]),
    ({"<": [{"var": ["gap", 99]}, 18]}, ["<", 0, "var", 0]),
    ({"!=": [{"var": "box.size"}, 3]}, ["!=", 0, "var"]),
    ({"<": [{"+": [{"var": "score"}, 1]}, 9]}, ["<", 0, "+", 0, "var"]),
    ({">": [{"-": [{"var": "total"}, {"var": "paid"}]}, 9]}, [">", 0, "-", 1, "var"]),
    ({"if": [{"==": [{"var": "plan"}, "free"]}, {"var": "on"}, {">": [{"var": "total"}, 5]}]}, ["if", 0, "==", 0, "var"]),
    ({"some": [{"var": "lines"}, {"<": [{"var": "price"}, 10]}]}, ["some", 1, "<", 0, "var"]),
    ({"none": [{"var": "lines"}, {">": [{"var": "price"}, 10]}]}, ["none", 1, ">", 0, "var"]),
    ({"none": [{"var": "tags"}, {"==": [{"var": ""}, "a"]}]}, ["none", 0, "var"]),
    (
        {"<": [{"count": [{"filter": [{"var": "lines"}, {">": [{"var": "price"}, 9]}]}]}, 2]},
        ["<", 0, "count", 0, "filter", 1, ">", 0, "var"],
    ),
    ({"!": {"before": [{"var": "day"}, {"var": "now"}]}}, ["!", "before", 0, "var"]),
    ({"<": [{"days_between": [{"var": "day"}, {"var": "now"}]}, 7]}, ["<", 0, "days_between", 0, "var"]),
    ({"<": [{"lookup": ["t", {"var": "id"}, "days"]}, 4]}, ["<", 0]),
    (
        {"and": [{"!=": [{"lookup": ["t", "k", "days"]}, None]}, {"<": [{"var": "score"}, {"lookup": ["t", "k", "days", 5]}]}]},
        ["and", 1, "<", 0, "var"],
    ),
]
MISTYPED: list[tuple[Any, list[Any], str]] = [
    ({">": [{"var": "total"}, "5"]}, [">", 1], "type"),
    ({">": [{"var": "id"}, 5]}, [">", 0, "var"], "type"),
    ({"<": [{"var": "id"}, "b"]}, [], "type"),
    ({"<": [{"var": "day"}, {"var": "now"}]}, [], "type"),
    ({"==": [{"var": "day"}, "2026-01-01"]}, ["==", 0, "var"], "type"),
    ({"==": [{"var": "id"}, 5]}, ["==", 1], "type"),
    ({"==": [{"var": "id"}, {"var": "total"}]}, [], "type"),
    ({"==": [{"var": "tags"}, "a"]}, ["==", 0, "var"], "type"),
    ({"==": [{"var": "plan"}, "fre"]}, ["==", 1], "never"),
    ({"in": [{"var": "plan"}, ["free", "pad"]]}, ["in", 1, 1], "never"),
    ({"in": [{"var": "plan"}, ["free", 1]]}, ["in", 1, 1], "type"),
    ({"==": [{"var": "paid"}, 101]}, ["==", 1], "never"),
    ({"in": [{"var": "id"}, {"var": "total"}]}, ["in", 1, "var"], "type"),
    ({"in": [{"var": "total"}, {"var": "tags"}]}, [], "type"),
    ({"in": [5, {"var": "tags"}]}, ["in", 0], "type"),
    ({"in": [{"var": "total"}, {"var": "id"}]}, ["in", 0, "var"], "type"),
    ({">": [{"+": [{"var": "id"}, 1]}, 5]}, [">", 0, "+", 0, "var"], "type"),
    ({"and": [{"var": "on"}, {"var": "total"}]}, ["and", 1, "var"], "type"),
    ({"!": {"var": "tags"}}, ["!", "var"], "type"),
    ({"some": [{"var": "total"}, {"var": ""}]}, ["some", 0, "var"], "type"),
    ({"some": [{"var": "lines"}, {">": [{"var": "prize"}, 5]}]}, ["some", 1, ">", 0, "var"], "unknown"),
    ({"some": [{"var": "lines"}, {"==": [{"var": "name"}, 5]}]}, ["some", 1, "==", 1], "type"),
    ({"==": [{"cat": [{"var": "id"}, "x"]}, "ax"]}, ["==", 0], "type"),
    ({"after": [{"var": "now"}, "tomorrow"]}, ["after", 1], "type"),
    ({"after": [{"var": "id"}, {"var": "total"}]}, ["after", 1, "var"], "type"),
    ({"after": [{"var": "now"}, {"ago": "soon"}]}, ["after", 1, "ago"], "type"),
    ({">": [{"var": ["total", "none"]}, 5]}, [">", 0, "var", 1], "type"),
    ({"<": [{"if": [{"var": "on"}, 5]}, 7]}, ["<", 0], "type"),
    ({"==": [{"var": [{"var": "id"}]}, 5]}, ["==", 0, "var", 0], "type"),
]


@pytest.mark.parametrize("rule", SAFE, ids=str)
def test_a_safe_condition_passes(rule: Any) -> None:
    assert type_problems(rule, ENVIRONMENT) == []
    assert null_problems(rule, ENVIRONMENT) == []


@pytest.mark.parametrize(("rule", "path"), UNSAFE, ids=str)
def test_an_unsafe_read_is_told_where_it_stands(rule: Any, path: list[Any]) -> None:
    assert type_problems(rule, ENVIRONMENT) == []
    found = null_problems(rule, ENVIRONMENT)
    assert tuple(path) in [problem.path for problem in found]
    assert all(problem.kind == "null" and problem.fix for problem in found)


@pytest.mark.parametrize(("rule", "path", "kind"), MISTYPED, ids=str)
def test_a_mismatch_is_told_where_it_stands(rule: Any, path: list[Any], kind: str) -> None:
    found = type_problems(rule, ENVIRONMENT)
    assert [(problem.path, problem.kind) for problem in found] == [(tuple(path), kind)]


def test_a_value_may_be_built_from_texts_and_lists() -> None:
    for rule in (
        {"cat": ["O-", {"var": "id"}]},
        {"or": [{"var": "city"}, "there"]},
        {"map": [{"var": "lines"}, {"var": "name"}]},
    ):
        assert type_problems(rule, ENVIRONMENT, test=False) == []


def test_what_no_schema_describes_is_let_through_and_must_be_asked_for() -> None:
    unknown = Environment(record(saved=Member(union(NUMBER, TEXT, BOOLEAN, NULL, list_of(TEXT), record()))))
    assert type_problems({"==": [{"var": "saved.code"}, "X"]}, unknown) == []
    assert null_problems({"==": [{"var": "saved.code"}, "X"]}, unknown) == []
    unsafe: list[Problem] = null_problems({"!=": [{"var": "saved.code"}, "X"]}, unknown)
    assert [problem.path for problem in unsafe] == [("!=", 0, "var")]


def test_what_only_one_of_two_things_lists_may_be_null_in_the_other() -> None:
    either = union(record(n=Member(NUMBER, always=True)), record(m=Member(NUMBER)))
    environment = Environment(record(event=Member(either, always=True)), lambda _table, _column: TEXT)
    assert [problem.path for problem in null_problems({"<": [{"var": ["event.n", 99]}, 18]}, environment)]
