"""A JSON-Logic rule in plain words: as a clause that is true or not, or as the name of a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orchestrator.authoring.units import duration
from orchestrator.insight.reading.names import Scope, variable
from orchestrator.insight.reading.tongue import Tongue
from rules.limits import DAY_MS, HOUR_MS, MINUTE_MS
from rules.nodes import gives_boolean, operation
from rules.operators import ITERATIONS

_INFIX = {"+": "+", "*": "\N{MULTIPLICATION SIGN}", "-": "\N{MINUS SIGN}", "/": "÷"}
_JOINED = ("and", "or", "if", "?:")
_HEADS = {"and": "holds_all", "or": "holds_any"}
_EQUALITIES = {"==": "!=", "===": "!==", "!=": "==", "!==": "==="}
"""Each and its opposite."""
_BETWEEN = {"<": "between", "<=": "from_to"}
_UNIT_MS = {"days": DAY_MS, "hours": HOUR_MS, "minutes": MINUTE_MS}
_THREE = 3
_ELEMENTS: dict[str, Scope] = {**dict.fromkeys(ITERATIONS, "element"), "reduce": "fold"}


@dataclass(frozen=True, slots=True)
class Words:
    """Says rules in one language, at one scope."""

    tongue: Tongue
    scope: Scope = ""

    # ── clauses ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def test(self, rule: Any) -> str:
        """A clause that is true where the rule is."""
        if rule.__class__ is not dict:
            return self._constant_test(rule)
        name, given = operation(rule)
        if name in _CLAUSES:
            return _CLAUSES[name](self, name, given)
        if name in self.tongue.tests:
            return self.tongue.tests[name].format(*self._named(name, given))
        return self.tongue.say("truthy", self.value(rule))

    def parts(self, rule: Any) -> list[str]:
        """The clauses that must all hold: those of an `and` one by one."""
        if rule.__class__ is dict and "and" in rule:
            return [clause for part in operation(rule)[1] for clause in self.parts(part)]
        return [self.block(rule)]

    def block(self, rule: Any) -> str:
        """The clause, over several lines where it joins what is itself joined: a line each, indented."""
        name, given = operation(rule) if rule.__class__ is dict else ("", [])
        inner = [operation(part)[0] if part.__class__ is dict else "" for part in given]
        if name not in _HEADS or len(given) < 2 or not {*_HEADS} & {*inner}:  # noqa: PLR2004 - one alone joins nothing
            return self.test(rule)
        lines = [self.block(part).replace("\n", "\n  ") for part in given]
        return "\n".join([self.tongue.say(_HEADS[name]), *(f"- {line}" for line in lines)])

    def _constant_test(self, rule: Any) -> str:
        if rule.__class__ is list and rule:
            return self.tongue.say("truthy", self.value(rule))
        return self.tongue.say("always" if rule else "never")

    def _junction(self, name: str, given: list[Any]) -> str:
        clauses = [self._closed(part) if len(given) > 1 else self.test(part) for part in given]
        return self.tongue.both(clauses) if name == "and" else self.tongue.either(clauses)

    def _closed(self, rule: Any) -> str:
        """A clause that may stand among others."""
        name, given = operation(rule) if rule.__class__ is dict else ("", [])
        return f"({self.test(rule)})" if name in _JOINED and len(given) > 1 else self.test(rule)

    def _choice(self, _name: str, given: list[Any]) -> str:
        if len(given) < 2:  # noqa: PLR2004 - nothing to choose from
            return self.test(given[0] if given else None)
        then, rest = given[1], given[2:]
        if not rest:
            return self.tongue.say("if_only", self._closed(given[0]), self._closed(then))
        return self.tongue.say("if_else", self._closed(given[0]), self._closed(then), self._closed({"if": rest}))

    def _negation(self, _name: str, given: list[Any]) -> str:
        inner = given[0] if given else None
        if inner.__class__ is dict and (words := self._denied(*operation(inner))):
            return words
        if gives_boolean(inner) or (inner.__class__ is dict and operation(inner)[0] in _JOINED):
            return self.tongue.say("not", self._closed(inner))
        return self.tongue.say("falsy", self.value(inner))

    def _denied(self, name: str, given: list[Any]) -> str:
        """That the operator gives false, said so that it needs no parentheses; empty where the language has no such words."""
        if name in _EQUALITIES and None in given:
            return self._equality(_EQUALITIES[name], given)
        if name == "missing":
            return self.tongue.say("not_missing", self._paths(given[0] if _is_list(given) else given))
        if name == "in" and given[1].__class__ is list:
            return self.tongue.say("not_one_of", *map(self.value, given))
        if f"not_{name}" not in self.tongue.phrases or (name in _BETWEEN and len(given) == _THREE):
            return ""
        return self.tongue.say(f"not_{name}", *self._named(name, given))

    def _truth(self, _name: str, given: list[Any]) -> str:
        return self.test(given[0] if given else None)

    def _equality(self, name: str, given: list[Any]) -> str:
        left, right = given
        if left is None and right is not None:
            left, right = right, left
        if right is None and left is not None:
            return self.tongue.say("absent" if name in ("==", "===") else "present", self.value(left))
        return self.tongue.tests[name].format(self.value(left), self.value(right))

    def _within(self, name: str, given: list[Any]) -> str:
        needle, haystack = given
        if haystack.__class__ is list:
            return self.tongue.say("one_of", self.value(needle), self.value(haystack))
        return self.tongue.tests[name].format(self.value(needle), self.value(haystack))

    def _order(self, name: str, given: list[Any]) -> str:
        values = [self.value(one) for one in given]
        if len(given) == _THREE:
            return self.tongue.say(_BETWEEN[name], *values)
        return self.tongue.tests[name].format(*values)

    def _missing(self, name: str, given: list[Any]) -> str:
        if name == "missing":
            return self.tongue.say("missing_any", self._paths(given[0] if _is_list(given) else given))
        return self.tongue.say("missing_enough", self.value(given[0]), self._paths(given[1]))

    # ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def value(self, rule: Any) -> str:
        """The name of what the rule gives."""
        if rule.__class__ is list:
            return self.tongue.either([self.value(one) for one in rule]) or self.tongue.say("empty_list")
        if rule.__class__ is not dict:
            return self.tongue.constant(rule)
        name, given = operation(rule)
        if name in _NOUNS:
            return _NOUNS[name](self, name, given)
        if name in _INFIX:
            return self._sum(name, given)
        if name in self.tongue.values:
            named = self._named(name, given)
            return self.tongue.values[name].format(*named, all=self.tongue.both(named) or self.tongue.say("nothing"))
        return self.tongue.say("whether", self.test(rule))

    def _named(self, name: str, given: list[Any]) -> list[str]:
        """The arguments in words; what is judged on each element, at that scope; what is not given, as nothing."""
        scope = _ELEMENTS.get(name)
        if scope is None:
            return [self.value(one) for one in given]
        inside = Words(self.tongue, scope)
        judged = inside.value(given[1]) if name in ("map", "reduce") else inside.test(given[1])
        return [self.value(given[0]), judged]

    def _variable(self, _name: str, given: list[Any]) -> str:
        path = given[0] if given else ""
        if path.__class__ in (dict, list):
            words = self.tongue.say("computed", self.value(path))
        else:
            words = variable("" if path is None else str(path), self.tongue, self.scope)
        return self.tongue.say("default", words, self.value(given[1])) if len(given) > 1 else words

    def _sum(self, name: str, given: list[Any]) -> str:
        values = [f"({self.value(one)})" if _is_sum(one) else self.value(one) for one in given]
        if len(values) == 1:
            return f"{_INFIX[name]}{values[0]}" if name == "-" else values[0]
        return f" {_INFIX[name]} ".join(values) or self.tongue.constant(0)

    def _selected(self, _name: str, given: list[Any]) -> str:
        if len(given) < 2:  # noqa: PLR2004 - nothing to choose from
            return self.value(given[0] if given else None)
        return self.tongue.say("one_else", self.value(given[1]), self._closed(given[0]), self.value({"if": given[2:]}))

    def _first_true(self, name: str, given: list[Any]) -> str:
        """The value of an `and` or `or` that is no clause."""
        if all(map(gives_boolean, given)):
            return self.tongue.say("whether", self._junction(name, given))
        values = [self.value(one) for one in given]
        return self.tongue.both(values) if name == "and" else self.tongue.either(values)

    def _absent(self, name: str, given: list[Any]) -> str:
        if name == "missing":
            return self.tongue.values[name].format(all=self._paths(given[0] if _is_list(given) else given))
        return self.tongue.values[name].format(self.value(given[0]), self._paths(given[1]))

    def _paths(self, given: Any) -> str:
        """Paths that are texts, as the variables that they name."""
        paths = given if given.__class__ is list else [given]
        return self.tongue.both([self._path(one) for one in paths]) or self.tongue.say("nothing")

    def _path(self, path: Any) -> str:
        return variable(path, self.tongue, self.scope) if path.__class__ is str else self.value(path)

    def _substring(self, name: str, given: list[Any]) -> str:
        words = self.tongue.values[name].format(*map(self.value, given[:2]))
        return words if len(given) < _THREE else self.tongue.say("more", words, self.value(given[2]))

    def _reduced(self, name: str, given: list[Any]) -> str:
        words = self.tongue.values[name].format(*self._named(name, given))
        return words if len(given) < _THREE else self.tongue.say("starting", words, self.value(given[2]))

    def _looked_up(self, name: str, given: list[Any]) -> str:
        words = self.tongue.values[name].format(*map(self.value, given[:_THREE]))
        return words if len(given) == _THREE else self.tongue.say("default", words, self.value(given[3]))

    def _count(self, name: str, given: list[Any]) -> str:
        if len(given) == 1 and not gives_boolean(given[0]):
            return self.tongue.values[name].format(self.value(given[0]))
        return self.tongue.say("counted", "; ".join(map(self.test, given)))

    def _spans(self, name: str, given: list[Any]) -> str:
        if given[0].__class__ is int:
            return self.tongue.span(given[0] * _UNIT_MS[name])
        words = self.value(given[0])
        return self.tongue.values[name].format(f"({words})" if _is_sum(given[0]) else words)

    def _ago(self, name: str, given: list[Any]) -> str:
        length = given[0] if given[0].__class__ is int else duration(given[0])
        return self.tongue.values[name].format(self.value(given[0]) if length is None else self.tongue.span(length))


def _is_sum(rule: Any) -> bool:
    return rule.__class__ is dict and operation(rule)[0] in _INFIX


def _is_list(given: list[Any]) -> bool:
    return len(given) == 1 and given[0].__class__ is list


_CLAUSES: dict[str, Callable[[Words, str, list[Any]], str]] = {
    **dict.fromkeys(("and", "or"), Words._junction),  # noqa: SLF001 - its own
    **dict.fromkeys(("if", "?:"), Words._choice),  # noqa: SLF001
    "!": Words._negation,  # noqa: SLF001
    "!!": Words._truth,  # noqa: SLF001
    **dict.fromkeys(("==", "!=", "===", "!=="), Words._equality),  # noqa: SLF001
    "in": Words._within,  # noqa: SLF001
    **dict.fromkeys(("<", "<="), Words._order),  # noqa: SLF001
    **dict.fromkeys(("missing", "missing_some"), Words._missing),  # noqa: SLF001
}
_NOUNS: dict[str, Callable[[Words, str, list[Any]], str]] = {
    "var": Words._variable,  # noqa: SLF001
    **dict.fromkeys(("if", "?:"), Words._selected),  # noqa: SLF001
    **dict.fromkeys(("and", "or"), Words._first_true),  # noqa: SLF001
    **dict.fromkeys(("missing", "missing_some"), Words._absent),  # noqa: SLF001
    "substr": Words._substring,  # noqa: SLF001
    "reduce": Words._reduced,  # noqa: SLF001
    "lookup": Words._looked_up,  # noqa: SLF001
    "count": Words._count,  # noqa: SLF001
    **dict.fromkeys(_UNIT_MS, Words._spans),  # noqa: SLF001
    "ago": Words._ago,  # noqa: SLF001
}
