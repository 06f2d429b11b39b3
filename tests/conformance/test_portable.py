"""What the check admits as portable means the same in other engines; what it refuses, or tells to be ours only, differs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rules import Environment, null_problems, portability_problems, preflight, type_problems
from tests.conformance.portable import compared
from tests.conformance.portable_engines import Case, Official, compiled, datalogic, installed, interpreted, official
from tests.conformance.portable_places import ENVIRONMENT

ABSENT = installed()

pytestmark = [
    pytest.mark.skipif(bool(ABSENT), reason=f"conditions are not compared with other engines: {ABSENT}"),
    pytest.mark.xdist_group("node"),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[Official]:
    with official() as found:
        yield found


def test_no_engine_differs_on_what_is_admitted() -> None:
    found = compared(1_000)
    assert found.differences == []
    assert found.admitted == 1_000
    assert min(found.refused[kind] for kind in ("null", "ours", "type")) > 50, "the generator writes near-misses too"


def var(path: str, *default: Any) -> dict[str, Any]:
    return {"var": [path, *default] if default else path}


NEAR_MISSES: list[tuple[str, Any, dict[str, Any]]] = [
    ("null", {"==": [var("plan"), ""]}, {}),
    ("null", {"==": [var("note"), var("title")]}, {"note": None, "title": ""}),
    ("null", {"!=": [var("last"), 0]}, {}),
    ("null", {"==": [var("vip"), False]}, {}),
    ("null", {">": [{"+": [var("last"), 10]}, 5]}, {}),
    ("type", {"==": [var("title"), 1]}, {"title": "x"}),
    ("type", {">": [var("title"), 1]}, {"title": "x"}),
    ("type", {">": [{"+": [var("title"), 1]}, 1]}, {"title": "2x"}),
    ("type", {"==": [var("tags"), "a"]}, {"tags": ["a"]}),
    ("type", {"!": [var("box")]}, {"box": {}}),
    ("type", {"==": [{"substr": [var("title"), 0, 1]}, "𝄞"]}, {"title": "𝄞"}),
    ("ours", {"==": [var("gap"), None]}, {"gap": 0}),
    ("ours", {"!=": [var("tags"), None]}, {"tags": []}),
    ("ours", {"missing": ["title"]}, {"title": ""}),
    ("ours", {"missing": ["note"]}, {"note": None}),
    ("ours", {">": [{"/": [1, var("total")]}, 1]}, {"total": 0}),
    ("ours", {"in": [var("title"), var("name")]}, {"title": "", "name": ""}),
    ("ours", {"!": [{"in": [var("note"), "null and void"]}]}, {"note": None}),
    ("ours", {"in": [var("title"), ["24h", "x"]]}, {"title": "1d"}),
    ("ours", {"===": [var("title"), "2026-01-31T00:00:00Z"]}, {"title": "2026-01-31T01:00:00+01:00"}),
    ("ours", {">": [{"+": [var("price"), var("total")]}, 1]}, {"total": 2}),
    ("ours", {">": [{"max": [var("last"), 1]}, 2]}, {}),
    ("ours", {"all": [{"merge": [var("marks"), [1]]}, {"!==": [var(""), None]}]}, {"marks": [None]}),
    ("ours", {"contains": [var("title"), "a"]}, {"title": "ab"}),
]
"""Kind of the refusal, condition, data on which two engines differ."""


@pytest.mark.parametrize(("kind", "rule", "data"), NEAR_MISSES, ids=lambda value: json.dumps(value)[:60])
def test_what_is_not_admitted_differs_somewhere(engine: Official, kind: str, rule: Any, data: dict[str, Any]) -> None:
    assert preflight(rule) == []
    found = type_problems(rule, ENVIRONMENT) or null_problems(rule, ENVIRONMENT) or portability_problems(rule, ENVIRONMENT)
    assert [problem.kind for problem in found][:1] == [kind]
    case = Case(rule, [data])
    (theirs,) = engine.truths([case])
    ours = compiled(case)
    assert ours == interpreted(case)
    assert len({theirs, ours, datalogic(case)}) > 1


GUARDED: list[Any] = [
    {"and": [{"!==": [var("price"), None]}, {">": [{"+": [var("price"), var("total")]}, 1]}]},
    {"if": [{"===": [var("note"), None]}, False, {"in": [var("note"), "null and void"]}]},
    {"or": [{"===": [var("last"), None]}, {">": [{"max": [var("last"), 1]}, 2]}]},
    {"some": [{"filter": [var("lines"), {"!==": [var("price"), None]}]}, {">": [{"*": [var("price"), var("count")]}, 5]}]},
    {">": [{"/": [var("total"), {"max": [var("items"), 1]}]}, 1]},
    {">": [{"+": [var("price", 0), var("total")]}, 1]},
]


@pytest.mark.parametrize("rule", GUARDED, ids=json.dumps)
def test_what_is_asked_before_makes_a_part_portable(rule: Any) -> None:
    assert portability_problems(rule, ENVIRONMENT) == []


def test_what_was_asked_after_does_not() -> None:
    late = {"and": [{">": [{"max": [var("last"), 1]}, 2]}, {"!==": [var("last"), None]}]}
    (problem,) = portability_problems(late, Environment(ENVIRONMENT.data))
    assert problem.path == ("and", 0, ">", 0, "max", 0, "var")
    assert "`last` may be empty, and what `max` makes of null is not the same everywhere" in problem.message
