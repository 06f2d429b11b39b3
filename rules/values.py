"""JSON values as JSON-Logic sees them: truth, numbers, text, equality, order and members, as JavaScript defines them.

Every function is total on JSON values. Deliberate differences from JavaScript, so that the same bytes give the same answer:
arrays and objects are never equal (JavaScript asks whether they are one object in memory), text is counted in code points (no
half characters), only own members can be read (`length` is absent), and zero has no sign. So that it comes soon: a text of more
than NUMERAL_CHARS_MAX characters is no number, an array of more than COMPARED_ITEMS_MAX
elements equals no text, and two arrays have no order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from rules.limits import (
    COMPARED_ITEMS_MAX,
    NESTED_MAX,
    NUMBER_MAX,
    NUMERAL_CHARS_MAX,
    NUMERALS_MAX,
    ORDERED_CHARS_MAX,
    TEXT_CHARS_MAX,
    TEXT_STEPS,
)
from rules.meter import Meter, spend

NAN: Final = math.nan
Number = int | float

_WHITE = (
    "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
)
_DECIMAL = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMERAL = re.compile(_DECIMAL)
_PREFIXED = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")
_INFINITY = re.compile(r"[+-]?Infinity")
_INDEX_DIGITS_MAX = 10
_CONTAINERS = (list, dict)
_TEXTUAL = (str, list, dict)
_PLAIN_EXPONENTS = (-6, 21)


class Absent:
    """The one value that says that there is no such member, which null does not say."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


def truthy(value: Any) -> bool:
    """Whether a test on `value` succeeds: an empty array fails, an empty object does not, NaN fails."""
    if value.__class__ is dict:
        return True
    return bool(value) and value == value  # noqa: PLR0124 - NaN is the value that differs from itself


def normal(number: Number) -> Number:
    """The one form of a number: an integer where it is whole and within 2^53, a float otherwise."""
    if number.__class__ is int:
        return number if -NUMBER_MAX <= number <= NUMBER_MAX else _double(int(number))
    if -NUMBER_MAX <= number <= NUMBER_MAX and number == int(number):
        return int(number)
    return number


def _double(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def to_number(value: Any) -> Number:
    """JavaScript's Number(value): null is 0, an empty text is 0, what is no numeral is NaN."""
    cls = value.__class__
    if cls is int or cls is float:
        return normal(value)
    if value is None:
        return 0
    if cls is bool:
        return int(value)
    if cls is list:
        return _number_of_one(value)
    return _text_number(value) if cls is str and len(value) <= NUMERAL_CHARS_MAX else NAN


def _number_of_one(items: Sequence[Any]) -> Number:
    """Of an array: the number of its one value, by way of its text; of several it is none."""
    value, alone = leading(items)
    return to_number("" if value is None else value) if alone and value.__class__ is not bool else NAN


@lru_cache(maxsize=NUMERALS_MAX)
def _text_number(text: str) -> Number:
    text = text.strip(_WHITE)
    if not text:
        return 0
    if _NUMERAL.fullmatch(text):
        return normal(float(text))
    if _PREFIXED.fullmatch(text):
        return normal(int(text, 0))
    if _INFINITY.fullmatch(text):
        return -math.inf if text[0] == "-" else math.inf
    return NAN


def parse_number(value: Any) -> Number:
    """JavaScript's parseFloat(value), which `+` and `*` use: the numeral a text begins with; null and booleans are NaN."""
    cls = value.__class__
    if cls is int or cls is float:
        return normal(value)
    if cls is list:
        value, _ = leading(value)
        if value.__class__ is int or value.__class__ is float:
            return normal(value)
    return _numeral(value[:NUMERAL_CHARS_MAX]) if value.__class__ is str else NAN


@lru_cache(maxsize=NUMERALS_MAX)
def _numeral(text: str) -> Number:
    text = text.lstrip(_WHITE)
    found = _NUMERAL.match(text)
    if found:
        return normal(float(found[0]))
    infinite = _INFINITY.match(text)
    if infinite:
        return -math.inf if text[0] == "-" else math.inf
    return NAN


def to_text(value: Any) -> str:
    """JavaScript's String(value)."""
    cls = value.__class__
    if cls is str:
        return str(value)
    if value is None:
        return "null"
    if cls is bool:
        return "true" if value else "false"
    if cls is int or cls is float:
        return _number_text(value)
    return joined(value) if cls is list else "[object Object]"


def _number_text(number: Number) -> str:
    number = normal(number)
    if number.__class__ is int:
        return str(number)
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")
    mantissa, _, exponent = repr(abs(number)).partition("e")
    sign, digits, power = "-" if number < 0 else "", mantissa.replace(".", ""), int(exponent or 0)
    if not exponent:
        return sign + mantissa.removesuffix(".0")
    if 0 < power < _PLAIN_EXPONENTS[1]:
        return sign + digits.ljust(power + 1, "0")
    if _PLAIN_EXPONENTS[0] <= power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{digits}"
    return f"{sign}{digits[0]}{'.' + digits[1:] if digits[1:] else ''}e{power:+d}"


def joined(items: Sequence[Any], meter: Meter | None = None) -> str:
    """JavaScript's items.join(","): nested arrays are joined alike, null is empty. Cut at TEXT_CHARS_MAX; costs steps."""
    parts: list[str] = []
    size = 0
    waiting: list[Any] = [items]
    while waiting and size <= TEXT_CHARS_MAX:
        value = waiting.pop()
        if meter is not None:
            spend(meter, TEXT_STEPS)
        if value.__class__ is list and value:
            waiting.extend(reversed(value))
            continue
        part = "" if value is None or value.__class__ is list else to_text(value)
        parts.append(part)
        size += len(part) + 1
    return ",".join(parts)[:TEXT_CHARS_MAX]


def leading(items: Sequence[Any]) -> tuple[Any, bool]:
    """The first value of an array, arrays in it opened, and whether it is the only one. NaN where it is too deep."""
    alone = True
    for _ in range(NESTED_MAX):
        alone = alone and len(items) <= 1
        value = items[0] if items else None
        if value.__class__ is not list:
            return value, alone
        items = value
    return NAN, False


def compared_text(items: Sequence[Any], other: str) -> str | None:
    """So much of the text of an array (see `joined`) as decides how it compares with another text.

    None of an array of more than COMPARED_ITEMS_MAX elements, or of arrays deeper than NESTED_MAX: it compares with no text.
    """
    if len(items) > COMPARED_ITEMS_MAX:
        return None
    text = ""
    for number, element in enumerate(items):
        value, alone = leading(element) if element.__class__ is list else (element, True)
        if not alone:
            return None
        text += ("," if number else "") + ("" if value is None else to_text(value))
        if not other.startswith(text):
            break
    return text


def loose(left: Any, right: Any) -> bool:
    """JavaScript's ==: null equals null alone, numbers and texts meet as numbers."""
    if left is None or right is None:
        return left is right
    if left.__class__ in _CONTAINERS or right.__class__ in _CONTAINERS:
        return _loose_container(left, right)
    if left.__class__ is str and right.__class__ is str:
        return bool(left == right)
    return to_number(left) == to_number(right)


def _loose_container(left: Any, right: Any) -> bool:
    """Of an array or object with what is neither; two of them are never equal."""
    if left.__class__ not in _CONTAINERS:
        left, right = right, left
    if right.__class__ in _CONTAINERS:
        return False
    if right.__class__ is str:
        return bool((compared_text(left, right) if left.__class__ is list else to_text(left)) == right)
    return to_number(left) == to_number(right)


def strict(left: Any, right: Any) -> bool:
    """JavaScript's ===: same type and same value; arrays and objects never."""
    cls = left.__class__
    if cls is list or cls is dict:
        return False
    if (cls is bool) != (right.__class__ is bool):
        return False
    return bool(left == right)


def less(left: Any, right: Any) -> bool:
    """JavaScript's <: texts by UTF-16 units, everything else as numbers; nothing is less than NaN."""
    if left.__class__ in _TEXTUAL and right.__class__ in _TEXTUAL:
        left, right = _texts(left, right)
        return left is not None and right is not None and bool(_units(left, right) < _units(right, left))
    return to_number(left) < to_number(right)


def less_or_equal(left: Any, right: Any) -> bool:
    """JavaScript's <=."""
    if left.__class__ in _TEXTUAL and right.__class__ in _TEXTUAL:
        left, right = _texts(left, right)
        return left is not None and right is not None and bool(_units(left, right) <= _units(right, left))
    return to_number(left) <= to_number(right)


def _texts(left: Any, right: Any) -> tuple[str | None, str | None]:
    """What is ordered as texts: an array by as much of its text as decides. Two arrays have no order."""
    if left.__class__ is list and right.__class__ is list:
        return None, None
    if left.__class__ is list:
        return compared_text(left, to_text(right)), to_text(right)
    text = to_text(left)
    return text, compared_text(right, text) if right.__class__ is list else to_text(right)


def _units(text: str, other: str) -> Any:
    """What orders a text against another one: where either is ASCII, code points are in the order of units."""
    if text.isascii() or other.isascii():
        return text
    return text[:ORDERED_CHARS_MAX].encode("utf-16-be", "surrogatepass")


def segments_of(path: Any) -> tuple[str, ...]:
    """The members that a path names in turn: `a.b` names `a`, then `b`; null and the empty text name none."""
    return () if path is None or path == "" else tuple(to_text(path).split("."))


def member(value: Any, segments: Iterable[str], otherwise: Any = None) -> Any:
    """What stands at `segments` in `value`; `otherwise` where nothing does. A null that stands there is null."""
    for segment in segments:
        if value.__class__ is dict or isinstance(value, Mapping):
            value = value.get(segment, ABSENT)
        elif value.__class__ is list or value.__class__ is str:
            value = _element(value, segment)
        else:
            return otherwise
        if value is ABSENT:
            return otherwise
    return value


def _element(sequence: Sequence[Any], segment: str) -> Any:
    if not (segment.isascii() and segment.isdigit()) or len(segment) > _INDEX_DIGITS_MAX:
        return ABSENT
    if segment[0] == "0" and segment != "0":
        return ABSENT
    index = int(segment)
    return sequence[index] if index < len(sequence) else ABSENT
