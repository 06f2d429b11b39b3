"""A condition that was judged, a line a node: whether it held, its clause, and the values that it saw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.insight.reading.conditions import Words
from orchestrator.insight.reading.tongue import Tongue
from rules import Trace
from rules.nodes import operation
from rules.operators import ITERATIONS
from rules.values import truthy

_JUNCTIONS = {"and": "all_of_these", "or": "one_of_these"}
_SHOWN = 5
"""Values of a clause, and elements of a list, that a line shows."""
TRUE, FALSE, UNASKED = "✓", "✗", "·"


def judged_lines(rule: Any, trace: Trace, tongue: Tongue, depth: int = 0) -> Iterator[str]:
    """The tree, indented by its depth; what was not asked, because a part before it decided, stands after `·`."""
    name, given = operation(rule) if rule.__class__ is dict else ("", [])
    before = f"{'  ' * depth}{TRUE if truthy(trace.value) else FALSE}"
    if name in _JUNCTIONS and len(given) > 1:
        yield f"{before} {tongue.say(_JUNCTIONS[name])}"
        for number, part in enumerate(given):
            if number < len(trace.children):
                yield from judged_lines(part, trace.children[number], tongue, depth + 1)
            else:
                yield f"{'  ' * (depth + 1)}{UNASKED} {tongue.say('not_asked', Words(tongue).test(part))}"
    elif name in ("!!", *_JUNCTIONS) and trace.children:
        yield from judged_lines(given[0], trace.children[0], tongue, depth)
    elif name == "!" and trace.children and _is_junction(given[0]):
        yield f"{before} {tongue.say('none_of_this')}"
        yield from judged_lines(given[0], trace.children[0], tongue, depth + 1)
    else:
        yield f"{before} {_clause(rule, trace, tongue)}"


def _is_junction(rule: Any) -> bool:
    return rule.__class__ is dict and operation(rule)[0] in _JUNCTIONS


def _clause(rule: Any, trace: Trace, tongue: Tongue) -> str:
    """The clause and what it read: each value once."""
    words = Words(tongue)
    seen = dict(list(_read(rule, trace, words, top=True))[:_SHOWN])
    values = tongue.both([tongue.tests["=="].format(name, _shown(value, tongue)) for name, value in seen.items()])
    return tongue.say("seen", words.test(rule), values) if values else words.test(rule)


def _read(rule: Any, trace: Trace, words: Words, *, top: bool = False) -> Iterator[tuple[str, Any]]:
    """What each part gave that is no constant: a computed one before what it was made of."""
    if rule.__class__ is not dict:
        return
    name, given = operation(rule)
    if not top and name not in _JUNCTIONS:
        yield words.value(rule), trace.value
    if name == "var":
        if top:
            yield words.value(rule), trace.value
        return
    parts = given[:1] if name in ITERATIONS or name == "reduce" else given
    for part, child in zip(parts, trace.children, strict=False):
        yield from _read(part, child, words)


def _shown(value: Any, tongue: Tongue) -> str:
    if isinstance(value, list) and len(value) > _SHOWN:
        return tongue.say("and_more", tongue.both([tongue.constant(one) for one in value[:_SHOWN]]))
    return tongue.both([tongue.constant(one) for one in value]) if isinstance(value, list) and value else tongue.constant(value)
