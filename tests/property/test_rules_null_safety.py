"""No condition that passes is true because of an empty value: on generated conditions, with the official semantics as judge.

The judge knows nothing of types. It puts null (or nothing) at one place and evaluates; then it puts everything else there that
the schema admits. Where the first is true and one of the others false, null has made the condition true. What the author asks
in so many words (`== null`, `missing`, a default for what is absent) is first replaced by its answer.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from itertools import product
from typing import Any

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from orchestrator.authoring.typed import type_of_schema
from rules import Environment, compile_condition, null_problems, preflight, type_problems

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["total", "score", "kind", "lines"],
    "properties": {
        "total": {"type": "number"},
        "score": {"type": ["integer", "null"], "minimum": 0, "maximum": 10},
        "last": {"type": "number"},
        "gap": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "kind": {"enum": ["web", "shop"]},
        "plan": {"enum": ["free", "paid"]},
        "note": {"type": ["string", "null"]},
        "flag": {"type": "boolean"},
        "day": {"type": "string", "format": "date"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "box": {"type": "object", "required": ["size"], "properties": {"size": {"$ref": "#/$defs/size"}}},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["count"],
                "properties": {"count": {"type": "integer"}, "price": {"type": ["number", "null"]}, "code": {"type": "string"}},
            },
        },
    },
    "$defs": {"size": {"type": "integer"}},
}
ENVIRONMENT = Environment(type_of_schema(SCHEMA))
NUMBERS, TEXTS = [-3, 0, 1, 2, 5], ["", "a", "null", "web"]
VALUES: dict[str, list[Any]] = {
    "total": NUMBERS,
    "score": [0, 2, 10],
    "last": NUMBERS,
    "gap": NUMBERS,
    "kind": ["web", "shop"],
    "plan": ["free", "paid"],
    "note": TEXTS,
    "flag": [True, False],
    "day": ["2026-01-01", "2026-03-01"],
    "tags": [[], ["a"], ["a", "free"]],
    "box": [{"size": 0}, {"size": 3}],
}
ABSENT = ["last", "gap", "plan", "note", "flag", "day", "tags", "box"]
NULL = ["score", "gap", "note"]
LINES = {"count": [-1, 0, 2], "price": NUMBERS, "code": ["a", "b"]}
GONE: Any = object()


def rows(members: dict[str, list[Any]], absent: list[str], null: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    parts = {
        name: st.sampled_from([*values, *([GONE] if name in absent else []), *([None] if name in null else [])])
        for name, values in members.items()
    }
    return st.fixed_dictionaries(parts).map(lambda row: {name: value for name, value in row.items() if value is not GONE})


DATA = st.builds(
    lambda row, lines: {**row, "lines": lines},
    rows(VALUES, ABSENT, NULL),
    st.lists(rows(LINES, ["price", "code"], ["price"]), min_size=1, max_size=2),
)


def read(*paths: str, default: Any = GONE) -> st.SearchStrategy[Any]:
    plain = st.sampled_from(paths).map(lambda path: {"var": path})
    return plain if default is GONE else plain | plain.map(lambda node: {"var": [node["var"], default]})


def pair(names: str, left: st.SearchStrategy[Any], right: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(lambda name, one, other: {name: [one, other]}, st.sampled_from(names.split()), left, right)


SMALL = st.sampled_from([-1, 0, 1, 3])
ORDERS, EQUALS = "< <= > >=", "== != === !=="
LINE_TEST = st.recursive(
    pair(f"{ORDERS} {EQUALS}", read("price", "count", default=1), SMALL) | pair(EQUALS, read("code"), st.sampled_from("ab")),
    lambda inner: (
        st.builds(lambda name, parts: {name: parts}, st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=2))
        | inner.map(lambda part: {"!": part})
    ),
    max_leaves=3,
)
THROUGH = st.builds(lambda name, body: {name: [{"var": "lines"}, body]}, st.sampled_from(["some", "all", "none"]), LINE_TEST)
FILTERED = LINE_TEST.map(lambda body: {"filter": [{"var": "lines"}, body]})
TOTAL = st.builds(
    lambda path: {"reduce": [{"var": "lines"}, {"+": [{"var": "accumulator"}, {"var": path}]}, 0]},
    st.sampled_from(["current.count", "current.price", ["current.price", 0]]),
)
NUMBER = st.recursive(
    read("total", "score", "last", "gap", "box.size", default=2)
    | FILTERED.map(lambda found: {"count": [found]})
    | TOTAL
    | SMALL,
    lambda inner: (
        st.builds(
            lambda name, parts: {name: parts},
            st.sampled_from(["+", "*", "max", "min"]),
            st.lists(inner, min_size=1, max_size=2),
        )
        | pair("- / %", inner, inner)
        | st.builds(lambda test, one, other: {"if": [test, one, other]}, st.deferred(lambda: TEST), inner, inner)
    ),
    max_leaves=3,
)
ASKED = st.sampled_from([*ABSENT, *NULL, "box.size"])
ATOM = st.one_of(
    pair(f"{ORDERS} {EQUALS}", NUMBER, NUMBER),
    st.builds(lambda name, parts: {name: parts}, st.sampled_from(["<", "<="]), st.lists(NUMBER, min_size=3, max_size=3)),
    pair(EQUALS, read("plan", "kind"), st.sampled_from(["web", "free"])),
    pair(EQUALS, read("plan", "note", "kind"), read("note", "plan")),
    pair(
        "in",
        read("plan", "note", "kind"),
        st.sampled_from([["free"], ["web", "a"], [None, "free"], "free or null"]) | read("tags", "note"),
    ),
    pair("contains any_of all_of", read("tags"), st.just("a") | read("plan", "tags")),
    pair("== !=", read("flag"), st.booleans()),
    read("flag", default=True),
    pair("before after", read("day"), st.just("2026-02-01")),
    pair(ORDERS, pair("days_between", read("day"), st.just("2026-02-01")), SMALL),
    pair(ORDERS, st.lists(st.deferred(lambda: TEST), min_size=2, max_size=3).map(lambda tests: {"count": tests}), SMALL),
    THROUGH,
    pair("== != === !==", ASKED.map(lambda path: {"var": path}), st.none()),
    st.lists(ASKED, min_size=1, max_size=2).map(lambda paths: {"missing": paths}),
    pair("some all none", FILTERED, LINE_TEST),
)
TEST: st.SearchStrategy[Any] = st.recursive(
    ATOM,
    lambda inner: (
        st.builds(lambda name, parts: {name: parts}, st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3))
        | inner.map(lambda part: {"!": part})
        | inner.map(lambda part: {"!!": [part]})
        | st.builds(lambda *parts: {"if": list(parts)}, inner, inner, inner)
    ),
    max_leaves=4,
)


def answered(rule: Any, place: str, mode: str) -> Any:  # noqa: PLR0911 - a case an answer
    """The rule, with what the author asks about the place answered: it is empty."""
    if isinstance(rule, list):
        return [answered(part, place, mode) for part in rule]
    if not isinstance(rule, dict):
        return rule
    ((name, arguments),) = rule.items()
    listed = arguments if isinstance(arguments, list) else [arguments]
    if name in ("filter", "some", "all", "none", "reduce"):
        return {name: [answered(listed[0], place, mode), *listed[1:]]}
    if name == "missing" and any(_reaches(path, place) for path in listed):
        return {"!!": [True]}
    if name in ("==", "===", "!=", "!==") and None in listed:
        read_here = next((part["var"] for part in listed if isinstance(part, dict)), "")
        if isinstance(read_here, str) and _reaches(read_here, place):
            return {"!!": [not name.startswith("!")]}
    if name == "in" and isinstance(listed[1], list) and None in listed[1] and _reaches(listed[0].get("var"), place):
        return {"!!": [True]}
    if name == "var" and len(listed) > 1 and _reaches(listed[0], place) and (mode == "absent" or listed[0] != place):
        return listed[1]
    return {name: [answered(part, place, mode) for part in listed]}


def _reaches(path: Any, place: str) -> bool:
    return isinstance(path, str) and (path == place or path.startswith(f"{place}."))


def emptied(data: dict[str, Any], *, defaults: bool) -> Iterator[tuple[str, str, dict[str, Any], list[dict[str, Any]]]]:
    """Each place with how it can be empty: the data so, and the data with everything else there.

    `defaults`: the rule says what stands for an absent price, so that nothing else need be put in for it.
    """
    for mode, names in (("absent", ABSENT), ("null", NULL)):
        for name in names:
            yield (
                name,
                mode,
                _with(data, (name,), GONE if mode == "absent" else None),
                [_with(data, (name,), x) for x in VALUES[name]],
            )
    gone = [] if defaults else [("price", GONE)]
    for index, (name, value) in product(range(len(data["lines"])), [*gone, ("price", None), ("code", GONE)]):
        place = ("lines", index, name)
        yield "", "", _with(data, place, value), [_with(data, place, x) for x in LINES[name]]


def _with(data: dict[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(data)
    holder: Any = changed
    for part in place[:-1]:
        holder = holder[part]
    holder.pop(place[-1], None)
    if value is not GONE:
        holder[place[-1]] = value
    return changed


def made_true(rule: Any, data: dict[str, Any]) -> str | None:
    """The place at which null makes the rule true in these data; None where none does."""
    whole = compile_condition(rule).holds
    for place, mode, empty, others in emptied(data, defaults='price", ' in json.dumps(rule)):
        holds = compile_condition(answered(rule, place, mode)).holds if place else whole
        if holds(empty) and not all(map(holds, others)):
            return f"{place or 'an element'} {mode}: {json.dumps(empty)}"
    return None


@settings(max_examples=200, deadline=None)
@given(rule=TEST, data=DATA)
def test_what_passes_is_never_true_because_of_an_empty_value(rule: Any, data: dict[str, Any]) -> None:
    assume(not preflight(rule))
    if type_problems(rule, ENVIRONMENT) or null_problems(rule, ENVIRONMENT):
        event("refused")
        return
    event("passes")
    assert made_true(rule, data) is None


@settings(max_examples=60, deadline=None)
@given(rule=TEST, data=DATA)
def test_what_passes_decides_with_true_or_false(rule: Any, data: dict[str, Any]) -> None:
    assume(not preflight(rule))
    if type_problems(rule, ENVIRONMENT) or null_problems(rule, ENVIRONMENT):
        return
    assert isinstance(compile_condition(rule).value(data), bool | list | None)
