"""Date-times and durations as text. An instant is integer milliseconds since 1970-01-01 UTC, a duration milliseconds."""

from __future__ import annotations

import datetime as dt
import math
import re
from functools import lru_cache
from typing import Any

from rules.limits import DAY_MS, HOUR_MS, MINUTE_MS, NUMBER_MAX, PARSED_INSTANTS_MAX, SECOND_MS
from rules.values import to_number

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY_SECONDS = DAY_MS // 1000
_CHARS_MAX = 64
_MS = dt.timedelta(milliseconds=1)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME = re.compile(r"[0-9-]{10}[Tt ][0-9:]{8}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})")
_DURATION = re.compile(r"([0-9]{1,9})(s|m|h|d|w)")
_UNIT_MS = {"s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": 7 * DAY_MS}


def microseconds_of(value: Any) -> int | None:
    """Microseconds since 1970-01-01 UTC of an RFC 3339 date-time or a date (its UTC midnight); None for anything else."""
    return _parsed(value) if value.__class__ is str and len(value) <= _CHARS_MAX else None


@lru_cache(maxsize=PARSED_INSTANTS_MAX)
def _parsed(text: str) -> int | None:
    try:
        if _DATE_TIME.fullmatch(text):
            since = dt.datetime.fromisoformat(text.upper()) - _EPOCH
            return (since.days * _DAY_SECONDS + since.seconds) * 1_000_000 + since.microseconds
        if _DATE.fullmatch(text):
            return (dt.date.fromisoformat(text).toordinal() - _EPOCH.toordinal()) * _DAY_SECONDS * 1_000_000
    except ValueError:
        return None
    return None


def utc_day_of(value: Any) -> int | None:
    """Days from 1970-01-01 to the UTC date of a date-time; None for what is none."""
    moment = microseconds_of(value)
    return None if moment is None else moment // (DAY_MS * 1000)


def duration_of(value: Any) -> int | None:
    """Milliseconds of a duration: a number of them, or a text like `90m`, `12h`, `3d`, `2w`; None for anything else."""
    if value.__class__ is str:
        return _written_duration(value) if len(value) <= _CHARS_MAX else None
    if value.__class__ is int or value.__class__ is float:
        return _whole(value)
    return None


@lru_cache(maxsize=PARSED_INSTANTS_MAX)
def _written_duration(text: str) -> int | None:
    found = _DURATION.fullmatch(text)
    return int(found[1]) * _UNIT_MS[found[2]] if found else None


def of_units(amount: Any, unit: int) -> int | None:
    """Milliseconds of `amount` units of `unit` milliseconds, cut to whole ones; None where there is no such amount."""
    if amount is None or amount.__class__ is bool:
        return None
    number = to_number(amount)
    return None if math.isnan(number) else _whole(number * unit)


def _whole(number: float) -> int | None:
    return int(number) if -NUMBER_MAX <= number <= NUMBER_MAX else None


@lru_cache(maxsize=PARSED_INSTANTS_MAX)
def iso(instant: int) -> str | None:
    """RFC 3339 in UTC with milliseconds, `2026-01-31T09:00:00.000Z`; None outside the years 1 to 9999."""
    try:
        moment = _EPOCH + instant * _MS
    except OverflowError:
        return None
    return moment.isoformat("T", "milliseconds")[:-6] + "Z"
