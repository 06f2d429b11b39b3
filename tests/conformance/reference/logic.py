"""JSON-Logic as json-logic-js has it, plus the extension operators of `check.md`."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

from tests.conformance.reference import times

Scope = Any
ABSENT = object()


def truthy(value: Any) -> bool:
    """JavaScript's truth, except that an empty array is false."""
    if isinstance(value, (list, tuple)):
        return len(value) > 0
    if isinstance(value, float) and math.isnan(value):
        return False
    if isinstance(value, Mapping):
        return True
    return bool(value)


def number(value: Any) -> float:
    """JavaScript's Number(value)."""
    if value is None:
        return 0
    if isinstance(value, (bool, int, float)):
        return value + 0
    if isinstance(value, str):
        text = value.strip()
        try:
            return float(text) if text else 0
        except ValueError:
            return math.nan
    return number(text_of(value)) if isinstance(value, (list, tuple)) else math.nan


def text_of(value: Any) -> str:
    """JavaScript's String(value)."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, (list, tuple)):
        return ",".join("" if item is None else text_of(item) for item in value)
    return "[object Object]" if isinstance(value, Mapping) else str(value)


def kind(value: Any) -> str:
    """The JavaScript type, arrays told apart."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, (list, tuple)) else "object"


def strictly(left: Any, right: Any) -> bool:
    """`===`: no two arrays or objects are the same."""
    return kind(left) == kind(right) and kind(left) not in {"array", "object"} and bool(left == right)


def loosely(left: Any, right: Any) -> bool:
    """`==`."""
    kinds = {kind(left), kind(right)}
    if "null" in kinds:
        return kinds == {"null"}
    if len(kinds) == 1:
        return strictly(left, right)
    if kinds & {"array", "object"}:
        if kinds == {"array", "object"}:
            return False
        left, right = (text_of(side) if kind(side) in {"array", "object"} else side for side in (left, right))
        return loosely(left, right)
    return number(left) == number(right)


def below(left: Any, right: Any, *, or_equal: bool = False) -> bool:
    """`<` and `<=`."""
    left, right = (text_of(side) if kind(side) in {"array", "object"} else side for side in (left, right))
    if not (isinstance(left, str) and isinstance(right, str)):
        left, right = number(left), number(right)
    return bool(left <= right) if or_equal else bool(left < right)


def chain(values: Sequence[Any], *, or_equal: bool) -> bool:
    """`a < b`, or between."""
    if len(values) == 3:
        return below(values[0], values[1], or_equal=or_equal) and below(values[1], values[2], or_equal=or_equal)
    return below(values[0], values[1], or_equal=or_equal)


def parse_float(value: Any) -> float:
    """JavaScript's parseFloat, without its leniency for trailing text."""
    if isinstance(value, bool) or value is None:
        return math.nan
    return number(value)


def path_of(scope: Scope, path: Any, default: Any = None) -> Any:
    """`var`: a default is for what is absent; a null on the way is absence."""
    if path is None or path == "":
        return scope
    found = scope
    for part in text_of(path).split("."):
        if isinstance(found, Mapping):
            found = found.get(part, ABSENT)
        elif isinstance(found, (list, tuple)) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            return default
        if found is ABSENT:
            return default
    return found


def evaluate(rule: Any, scope: Scope, root: Scope | None = None) -> Any:
    """The value of a rule."""
    root = scope if root is None else root
    if isinstance(rule, list):
        return [evaluate(item, scope, root) for item in rule]
    if not (isinstance(rule, Mapping) and len(rule) == 1):
        return rule
    name, arguments = next(iter(rule.items()))
    arguments = arguments if isinstance(arguments, list) else [arguments]
    if name in LAZY:
        return LAZY[name](arguments, scope, root)
    values = [evaluate(item, scope, root) for item in arguments]
    if name in SCOPED:
        return SCOPED[name](values, scope, root)
    if name in PLAIN:
        return PLAIN[name](*values)
    msg = f"unknown operator {name!r}"
    raise ValueError(msg)


def holds(rules: Any, scope: Scope) -> bool:
    """Whether a condition, or every one of a list of them, is true. No condition is."""
    if rules is None:
        return True
    return all(truthy(evaluate(rule, scope)) for rule in (rules if isinstance(rules, list) else [rules]))


def _if(arguments: list[Any], scope: Scope, root: Scope) -> Any:
    at = 0
    while at + 1 < len(arguments):
        if truthy(evaluate(arguments[at], scope, root)):
            return evaluate(arguments[at + 1], scope, root)
        at += 2
    return evaluate(arguments[at], scope, root) if at < len(arguments) else None


def _and(arguments: list[Any], scope: Scope, root: Scope) -> Any:
    found = None
    for argument in arguments:
        found = evaluate(argument, scope, root)
        if not truthy(found):
            return found
    return found


def _or(arguments: list[Any], scope: Scope, root: Scope) -> Any:
    found = None
    for argument in arguments:
        found = evaluate(argument, scope, root)
        if truthy(found):
            return found
    return found


def _elements(arguments: list[Any], scope: Scope, root: Scope) -> list[Any]:
    found = evaluate(arguments[0], scope, root)
    return list(found) if isinstance(found, (list, tuple)) else []


def _each(arguments: list[Any], scope: Scope, root: Scope) -> list[tuple[Any, Any]]:
    return [(item, evaluate(arguments[1], item, root)) for item in _elements(arguments, scope, root)]


def _reduce(arguments: list[Any], scope: Scope, root: Scope) -> Any:
    start = evaluate(arguments[2], scope, root) if len(arguments) > 2 else None

    def step(so_far: Any, item: Any) -> Any:
        return evaluate(arguments[1], {"current": item, "accumulator": so_far}, root)

    return reduce(step, _elements(arguments, scope, root), start)


def _all(arguments: list[Any], scope: Scope, root: Scope) -> bool:
    found = _each(arguments, scope, root)
    return bool(found) and all(truthy(value) for _, value in found)


LAZY: dict[str, Callable[[list[Any], Scope, Scope], Any]] = {
    "if": _if,
    "?:": _if,
    "and": _and,
    "or": _or,
    "map": lambda a, s, r: [value for _, value in _each(a, s, r)],
    "filter": lambda a, s, r: [item for item, value in _each(a, s, r) if truthy(value)],
    "reduce": _reduce,
    "all": _all,
    "some": lambda a, s, r: any(truthy(value) for _, value in _each(a, s, r)),
    "none": lambda a, s, r: not any(truthy(value) for _, value in _each(a, s, r)),
}


def _missing(values: list[Any], scope: Scope, _root: Scope) -> list[Any]:
    names = values[0] if values and isinstance(values[0], list) else values
    return [name for name in names if path_of(scope, name) in (None, "")]


def _missing_some(values: list[Any], scope: Scope, root: Scope) -> list[Any]:
    lacking = _missing(values[1], scope, root)
    return [] if len(values[1]) - len(lacking) >= values[0] else lacking


def _ago(values: list[Any], _scope: Scope, root: Scope) -> str | None:
    length = times.duration(values[0])
    return None if length is None else times.iso(times.instant(root["now"]) - length)


def _lookup(values: list[Any], _scope: Scope, root: Scope) -> Any:
    table, key, column, *default = values
    cell = root["tables"].get(table, {}).get(text_of(key), {}).get(column)
    return (default[0] if default else None) if cell is None else cell


def _bucket(values: list[Any], _scope: Scope, root: Scope) -> int:
    digest = hashlib.sha256(f"{values[0]}\0bucket\0{root['profile']['id']}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % int(values[1])


SCOPED: dict[str, Callable[[list[Any], Scope, Scope], Any]] = {
    "var": lambda v, s, _r: path_of(s, v[0] if v else "", v[1] if len(v) > 1 else None),
    "missing": _missing,
    "missing_some": _missing_some,
    "ago": _ago,
    "lookup": _lookup,
    "bucket": _bucket,
    "segment": lambda v, _s, r: v[0] in r["profile"]["segments"],
}


def _in(part: Any, whole: Any) -> bool:
    if isinstance(whole, str):
        return text_of(part) in whole
    return isinstance(whole, (list, tuple)) and any(strictly(part, item) for item in whole)


def _plus(*values: Any) -> float:
    return sum(parse_float(value) for value in values)


def _minus(left: Any, right: Any = ABSENT) -> float:
    return -number(left) if right is ABSENT else number(left) - number(right)


def _times(*values: Any) -> float:
    return math.prod(parse_float(value) for value in values)


def _divide(left: Any, right: Any) -> float:
    over, under = number(left), number(right)
    if under == 0:
        return math.nan if over == 0 or math.isnan(over) else math.copysign(math.inf, over)
    return over / under


def _remainder(left: Any, right: Any) -> float:
    over, under = number(left), number(right)
    return math.nan if under == 0 else math.fmod(over, under)


def _substr(text: Any, start: Any, length: Any = None) -> str:
    whole = text_of(text)[int(number(start)) :]
    return whole if length is None else whole[: int(number(length))]


def _merge(*values: Any) -> list[Any]:
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


def _before(left: Any, right: Any) -> bool:
    first, second = times.instant_or_none(left), times.instant_or_none(right)
    return first is not None and second is not None and first < second


def _days_between(left: Any, right: Any) -> int | None:
    first, second = times.instant_or_none(left), times.instant_or_none(right)
    return None if first is None or second is None else times.utc_day(second) - times.utc_day(first)


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(whole, str):
        return isinstance(part, str) and part in whole
    return isinstance(whole, list) and any(strictly(part, item) for item in whole)


def _count(*values: Any) -> int:
    if len(values) == 1 and isinstance(values[0], list):
        return len(values[0])
    return sum(truthy(value) for value in values)


PLAIN: dict[str, Callable[..., Any]] = {
    "==": loosely,
    "!=": lambda left, right: not loosely(left, right),
    "===": strictly,
    "!==": lambda left, right: not strictly(left, right),
    "<": lambda *v: chain(v, or_equal=False),
    "<=": lambda *v: chain(v, or_equal=True),
    ">": lambda left, right: below(right, left),
    ">=": lambda left, right: below(right, left, or_equal=True),
    "!": lambda value=None: not truthy(value),
    "!!": lambda value=None: truthy(value),
    "in": _in,
    "cat": lambda *v: "".join(text_of(item) for item in v),
    "substr": _substr,
    "+": _plus,
    "-": _minus,
    "*": _times,
    "/": _divide,
    "%": _remainder,
    "max": lambda *v: max(map(number, v)),
    "min": lambda *v: min(map(number, v)),
    "merge": _merge,
    "before": _before,
    "after": lambda left, right: _before(right, left),
    "days_between": _days_between,
    "days": lambda amount: int(number(amount) * times.DAY),
    "hours": lambda amount: int(number(amount) * times.HOUR),
    "minutes": lambda amount: int(number(amount) * times.MINUTE),
    "lower": lambda text: text.lower() if isinstance(text, str) else None,
    "contains": _contains,
    "starts_with": lambda text, start: isinstance(text, str) and isinstance(start, str) and text.startswith(start),
    "ends_with": lambda text, end: isinstance(text, str) and isinstance(end, str) and text.endswith(end),
    "any_of": lambda left, right: any(_contains(right, item) for item in left or []),
    "all_of": lambda whole, wanted: all(_contains(whole, item) for item in wanted or []),
    "count": _count,
}
