"""Whatever the condition, its words hold no JSON, name every variable, and a refusal always has a reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.insight.reading.conditions import _ELEMENTS, Words
from orchestrator.insight.reading.names import Scope, variable
from orchestrator.insight.reading.tongue import TONGUES, Tongue
from orchestrator.insight.reading.why import why_not
from rules import trace
from rules.nodes import operation
from rules.values import truthy
from tests.property.test_rules_evaluators import ROOTS, RULES, TABLES


def variables(rule: Any, scope: Scope = "") -> Iterator[tuple[str, Scope]]:
    """The paths that stand in the rule, each with its scope."""
    if rule.__class__ is list:
        for part in rule:
            yield from variables(part, scope)
    if rule.__class__ is not dict:
        return
    name, given = operation(rule)
    if name == "var" and given and given[0].__class__ is str:
        yield given[0], scope
    for place, part in enumerate(given):
        yield from variables(part, _ELEMENTS[name] if name in _ELEMENTS and place == 1 else scope)


@settings(max_examples=400, deadline=None)
@given(rule=RULES, tongue=st.sampled_from(list(TONGUES.values())))
def test_words_hold_no_json_and_name_every_variable(rule: Any, tongue: Tongue) -> None:
    for words in (Words(tongue).test(rule), Words(tongue).value(rule), " ".join(Words(tongue).parts(rule))):
        assert words
        assert not set('{}[]"') & set(words)
        lacking = [path for path, scope in variables(rule) if variable(path, tongue, scope) not in words]
        assert lacking == []


@settings(max_examples=400, deadline=None)
@given(rule=RULES, data=ROOTS, tongue=st.sampled_from(list(TONGUES.values())))
def test_what_did_not_hold_has_a_reason(rule: Any, data: Any, tongue: Tongue) -> None:
    found = trace(rule, data, TABLES)
    if not truthy(found.value):
        assert why_not(rule, found, tongue)
