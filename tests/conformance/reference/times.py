"""Instants in milliseconds since 1970-01-01 UTC, durations in milliseconds, wall clocks through `zoneinfo`."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
UNITS = {"s": 1000, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def instant(text: str) -> int:
    """Milliseconds of an RFC 3339 date-time, or of a date's UTC midnight."""
    found = dt.datetime.fromisoformat(text.strip().upper())
    if found.tzinfo is None:
        found = found.replace(tzinfo=dt.UTC)
    return (found - EPOCH) // dt.timedelta(milliseconds=1)


def instant_or_none(value: Any) -> int | None:
    """The instant, or None where the value is none."""
    if not isinstance(value, str):
        return None
    try:
        return instant(value)
    except ValueError:
        return None


def iso(at: int) -> str:
    """RFC 3339 with milliseconds and `Z`."""
    moment = EPOCH + dt.timedelta(milliseconds=at)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def duration(value: Any) -> int | None:
    """Milliseconds of `90s`, `-2d` or a number of milliseconds; None for what is no duration."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return int(value)
    found = re.fullmatch(r"(-?)(\d+)([smhdw])", value) if isinstance(value, str) else None
    return None if found is None else int(found[2]) * UNITS[found[3]] * (-1 if found[1] else 1)


def needed(value: Any) -> int:
    """The duration of what must be one."""
    found = duration(value)
    if found is None:
        msg = f"{value!r} is no duration"
        raise ValueError(msg)
    return found


def utc_day(at: int) -> int:
    """Days since 1970-01-01."""
    return at // DAY


def zone_of(*names: Any) -> ZoneInfo:
    """The first of these names that is a zone, or else UTC."""
    for name in names:
        if isinstance(name, str) and name:
            try:
                return ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                continue
    return ZoneInfo("UTC")


def local(at: int, zone: ZoneInfo) -> dt.datetime:
    """The wall clock at an instant."""
    return (EPOCH + dt.timedelta(milliseconds=at)).astimezone(zone)


def clock_minutes(text: str) -> int:
    """Minutes of the day of `09:30`."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def at_wall_clock(day: dt.date, text: str, zone: ZoneInfo) -> int:
    """The first instant of a local day at which the wall clock shows that time, or has jumped over it."""
    minutes = clock_minutes(text)
    naive = dt.datetime.combine(day, dt.time(minutes // 60, minutes % 60), tzinfo=zone)
    found = (naive.astimezone(dt.UTC) - EPOCH) // dt.timedelta(milliseconds=1)
    if local(found, zone).replace(tzinfo=None) == naive.replace(tzinfo=None):
        return found
    while local(found - MINUTE, zone).utcoffset() == local(found, zone).utcoffset():
        found -= MINUTE
    return found


def next_wall_clock(start: int, text: str, zone: ZoneInfo) -> int:
    """The earliest such local time at or after `start`."""
    day = local(start, zone).date() - dt.timedelta(days=1)
    while True:
        found = at_wall_clock(day, text, zone)
        if found >= start:
            return found
        day += dt.timedelta(days=1)


def quiet_at(at: int, hours: str, days_off: frozenset[str], zone: ZoneInfo) -> bool:
    """Whether the wall clock stands in the quiet hours, or on a day off."""
    wall = local(at, zone)
    if wall.date().isoformat() in days_off:
        return True
    start, end = (clock_minutes(part) for part in hours.split("-"))
    minute = wall.hour * 60 + wall.minute
    return start <= minute < end if start <= end else minute >= start or minute < end


def quiet_until(at: int, hours: str, days_off: frozenset[str], zone: ZoneInfo) -> int:
    """The first instant from `at` on that is not quiet, found minute by minute."""
    while quiet_at(at, hours, days_off, zone):
        at = (at // MINUTE + 1) * MINUTE
    return at
