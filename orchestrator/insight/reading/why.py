"""Why a condition was not true: one sentence with the values that decided it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from orchestrator.insight.reading.conditions import Words
from orchestrator.insight.reading.tongue import Tongue
from rules import Trace
from rules.limits import STEPS_MAX
from rules.nodes import operation
from rules.values import truthy

_MIRRORED = {"==": "==", "!=": "!=", "===": "===", "!==": "!==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""The operator with its sides exchanged."""
_NEGATED = {"==": "!=", "!=": "==", "===": "!==", "!==": "===", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_TESTS = (*_MIRRORED, "in", "before", "after", "contains", "starts_with", "ends_with", "any_of", "all_of")
_EMPTY = {"==": "must_absent", "===": "must_absent", "!=": "must_present", "!==": "must_present"}
_TWO = 2
_SHOWN = 5
"""Elements of a list, and variables of a clause, that a sentence shows."""


def why_not(rule: Any, trace: Trace, tongue: Tongue) -> str:
    """Why `rule`, whose evaluation `trace` is, did not hold."""
    if trace.given_up:
        return tongue.say("given_up", tongue.number(STEPS_MAX))
    return _Why(tongue).of(rule, trace)


class _Why:
    def __init__(self, tongue: Tongue) -> None:
        self.tongue, self.words = tongue, Words(tongue)

    def of(self, rule: Any, node: Trace) -> str:
        if rule.__class__ is not dict:
            return self.tongue.say("not_true", self.words.test(rule))
        name, given = operation(rule)
        if name in ("and", "!!") and node.children:  # what was judged last decided
            return self.of(given[len(node.children) - 1], node.children[-1])
        if name in _PARTICULAR and node.children:
            return _PARTICULAR[name](self, rule, given, node)
        if name == "var":
            return self._but(rule, node, self.tongue.say("must_truthy"))
        sides = self._sides(name, given, node) if name in _TESTS and len(given) == _TWO else ""
        return sides or self._plainly(rule, node)

    def _none_of(self, _rule: Any, given: list[Any], node: Trace) -> str:
        reasons = [self.of(part, child) for part, child in zip(given, node.children, strict=False)]
        return reasons[0] if len(reasons) == 1 else self.tongue.say("one_would_do", "; ".join(reasons))

    def _chosen(self, rule: Any, given: list[Any], node: Trace) -> str:
        """The branch that was taken, where one was."""
        tests = len(node.children) - 1
        taken = None
        if len(given) % 2 and tests == len(given) // 2 and not (tests and truthy(node.children[-2].value)):
            taken = given[-1]
        place = 2 * (tests - 1) + 1
        if tests >= 1 and place < len(given) and truthy(node.children[-2].value):
            taken = given[place]
        return self.of(taken, node.children[-1]) if taken.__class__ is dict else self._plainly(rule, node)

    def _negated(self, rule: Any, given: list[Any], node: Trace) -> str:
        inner, seen = given[0], node.children[0]
        name, parts = operation(inner) if inner.__class__ is dict else ("", [])
        if name == "var":
            return self._but(inner, seen, self.tongue.say("must_falsy"))
        if name == "segment":
            return self.tongue.say("in_segment", self.words.value(parts[0]))
        if name == "in" and parts[1].__class__ is list:
            return self._but(parts[0], seen.children[0], self.tongue.say("must_none_of", self.words.value(parts[1])))
        sides = self._sides(_NEGATED[name], parts, seen) if name in _NEGATED and len(parts) == _TWO else ""
        return sides or self._plainly(rule, node)

    def _outside(self, _rule: Any, given: list[Any], _node: Trace) -> str:
        return self.tongue.say("not_in_segment", self.words.value(given[0]))

    def _sides(self, name: str, given: list[Any], node: Trace) -> str:
        """`orders is 1, but must be 2`: what is read on the one side, what it is compared with on the other."""
        (left, right), (seen, other) = given, node.children
        if left.__class__ is not dict and right.__class__ is dict and name in _MIRRORED:
            name, left, right, seen, other = _MIRRORED[name], right, left, other, seen
        if left.__class__ is not dict:
            return ""
        if right is None and name in _EMPTY:
            return self._but(left, seen, self.tongue.say(_EMPTY[name]))
        if name == "in" and right.__class__ is list:
            return self._but(left, seen, self.tongue.say("must_one_of", self.words.value(right)))
        return self._but(left, seen, self.tongue.say(f"must_{name}", self._expected(right, other)))

    def _expected(self, rule: Any, node: Trace) -> str:
        words = self.words.value(rule)
        return self.tongue.say("with_value", words, self._seen(node.value)) if rule.__class__ is dict else words

    def _but(self, rule: Any, node: Trace, must: str) -> str:
        if node.value is None:
            return self.tongue.say("gone_but", self.words.value(rule), must)
        return self.tongue.say("is_but", self.words.value(rule), self._seen(node.value), must)

    def _plainly(self, rule: Any, node: Trace) -> str:
        """The clause as it stands, and what its variables were."""
        clause = self.tongue.say("not_true", self.words.test(rule))
        read = dict(list(self._read(node))[:_SHOWN])
        values = self.tongue.both([self.tongue.tests["=="].format(name, value) for name, value in read.items()])
        return self.tongue.say("seen", clause, values) if values else clause

    def _read(self, node: Trace) -> Iterator[tuple[str, str]]:
        """The variables of the whole input; those of elements would need their element."""
        if node.op == "var" and node.path and "." in node.path:
            yield self.words.value({"var": node.path}), self._seen(node.value)
        for child in node.children:
            yield from self._read(child)

    def _seen(self, value: Any) -> str:
        if isinstance(value, list) and len(value) > _SHOWN:
            return self.tongue.say("and_more", self.tongue.both([self.tongue.constant(one) for one in value[:_SHOWN]]))
        return self.tongue.constant(value)


_PARTICULAR: dict[str, Callable[[_Why, Any, list[Any], Trace], str]] = {
    "or": _Why._none_of,  # noqa: SLF001 - its own
    **dict.fromkeys(("if", "?:"), _Why._chosen),  # noqa: SLF001
    "!": _Why._negated,  # noqa: SLF001
    "segment": _Why._outside,  # noqa: SLF001
}
