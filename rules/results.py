"""What an operator gives, from the types of what it is given. A null among numbers counts as 0, as most engines have it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Final

from rules.limits import DAY_MS, HOUR_MS, MINUTE_MS
from rules.operators import OPERATORS
from rules.types import ANY, BOOLEAN, LIST, NUMBER, TEXT, TIME, Type, list_of, number, union

Span = tuple[float, float]


def result(name: str, given: Sequence[Type]) -> Type:
    """The type of what the operator gives; it decides nothing about what the operator may be given."""
    if OPERATORS[name].boolean:
        return BOOLEAN
    made = _MADE.get(name)
    return ANY if made is None else made(given)


def span_of(given: Type) -> Span:
    """The least and the greatest number that it may be."""
    if given.kinds == {"null"}:
        return 0, 0
    if not given.kinds <= {"number", "null"}:
        return -inf, inf
    return (min(given.low, 0), max(given.high, 0)) if "null" in given.kinds else (given.low, given.high)


def _sum(given: Sequence[Type]) -> Type:
    spans = [span_of(each) for each in given]
    return number(sum(low for low, _ in spans), sum(high for _, high in spans))


def _difference(given: Sequence[Type]) -> Type:
    spans = [span_of(each) for each in given]
    if len(spans) == 1:
        return number(-spans[0][1], -spans[0][0])
    return number(spans[0][0] - spans[1][1], spans[0][1] - spans[1][0])


def _product(given: Sequence[Type]) -> Type:
    low, high = span_of(given[0])
    for each in given[1:]:
        ends = [_times(one, other) for one in (low, high) for other in span_of(each)]
        low, high = min(ends), max(ends)
    return number(low, high)


def _times(one: float, other: float) -> float:
    return 0 if 0 in (one, other) else one * other


def _greatest(given: Sequence[Type]) -> Type:
    return number(max(span_of(each)[0] for each in given), max(span_of(each)[1] for each in given))


def _smallest(given: Sequence[Type]) -> Type:
    return number(min(span_of(each)[0] for each in given), min(span_of(each)[1] for each in given))


def _many(unit: int) -> Callable[[Sequence[Type]], Type]:
    return lambda given: _product([*given, number(unit, unit)])


def _merged(given: Sequence[Type]) -> Type:
    return list_of(union(*(each.inner() if "list" in each.kinds else each for each in given)))


_MADE: Final[dict[str, Callable[[Sequence[Type]], Type]]] = {
    "+": _sum,
    "-": _difference,
    "*": _product,
    "/": lambda _: NUMBER,
    "%": lambda _: NUMBER,
    "max": _greatest,
    "min": _smallest,
    "cat": lambda _: TEXT,
    "substr": lambda _: TEXT,
    "merge": _merged,
    "missing": lambda _: list_of(TEXT),
    "missing_some": lambda _: list_of(TEXT),
    "days_between": lambda _: NUMBER,
    "ago": lambda _: TIME,
    "days": _many(DAY_MS),
    "hours": _many(HOUR_MS),
    "minutes": _many(MINUTE_MS),
    "lower": lambda _: TEXT,
    "count": lambda given: number(0, inf if len(given) == 1 and "list" in given[0].kinds else len(given)),
    "bucket": lambda _: number(0, inf),
    "filter": lambda given: given[0] if given else LIST,
}
