"""Our own operators, the bounds on built values, and texts that break programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from rules import compile_condition, equalities, trace
from rules.limits import ITEMS_MAX, TEXT_CHARS_MAX
from rules.operators import EXTENSION

NAUGHTY = Path(__file__).parents[3].parent / "shared" / "corpora" / "naughty-strings" / "blns.json"
DATA = {
    "now": "2026-02-01T00:00:00.000Z",
    "profile": {"id": "p1", "segments": ["vip", "late"]},
    "word": "Grüße",
    "list": ["a", 1, True, None],
}
TABLES = {"products": {"p": {"days": 30, "nothing": None}, "7": {"days": 7}}}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"before": ["2026-01-31", "2026-02-01"]}, True),
        ({"before": ["2026-01-31T23:30:00-01:00", "2026-02-01T00:00:00Z"]}, False),
        ({"before": ["2026-01-31T23:59:59.999999Z", "2026-02-01"]}, True),
        ({"before": ["2026-02-01", "2026-02-01T00:00:00Z"]}, False),
        ({"before": [{"var": "absent"}, "2026-02-01"]}, False),
        ({"before": ["2026-02-30", "2027-01-01"]}, False),
        ({"before": ["2026-01-31T10:00:00", "2027-01-01"]}, False),
        ({"before": [20260131, "2027-01-01"]}, False),
        ({"after": ["2026-02-01t00:00:01z", "2026-02-01"]}, True),
        ({"after": [None, None]}, False),
        ({"days_between": ["2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"]}, 1),
        ({"days_between": ["2026-02-01", "2026-01-01"]}, -31),
        ({"days_between": ["2026-02-01T00:30:00+01:00", "2026-02-01"]}, 1),
        ({"days_between": ["soon", "2026-02-01"]}, None),
        ({"ago": "3d"}, "2026-01-29T00:00:00.000Z"),
        ({"ago": {"hours": 1}}, "2026-01-31T23:00:00.000Z"),
        ({"ago": {"days": 10**6}}, None),
        ({"ago": "3 days"}, None),
        ({"ago": None}, None),
        ({"days": 1.5}, 129_600_000),
        ({"minutes": "2"}, 120_000),
        ({"days": None}, None),
        ({"hours": {"/": [1, 0]}}, None),
        ({"lower": {"var": "word"}}, "grüße"),
        ({"lower": 1}, None),
        ({"contains": ["abc", "b"]}, True),
        ({"contains": ["1", 1]}, False),
        ({"contains": [{"var": "list"}, 1]}, True),
        ({"contains": [[1], True]}, False),
        ({"contains": [None, None]}, False),
        ({"starts_with": ["abc", "ab"]}, True),
        ({"ends_with": ["abc", "bc"]}, True),
        ({"ends_with": [None, ""]}, False),
        ({"any_of": [["a", 1], [True, "a"]]}, True),
        ({"any_of": [[1], [True]]}, False),
        ({"any_of": [[[1]], [[1]]]}, False),
        ({"any_of": ["a", ["a"]]}, False),
        ({"all_of": [["a", 1], [1.0]]}, True),
        ({"all_of": [["a"], []]}, True),
        ({"all_of": [["a", []], [[]]]}, False),
        ({"count": {"var": "list"}}, 4),
        ({"count": [{"var": "list"}]}, 4),
        ({"count": [{"==": [1, 1]}, {"==": [1, 2]}, "x"]}, 2),
        ({"count": {"var": "absent"}}, 0),
        ({"segment": "vip"}, True),
        ({"segment": "VIP"}, False),
        ({"segment": {"var": "list"}}, False),
        ({"some": [["x"], {"segment": "vip"}]}, True),
        ({"lookup": ["products", "p", "days", 0]}, 30),
        ({"lookup": ["products", 7, "days"]}, 7),
        ({"lookup": ["products", "q", "days", 5]}, 5),
        ({"lookup": ["products", None, "days", 5]}, 5),
        ({"lookup": ["nothing", "p", "days"]}, None),
    ],
)
def test_our_operators(rule: Any, expected: Any) -> None:
    condition = compile_condition(rule, TABLES)
    assert json.dumps(condition.value(DATA)) == json.dumps(expected)
    assert json.dumps(trace(rule, DATA, TABLES).value) == json.dumps(expected)
    assert condition.portable is False or next(iter(rule)) == "some"


def test_bucket_is_the_stated_hash() -> None:
    expected = int.from_bytes(sha256(b"autumn\0bucket\0p1").digest()[:8], "big") % 100
    assert compile_condition({"bucket": ["autumn", 100]}).value(DATA) == expected


@pytest.mark.parametrize("size", [0, -1, None, True, "100", {"/": [1, 0]}])
def test_bucket_without_a_size_is_null(size: Any) -> None:
    assert compile_condition({"bucket": ["autumn", size]}).value(DATA) is None


@pytest.mark.parametrize("name", sorted(EXTENSION))
def test_our_operators_answer_whatever_they_are_given(name: str) -> None:
    odd: list[Any] = [None, True, 0, -1.5, 1e308, "", "x", "\ud800", [], [[]], [None], {}, {"a": 1}, float("nan"), float("inf")]
    least = EXTENSION[name].least
    rule = {name: [{"var": f"v{index}"} for index in range(least)]}
    condition = compile_condition(rule, TABLES)
    for first in odd:
        for second in odd:
            data = {"now": first, "profile": first, "v0": second, "v1": first, "v2": second}
            json.dumps(condition.value(data))


@pytest.mark.parametrize(
    ("rule", "reads", "reads_all", "portable"),
    [
        ({"==": [{"var": "profile.features.orders"}, 1]}, {"profile.features.orders"}, False, True),
        ({"var": ["a.b", {"var": "c"}]}, {"a.b", "c"}, False, True),
        ({"some": [{"var": "l"}, {"==": [{"var": "x"}, {"var": ""}]}]}, {"l"}, False, True),
        ({"reduce": [{"var": "l"}, {"+": [{"var": "current"}, 1]}, {"var": "start"}]}, {"l", "start"}, False, True),
        ({"var": ""}, set(), True, True),
        ({"var": {"var": "a"}}, {"a"}, True, True),
        ({"missing": ["a", "b.c"]}, {"a", "b.c"}, False, True),
        ({"missing": {"var": "a"}}, {"a"}, True, True),
        ({"missing_some": [1, ["a", "b"]]}, {"a", "b"}, False, True),
        ({"segment": "vip"}, {"profile.segments"}, False, False),
        ({"after": [{"var": "a"}, {"ago": "1d"}]}, {"a", "now"}, False, False),
        ({"bucket": ["x", 2]}, {"profile.id"}, False, False),
        ({"some": [{"var": "l"}, {"segment": {"var": "x"}}]}, {"l", "profile.segments"}, False, False),
        (1, set(), False, True),
    ],
)
def test_reads(rule: Any, reads: set[str], reads_all: bool, portable: bool) -> None:  # noqa: FBT001 - one row of the table
    condition = compile_condition(rule)
    assert (condition.reads, condition.reads_all, condition.portable) == (reads, reads_all, portable)


def test_equalities_of_a_campaign() -> None:
    rule = {
        "and": [
            {"===": ["Order Completed", {"var": "event.name"}]},
            {"or": [{"==": [{"var": "stage.current"}, "loyalty"]}, {"in": [{"var": "stage.current"}, ["retention"]]}]},
            {"==": [{"var": ["profile.traits.plan", "free"]}, "free"]},
            {">": [{"var": "event.properties.total"}, 3]},
        ]
    }
    assert equalities(rule) == [
        ("event.name", frozenset({"Order Completed"})),
        ("stage.current", frozenset({"loyalty", "retention"})),
    ]


def test_doubling_text_is_cut() -> None:
    rule = {"reduce": [{"var": "l"}, {"cat": [{"var": "accumulator"}, {"var": "accumulator"}]}, "ab"]}
    data = {"l": [0] * 20}
    assert len(compile_condition(rule).value(data)) == TEXT_CHARS_MAX
    assert len(trace(rule, data).value) == TEXT_CHARS_MAX
    assert compile_condition(rule).value({"l": [0] * 64}) is None


def test_doubling_lists_are_cut_or_null() -> None:
    data = {"l": [0] * 20}
    merged = {"reduce": [{"var": "l"}, {"merge": [{"var": "accumulator"}, {"var": "accumulator"}]}, [1]]}
    assert len(compile_condition(merged).value(data)) == ITEMS_MAX
    paired = {"reduce": [{"var": "l"}, [{"var": "accumulator"}, {"var": "accumulator"}], 1]}
    assert compile_condition(paired).value(data) is None
    explained = trace(paired, data)
    assert explained.value is None
    json.dumps(explained.as_json())


def test_growing_numbers_end_at_infinity() -> None:
    rule = {"reduce": [{"var": "l"}, {"*": [{"var": "accumulator"}, {"var": "current"}]}, 10]}
    assert compile_condition(rule).value({"l": [1e300] * 400}) == float("inf")


def test_deep_data_are_read_without_recursion() -> None:
    deep: Any = []
    for _ in range(50_000):
        deep = [deep]
    for rule in ({"==": [{"var": "a"}, "x"]}, {"cat": [{"var": "a"}]}, {"<": [{"var": "a"}, 1]}, {"in": ["x", {"var": "a"}]}):
        compile_condition(rule).value({"a": deep})


def test_a_text_with_a_position_is_text() -> None:
    class Positioned(str):
        __slots__ = ()

    rule = {Positioned("=="): [{Positioned("var"): Positioned("a")}, Positioned("x")]}
    assert compile_condition(rule).holds({"a": "x"})


def test_trace_shows_what_decided() -> None:
    rule = {"and": [{"==": [{"var": "a.b"}, 1]}, {"==": [{"var": "c"}, 2]}]}
    assert trace(rule, {"a": {"b": 0}}).as_json() == {
        "op": "and",
        "value": False,
        "children": [
            {
                "op": "==",
                "value": False,
                "children": [
                    {"op": "var", "path": "a.b", "value": 0, "children": []},
                    {"op": "constant", "value": 1, "children": []},
                ],
            }
        ],
    }


def test_a_path_is_only_a_path() -> None:
    data = {"a@1": {"b": 2}, "a/b": 3, "": {"": 4}}
    for path, expected in (("a@1.b", 2), ("a/b", 3), (".", 4), ("a@1.x", None)):
        assert trace({"var": path}, data).value == compile_condition({"var": path}).value(data) == expected


@pytest.mark.skipif(not NAUGHTY.exists(), reason="the naughty strings are not beside this checkout (../shared/corpora)")
def test_naughty_strings_are_only_text() -> None:
    texts: list[str] = json.loads(NAUGHTY.read_text("utf-8"))
    for text in texts:
        data = {"t": text, "l": [text], "now": text, "profile": {"id": text, "segments": [text]}, text: 1}
        variable = {"var": "t"}
        for rule in (
            {"==": [variable, text]},
            {"===": [text, variable]},
            {"in": [variable, [text]]},
            {"<=": [variable, text]},
            {"contains": [variable, text]},
            {"starts_with": [variable, text]},
            {"ends_with": [variable, text]},
            {"any_of": [{"var": "l"}, [text]]},
            {"segment": text},
            {"===": [{"cat": ["<", variable, ">"]}, f"<{text}>"]},
            {"===": [{"substr": [{"cat": ["é", variable]}, 1]}, text]},
        ):
            assert compile_condition(rule).holds(data), (rule, data)
            assert trace(rule, data).value is True
        for rule in (
            {"lower": variable},
            {"+": variable},
            {"-": variable},
            {"ago": variable},
            {"bucket": [variable, 9]},
            {"var": text},
        ):
            assert json.dumps(compile_condition(rule).value(data)) == json.dumps(trace(rule, data).value)


def test_compilation_does_not_depend_on_the_hash_seed() -> None:
    rule = {"and": [{"in": [{"var": "a"}, ["x", "y", "z"]]}, {"any_of": [{"var": "l"}, ["p", "q"]]}, {"segment": "vip"}]}
    program = f"from rules import *; r = {rule!r}; print(source_of(r), equalities(r)[0][0], sorted(compile_condition(r).reads))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(printed) == 1
