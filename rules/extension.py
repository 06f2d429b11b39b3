"""Our own operators: dates, text, lists, segments, tables and sticky buckets. On odd values they give null or false."""

from __future__ import annotations

import math
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from rules.instants import duration_of, iso, microseconds_of, of_units, utc_day_of
from rules.limits import BUCKET_CHARS_MAX, CHARS_A_STEP, DAY_MS, HOUR_MS, LOWER_CHARS_A_STEP, MINUTE_MS, NUMBER_MAX
from rules.meter import Meter, spend
from rules.standard import found_among
from rules.values import member, strict, to_text, truthy


def before(left: Any, right: Any) -> bool:
    """Whether the first date-time is earlier than the second."""
    first, second = microseconds_of(left), microseconds_of(right)
    return first is not None and second is not None and first < second


def after(left: Any, right: Any) -> bool:
    """Whether the first date-time is later than the second."""
    return before(right, left)


def days_between(first: Any, second: Any) -> int | None:
    """UTC date of the second minus UTC date of the first, in days."""
    start, end = utc_day_of(first), utc_day_of(second)
    return None if start is None or end is None else end - start


def ago(root: Any, duration: Any) -> str | None:
    """The instant `now` minus a duration, RFC 3339."""
    now, length = microseconds_of(member(root, ("now",))), duration_of(duration)
    return None if now is None or length is None else iso(now // 1000 - length)


def days(amount: Any) -> int | None:
    """So many days in milliseconds."""
    return of_units(amount, DAY_MS)


def hours(amount: Any) -> int | None:
    """So many hours in milliseconds."""
    return of_units(amount, HOUR_MS)


def minutes(amount: Any) -> int | None:
    """So many minutes in milliseconds."""
    return of_units(amount, MINUTE_MS)


def lower(meter: Meter, text: Any) -> str | None:
    """The text in lower case."""
    if not isinstance(text, str):
        return None
    spend(meter, len(text) // LOWER_CHARS_A_STEP)
    return text.lower()


def contains(meter: Meter, whole: Any, part: Any) -> bool:
    """Whether a text contains a text, or a list an element."""
    if isinstance(whole, str):
        spend(meter, len(whole) // CHARS_A_STEP)
        return isinstance(part, str) and part in whole
    return isinstance(whole, list) and found_among(meter, part, whole)


def starts_with(text: Any, start: Any) -> bool:
    return isinstance(text, str) and isinstance(start, str) and text.startswith(start)


def ends_with(text: Any, end: Any) -> bool:
    return isinstance(text, str) and isinstance(end, str) and text.endswith(end)


def any_of(meter: Meter, left: Any, right: Any) -> bool:
    """Whether two lists share an element."""
    if not isinstance(left, list) or not isinstance(right, list):
        return False
    spend(meter, len(left) + len(right))
    return not _elements(left).isdisjoint(_elements(right))


def all_of(meter: Meter, whole: Any, wanted: Any) -> bool:
    """Whether the first list holds every element of the second; of an empty second one it does."""
    if not isinstance(whole, list) or not isinstance(wanted, list):
        return False
    spend(meter, len(whole) + len(wanted))
    return all(_comparable(element) for element in wanted) and _elements(wanted) <= _elements(whole)


def _elements(items: list[Any]) -> frozenset[tuple[bool, Any]]:
    """The elements that `===` can find, told apart by type: 1 and true are one key of a Python set."""
    return frozenset((element.__class__ is bool, element) for element in items if _comparable(element))


def _comparable(element: Any) -> bool:
    return not isinstance(element, (list, dict)) and strict(element, element)


def count(*values: Any) -> int:
    """How many elements a list has; of several conditions, or one that is no list, how many hold."""
    if len(values) == 1 and values[0].__class__ is list:
        return len(values[0])
    return sum(map(truthy, values))


def segment(root: Any, name: Any) -> bool:
    """Whether the profile is in that segment."""
    segments = member(root, ("profile", "segments"))
    return isinstance(name, str) and isinstance(segments, (list, tuple, dict, set, frozenset)) and name in segments


def lookup(tables: Mapping[str, Any], table: Any, key: Any, column: Any, otherwise: Any = None) -> Any:
    """The cell of a table in the row of `key`; `otherwise` where there is no table, row or cell."""
    if key is None or key.__class__ in (list, dict) or not isinstance(table, str) or not isinstance(column, str):
        return otherwise
    return member(tables, (table, to_text(key), column), otherwise)


def bucket(root: Any, name: Any, size: Any) -> int | None:
    """The sticky bucket, 0 to `size` - 1, in which chance put this profile for `name`."""
    profile = member(root, ("profile", "id"))
    if not isinstance(profile, str) or not isinstance(name, str) or size.__class__ not in (int, float):
        return None
    if len(name) > BUCKET_CHARS_MAX:
        return None
    if not math.isfinite(size) or not 1 <= size <= NUMBER_MAX:
        return None
    digest = sha256(f"{name}\0bucket\0{profile}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % int(size)
