"""The community's JSON-Logic suites: where we differ from them, and why. They go beyond the official semantics in places."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from rules import compile_condition, preflight, trace

SUITES = Path(__file__).parents[2].parent / "shared" / "corpora" / "jsonlogic" / "community"
CASES = [
    case for file in sorted(SUITES.rglob("*.json")) for case in json.loads(file.read_text("utf-8")) if isinstance(case, dict)
]

pytestmark = pytest.mark.skipif(not CASES, reason="the community suites are not beside this checkout (../shared/corpora)")

REASONS = {
    "operator": "val, ??, exists, throw, try, preserve are not official: a condition reads with var and never raises",
    "arity": "json-logic-js ignores a third argument of == or /, and `and: []` is undefined there: we refuse what it ignores",
    "object": "objects are never literals in our rules: `{}` is a slip of the author",
    "total": "json-logic-js gives NaN, false or null where these suites want an error; so do we",
    "value": "see OFFICIAL: json-logic-js gives what we give",
}
OFFICIAL = {
    "parseFloat of true, null or an empty text is NaN": [
        {"*": [True, False, True]},
        {"*": [1, "2", 3, "4", True]},
        {"*": ["1", None]},
        {"+": [True, False, True]},
        {"+": [1, "2", 3, "4", "", True, False, None]},
        {"+": True},
        {"+": False},
        {"+": ""},
        {"+": None},
    ],
    "a product of one value is that value, unparsed": [
        {"*": ["1"]},
        {"*": "-1"},
        {"*": "0"},
        {"*": ""},
        {"*": None},
        {"*": True},
        {"*": False},
    ],
    "a fold without a third argument starts with null, and null + 1 is NaN": [
        {"reduce": [{"var": "numbers"}, {"+": [{"var": "current"}, {"var": "accumulator"}]}]},
    ],
    "an array inside cat is joined with commas": [{"cat": {"merge": [["Hello "], ["World", "!"]]}}],
    "null equals null alone": [{"==": [None, 0]}, {"!=": [None, 0]}],
}
HEAD = """\
# Where we differ from the community's suites

Of the official JSON-Logic suite all 277 cases give the official value, in both evaluators. The community's suites
(json-logic/compat-tables) go further: of {cases} cases {agree} agree, and {differ} differ, each for one of these reasons. A
line is a rule, its data, what the suite wants, and what comes here. A test compares this page with what the engine does:
`tests/conformance/test_jsonlogic_community.py`.
"""
DIFFERENT = [json.dumps(rule) for rules in OFFICIAL.values() for rule in rules]


def outcome(case: dict[str, Any]) -> str:
    """`agrees`, or the reason why not."""
    problems = preflight(case["rule"])
    if problems:
        return "agrees" if "error" in case else refusal(problems[0].message)
    value = compile_condition(case["rule"]).value(case.get("data"))
    if "error" in case:
        return "total"
    return "agrees" if json.dumps(value) == json.dumps(case["result"]) else "value"


def refusal(message: str) -> str:
    if message.startswith("unknown operator"):
        return "operator"
    return "object" if "exactly one key" in message else "arity"


def test_every_difference_has_a_reason() -> None:
    found = Counter(outcome(case) for case in CASES)
    assert set(found) - {"agrees"} <= set(REASONS)
    assert found == {"agrees": 863, "operator": 152, "arity": 42, "object": 6, "total": 55, "value": 20}


def deviations() -> str:
    """The page: every case in which we differ, under its reason."""
    found: dict[str, list[str]] = {reason: [] for reason in REASONS}
    for case in CASES:
        reason = outcome(case)
        if reason != "agrees":
            given = f" on {json.dumps(case['data'], ensure_ascii=False)}" if case.get("data") is not None else ""
            wanted = "an error" if "error" in case else json.dumps(case["result"], ensure_ascii=False)
            found[reason].append(
                f"{json.dumps(case['rule'], ensure_ascii=False)}{given}: {wanted}, {_ours(case['rule'], case)}"
            )
    parts = [
        f"## {reason}: {len(listed)}\n{REASONS[reason]}.\n```text\n" + "\n".join(listed) + "\n```\n"
        for reason, listed in found.items()
    ]
    agree = len(CASES) - sum(map(len, found.values()))
    return HEAD.format(agree=agree, cases=f"{len(CASES):,}", differ=len(CASES) - agree) + "\n" + "\n".join(parts)


def _ours(rule: Any, case: dict[str, Any]) -> str:
    return (
        "refused here"
        if preflight(rule)
        else f"here {json.dumps(compile_condition(rule).value(case.get('data')), ensure_ascii=False)}"
    )


def test_the_page_lists_every_difference() -> None:
    assert (Path(__file__).parents[2] / "rules" / "DEVIATIONS.md").read_text(encoding="utf-8") == deviations()


def test_other_values_are_those_of_the_official_engine() -> None:
    different = [json.dumps(case["rule"]) for case in CASES if outcome(case) == "value"]
    assert sorted(different) == sorted(DIFFERENT)


def test_both_evaluators_agree_on_every_admitted_case() -> None:
    admitted = [case for case in CASES if not preflight(case["rule"])]
    for case in admitted:
        compiled = compile_condition(case["rule"]).value(case.get("data"))
        assert json.dumps(compiled) == json.dumps(trace(case["rule"], case.get("data")).value), case
