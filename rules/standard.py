"""The standard operators that take evaluated arguments, as json-logic-js defines them. All are total on JSON values."""

from __future__ import annotations

import math
from typing import Any

from rules.limits import (
    CHARS_A_STEP,
    COMPARED_ITEMS_A_STEP,
    COPIED_CHARS_A_STEP,
    COPIED_ITEMS_A_STEP,
    ITEMS_A_STEP,
    ITEMS_MAX,
    PATH_STEPS,
    TEXT_CHARS_MAX,
    TEXT_STEPS,
)
from rules.meter import GivenUp, Meter, spend
from rules.values import (
    NAN,
    Number,
    joined,
    less,
    less_or_equal,
    loose,
    member,
    normal,
    parse_number,
    segments_of,
    strict,
    to_number,
    to_text,
    truthy,
)


def unequal(left: Any, right: Any) -> bool:
    return not loose(left, right)


def strictly_unequal(left: Any, right: Any) -> bool:
    return not strict(left, right)


def below(left: Any, middle: Any, *right: Any) -> bool:
    """left < middle, and middle < right where there is a third."""
    return less(left, middle) and all(less(middle, value) for value in right)


def at_most(left: Any, middle: Any, *right: Any) -> bool:
    """left <= middle, and middle <= right where there is a third."""
    return less_or_equal(left, middle) and all(less_or_equal(middle, value) for value in right)


def above(left: Any, right: Any) -> bool:
    return less(right, left)


def at_least(left: Any, right: Any) -> bool:
    return less_or_equal(right, left)


def negation(*values: Any) -> bool:
    return not (values and truthy(values[0]))


def truth(*values: Any) -> bool:
    return bool(values) and truthy(values[0])


def within(meter: Meter, needle: Any, haystack: Any) -> bool:
    """`in`: an element strictly equal to `needle`, or its text inside a text that is not empty."""
    if haystack.__class__ is list:
        return found_among(meter, needle, haystack)
    if haystack.__class__ is not str:
        return False
    spend(meter, len(haystack) // CHARS_A_STEP)
    return haystack != "" and text_of(meter, needle) in haystack


def found_among(meter: Meter, needle: Any, elements: list[Any]) -> bool:
    """`among`, where the array may be of any length: to tell a number from a boolean takes longer."""
    if needle.__class__ is str:
        meter[0] -= len(elements) // ITEMS_A_STEP
        if meter[0] < 0:
            raise GivenUp
        return needle in elements
    spend(meter, len(elements) // COMPARED_ITEMS_A_STEP)
    return among(needle, elements)


def among(needle: Any, elements: Any) -> bool:
    """Whether an array holds an element strictly equal to `needle`."""
    if elements.__class__ is not list or needle.__class__ in (list, dict) or needle not in elements:
        return False
    if needle is None or needle.__class__ is str:
        return True
    boolean = needle.__class__ is bool
    return any(element == needle and (element.__class__ is bool) is boolean for element in elements)


def text_of(meter: Meter, value: Any) -> str:
    """The text of a value, which costs steps by its length."""
    if value.__class__ is list:
        return joined(value, meter)
    spend(meter, len(value) // COPIED_CHARS_A_STEP if value.__class__ is str else TEXT_STEPS)
    return to_text(value)


def cat(meter: Meter, *values: Any) -> str:
    """The values as one text, null as nothing; cut at TEXT_CHARS_MAX."""
    return "".join("" if value is None else text_of(meter, value) for value in values)[:TEXT_CHARS_MAX]


def substr(meter: Meter, source: Any, start: Any, *length: Any) -> str:
    """From `start` (negative: from the end), `length` characters (negative: all but so many at the end)."""
    text = text_of(meter, source)
    begin = _position(to_number(start))
    tail = text[max(len(text) + begin, 0) if begin < 0 else begin :]
    if not length:
        return tail
    count = _position(to_number(length[0]))
    return tail[: max(len(tail) + count, 0) if count < 0 else count]


def _position(number: Number) -> int:
    if math.isnan(number):
        return 0
    return int(max(-TEXT_CHARS_MAX * 100, min(TEXT_CHARS_MAX * 100, number)))


def plus(*values: Any) -> Number:
    """The sum of the numerals that the values begin with; of one value, its number."""
    total: Number = 0
    for value in values:
        total = normal(total + parse_number(value))
    return total


def times(first: Any, *values: Any) -> Any:
    """The product of the numerals that the values begin with; one value alone is given as it is."""
    if not values:
        return first
    product = parse_number(first)
    for value in values:
        product = normal(product * parse_number(value))
    return product


def minus(left: Any, *right: Any) -> Number:
    """The difference, or the negative of one value."""
    return normal(to_number(left) - to_number(right[0])) if right else normal(-to_number(left))


def divide(left: Any, right: Any) -> Number:
    """The quotient; by zero it is infinite, or NaN for zero by zero."""
    dividend, divisor = to_number(left), to_number(right)
    if divisor:
        return normal(dividend / divisor)
    return NAN if dividend == 0 or math.isnan(dividend) else math.copysign(math.inf, dividend)


def remainder(left: Any, right: Any) -> Number:
    """The remainder with the sign of `left`; NaN by zero."""
    dividend, divisor = to_number(left), to_number(right)
    if divisor == 0 or not math.isfinite(dividend):
        return NAN
    return normal(math.fmod(dividend, divisor))


def greatest(*values: Any) -> Number:
    """The largest as a number, NaN if one of them is."""
    numbers = [to_number(value) for value in values]
    return NAN if any(map(math.isnan, numbers)) else max(numbers)


def smallest(*values: Any) -> Number:
    """The smallest as a number, NaN if one of them is."""
    numbers = [to_number(value) for value in values]
    return NAN if any(map(math.isnan, numbers)) else min(numbers)


def merge(meter: Meter, *values: Any) -> list[Any]:
    """One array of the values, arrays among them opened; cut at ITEMS_MAX."""
    merged: list[Any] = []
    for value in values:
        if value.__class__ is list:
            spend(meter, len(value) // COPIED_ITEMS_A_STEP)
            merged.extend(value[: ITEMS_MAX - len(merged)])
        elif len(merged) < ITEMS_MAX:
            merged.append(value)
    return merged


def missing(meter: Meter, scope: Any, *keys: Any) -> list[Any]:
    """Those of the paths (or of the first one, if it is an array) at which `scope` has nothing, null or an empty text."""
    paths = keys[0] if keys and keys[0].__class__ is list else keys
    return [path for path in paths if member(scope, segments(meter, path)) in (None, "")]


def segments(meter: Meter, path: Any) -> tuple[str, ...]:
    """The members that a computed path names in turn, which costs steps by its length and theirs."""
    if path is None:
        return ()
    text = text_of(meter, path)
    spend(meter, PATH_STEPS + text.count(".") + len(text) // ITEMS_A_STEP)
    return segments_of(text)


def missing_some(meter: Meter, scope: Any, needed: Any, paths: Any) -> list[Any]:
    """Nothing if at least `needed` of the paths are there, else those that are not."""
    wanted = paths if paths.__class__ is list else [paths]
    absent = missing(meter, scope, *wanted)
    return [] if len(wanted) - len(absent) >= to_number(needed) else absent
