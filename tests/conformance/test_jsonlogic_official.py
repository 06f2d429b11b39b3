"""The official JSON-Logic suite, through both evaluators."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rules import compile_condition, trace
from rules.values import truthy

SUITE = Path(__file__).parents[2].parent / "shared" / "corpora" / "jsonlogic" / "official_tests.json"
CASES = [case for case in json.loads(SUITE.read_text("utf-8")) if isinstance(case, list)] if SUITE.exists() else []

pytestmark = pytest.mark.skipif(not CASES, reason="the official suite is not beside this checkout (../shared/corpora)")


def written(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def test_the_suite_is_whole() -> None:
    assert len(CASES) == 277


@pytest.mark.parametrize(("rule", "given", "expected"), CASES)
def test_compiled_condition_gives_the_official_value(rule: Any, given: Any, expected: Any) -> None:
    condition = compile_condition(rule)
    assert written(condition.value(given)) == written(expected)
    assert condition.holds(given) is truthy(expected)


@pytest.mark.parametrize(("rule", "given", "expected"), CASES)
def test_trace_gives_the_official_value(rule: Any, given: Any, expected: Any) -> None:
    assert written(trace(rule, given).value) == written(expected)
