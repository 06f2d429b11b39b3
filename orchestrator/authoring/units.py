"""Authored durations, shares, times and instants as numbers. Malformed text gives None: the shape check has told it."""

from __future__ import annotations

import re
from decimal import Decimal

from orchestrator.domain.calendar import instant_of

_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(-?)([0-9]{1,6})([smhd])\Z")
_TIME = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])\Z")
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,2})?)%\Z")


def duration(text: object) -> int | None:
    """Milliseconds of `90s`, `15m`, `6h`, `-2d`."""
    match = _DURATION.match(text) if isinstance(text, str) else None
    if match is None:
        return None
    milliseconds = int(match[2]) * _UNITS[match[3]]
    return -milliseconds if match[1] else milliseconds


def minutes(text: object) -> int | None:
    """Minutes of the day of `09:00`; `24:00` is the end of the day."""
    match = _TIME.match(text) if isinstance(text, str) else None
    found = int(match[1]) * 60 + int(match[2]) if match else None
    return found if found is None or found <= 24 * 60 else None


def hours(text: object) -> tuple[int, int] | None:
    """Start and end in minutes of the day of `21:00-09:00`."""
    first, _, last = text.partition("-") if isinstance(text, str) else ("", "", "")
    start, end = minutes(first), minutes(last)
    return None if start is None or end is None else (start, end)


def basis_points(text: object) -> int | None:
    """Basis points of `10%` or `2.5%`."""
    match = _SHARE.match(text) if isinstance(text, str) else None
    found = int(Decimal(match[1]) * 100) if match else None
    return found if found is None or found <= 10_000 else None  # noqa: PLR2004 - the whole, in basis points


def instant(text: object) -> int | None:
    """Milliseconds since 1970-01-01 UTC of a date or date-time; without an offset it means UTC."""
    return instant_of(text)
