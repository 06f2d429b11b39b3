"""YAML 1.2 as authors expect it, with places; what cannot be read is told in plain words."""

from __future__ import annotations

import json

import pytest

from orchestrator.authoring.parse import parse
from orchestrator.authoring.unreadable import Unreadable

PLAIN = [
    ("NO", "NO"),
    ("on", "on"),
    ("yes", "yes"),
    ("12:30", "12:30"),
    ("21:00-09:00", "21:00-09:00"),
    ("2026-11-23", "2026-11-23"),
    ("1_000", "1_000"),
    ("010", 10),
    ("0o10", 8),
    ("0x1F", 31),
    ("+5", 5),
    ("1e3", 1000.0),
    (".5", 0.5),
    ("5.", 5.0),
    ("~", None),
    ("", None),
    ("null", None),
    ("True", True),
    ("FALSE", False),
    ("=", "="),
    ("<<", "<<"),
    ('"5"', "5"),
    ("'null'", "null"),
    ("!!str 5", "5"),
    ("1.2.3", "1.2.3"),
    ("-", None),
]


@pytest.mark.parametrize(("text", "value"), PLAIN[:-1])
def test_plain_scalars_follow_the_core_schema(text: str, value: object) -> None:
    found = parse("a.yaml", f"a: {text}\n").value["a"]
    assert found == value
    assert type(found) is type(value)


def test_keys_stay_text() -> None:
    assert parse("a.yaml", "on: 1\n5: 2\nnull: 3\nNO: 4\n").value == {"on": 1, "5": 2, "null": 3, "NO": 4}


def test_every_key_and_value_has_a_place() -> None:
    document = parse("a.yaml", "a:\n  - {b: x}\n  - é: [1, 22]\n")
    assert document.keys[("a",)] == (1, 1)
    assert document.keys[("a", 0, "b")] == (2, 6)
    assert document.values[("a", 0, "b")] == (2, 9)
    assert document.values[("a", 1, "é", 1)] == (3, 12)
    assert document.root.at("a", 1, "é", 7).place.line == 3


def test_windows_line_ends_and_json_are_fine() -> None:
    assert parse("a.yaml", "a: 1\r\nb:\r\n  - x\r\n").value == {"a": 1, "b": ["x"]}
    value = {"a": [1, 2.5, None, True, '😀/\\"\n\t'], "b": {"c": []}, "é": ""}
    for indent in (None, 2, "\t"):
        for ascii_only in (True, False):
            assert parse("a.json", json.dumps(value, indent=indent, ensure_ascii=ascii_only)).value == value


def test_an_alias_is_a_copy() -> None:
    document = parse("a.yaml", "a: &x {b: 1}\nc: *x\n")
    assert document.value == {"a": {"b": 1}, "c": {"b": 1}}
    assert document.values[("c", "b")] == (1, 11)


REFUSED = [
    ("if:\n  - {>=: [1, 2]}\n", "E102", 2, 6, "`>=` must be quoted"),
    ("if: {!=: [1, 2]}\n", "E102", 1, 6, "`!=` must be quoted"),
    ("if: {>: [1, 2]}\n", "E102", 1, 6, "`>` must be quoted"),
    ("if: {!: [1, 2]}\n", "E102", 1, 6, "`!` must be quoted"),
    ("if:\n  !: [1, 2]\n", "E102", 2, 3, "`!`"),
    ("if:\n  >=: [1, 2]\n", "E102", 2, 3, "`>=` must be quoted"),
    ("a: {%: [1]}\n", "E102", 1, 5, "`%` must be quoted"),
    ("a: {*: [1, 2]}\n", "E102", 1, 5, "`*` must be quoted"),
    ("a:\n\tb: 1\n", "E102", 2, 1, "a tab"),
    ("a: b: c\n", "E102", 1, 5, "second `: `"),
    ('a: "x\nb: 1\n', "E102", 1, 4, "never closed"),
    ("a: [1, 2\nb: 1\n", "E102", 2, 2, "not closed"),
    ("a: @b\n", "E102", 1, 4, "cannot begin with `@`"),
    ("a: `b\n", "E102", 1, 4, "cannot begin with ```"),
    ("a: %b\n", "E102", 1, 4, "cannot begin with `%`"),
    ("a: &b\n", "E102", 1, 4, "anchor"),
    ("a: 1\nb:2\nc: 3\n", "E102", 2, 3, "blank is missing"),
    ("a: *y\n", "E102", 1, 4, "`*y`"),
    ("a: &a [*a]\n", "E102", 1, 8, "inside the value"),
    ("a: !foo 1\n", "E102", 1, 4, "`!foo`"),
    ("a: 1\n---\nb: 2\n", "E102", 2, 1, "one document"),
    ("? [a]\n: 1\n", "E102", 1, 3, "plain text"),
    ("a: 1\nb: 2\na: 3\n", "E103", 3, 1, "twice"),
    ("[" * 200, "E106", 1, 82, "nested deeper"),
    ("a: \x07", "E102", 1, 1, "not a text"),
    ('a: "\\ud800"\n', "E102", 1, 7, "escape"),
]


@pytest.mark.parametrize(("text", "code", "line", "column", "words"), REFUSED)
def test_what_cannot_be_read_is_told_with_its_place(text: str, code: str, line: int, column: int, words: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse("a.yaml", text)
    verdict = caught.value
    assert words in verdict.message
    assert (verdict.code, verdict.place.line, verdict.place.column) == (code, line, column)


def test_a_laughing_file_is_refused_in_bounded_time() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(Unreadable, match="values in one file"):
        parse("a.yaml", "\n".join(lines))
