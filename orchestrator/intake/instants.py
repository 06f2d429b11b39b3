"""Points in time as emitters write them → integer milliseconds since 1970-01-01 UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from orchestrator.errors import RejectedEvent
from orchestrator.intake.limits import EARLIEST_MS, EPOCH_SECONDS_MAX, EPOCH_SECONDS_MIN, LATEST_MS
from orchestrator.intake.strict_json import kind_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER = re.compile(r"\d{9,13}(\.\d{1,9})?", re.ASCII)
_QUOTED_CHARS = 40


def instant(value: Any, where: str) -> int:
    """Milliseconds since 1970-01-01 UTC.

    Taken: RFC 3339 (without an offset it is UTC; finer than a millisecond is cut), a date (its midnight in UTC), and
    seconds or milliseconds since 1970 as a number or in digits.
    """
    is_number = type(value) is int or type(value) is float
    if type(value) is str:
        at = _from_text(value)
    elif is_number:
        at = _from_number(value)
    else:
        at = None
    if at is None or not EARLIEST_MS <= at <= LATEST_MS:
        shown = repr(value[:_QUOTED_CHARS]) if isinstance(value, str) else f"{value:.17g}" if is_number else kind_of(value)
        raise RejectedEvent(f"{where}: not a point in time: {shown}; send RFC 3339, as 2026-11-23T18:14:29.948Z")
    return at


def _from_text(text: str) -> int | None:
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        if _NUMBER.fullmatch(text):
            return _from_number(float(text))
        if _DATE.fullmatch(text):
            return _from_text(f"{text}T00:00:00Z")
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - _EPOCH
    return since.days * 86_400_000 + since.seconds * 1_000 + since.microseconds // 1_000


def _from_number(number: float) -> int | None:
    if number < EPOCH_SECONDS_MIN:
        return None
    return round(number * 1000) if number < EPOCH_SECONDS_MAX else round(number)
