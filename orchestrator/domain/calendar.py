"""Instants, UTC days and local times. An instant is integer milliseconds since 1970-01-01 UTC."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

from orchestrator.domain.limits import DAY_MS

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NAIVE_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - printing in UTC needs no zone, and is a third of the time without
_MS = dt.timedelta(milliseconds=1)
_DAY_MINUTES = 24 * 60


def iso(instant: int) -> str:
    """RFC 3339 in UTC with milliseconds: `2026-01-31T09:00:00.000Z`."""
    second, millisecond = divmod(instant, 1_000)
    return f"{_iso_second(second)}.{millisecond:03}Z"


@lru_cache(maxsize=1024)
def _iso_second(second: int) -> str:
    """Kept: one input asks for the same one often, and inputs of one second follow each other."""
    return (_NAIVE_EPOCH + dt.timedelta(seconds=second)).isoformat()


def instant_of(text: object) -> int | None:
    """The instant that an RFC 3339 date-time or date names; naive means UTC; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return (moment - _EPOCH) // _MS


def local_instant(text: str, zone: str) -> int | None:
    """The instant of a time or date as people write it: with an offset, else local in that zone; None for anything else.

    Of a time that occurs twice the first; one in a gap lies as far behind it.
    """
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone_of(zone) or dt.UTC)
    return (moment - _EPOCH) // _MS


def utc_day(instant: int) -> int:
    """Days since 1970-01-01, UTC."""
    return instant // DAY_MS


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo | None:
    """The zone of that IANA name, None where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _local(instant: int, zone: ZoneInfo) -> dt.datetime:
    return (_EPOCH + instant * _MS).astimezone(zone)


@lru_cache(maxsize=4096)
def instant_at(day: dt.date, minutes: int, zone: ZoneInfo) -> int:
    """The first instant of that local wall time; in a gap, the first valid instant after it."""
    wall = dt.datetime.combine(day, dt.time(minutes // 60, minutes % 60))
    first = wall.replace(tzinfo=zone)
    instant = (first - _EPOCH) // _MS
    if _local(instant, zone).replace(tzinfo=None) == wall:
        return instant
    return _end_of_gap(instant, zone)


def _end_of_gap(inside: int, zone: ZoneInfo) -> int:
    """The instant at which the offset changes, near `inside`."""
    return _change_between(inside - DAY_MS, inside + DAY_MS, zone)


def _change_between(low: int, high: int, zone: ZoneInfo) -> int:
    """The instant at which the offset changes after `low`, found by bisection to the millisecond."""
    before = _local(low, zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if _local(middle, zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def next_local(instant: int, minutes: int, zone: ZoneInfo) -> int:
    """The first instant at or after `instant` at which the local clock first shows that minute of a day."""
    day = _local(instant, zone).date() - dt.timedelta(days=1)
    while True:
        found = instant_at(day, minutes, zone)
        if found >= instant:
            return found
        day += dt.timedelta(days=1)


def local_day(instant: int, zone: ZoneInfo) -> dt.date:
    """The local date."""
    return _local(instant, zone).date()


def local_minutes(instant: int, zone: ZoneInfo) -> int:
    """The minute of the local day."""
    local = _local(instant, zone)
    return local.hour * 60 + local.minute


def local_date(instant: int, zone: ZoneInfo) -> str:
    """The local date, YYYY-MM-DD."""
    return _local(instant, zone).date().isoformat()


def next_midnight(instant: int, zone: ZoneInfo) -> int:
    """The first instant of the next local day."""
    return instant_at(_local(instant, zone).date() + dt.timedelta(days=1), 0, zone)


def quiet_until(instant: int, start: int, end: int, zone: ZoneInfo) -> int:
    """`instant` itself outside the half-open local interval [start, end) in minutes, else its first instant after.

    In an hour that occurs twice the end may come twice; and the clock may be set back to before the interval.
    """
    local = _local(instant, zone)
    if not _within(local, start, end):
        return instant
    after = max(next_local(instant, end % _DAY_MINUTES, zone), instant + 1)
    wall = dt.datetime.combine(local.date(), dt.time(end % _DAY_MINUTES // 60, end % 60), tzinfo=zone).replace(fold=1)
    again = (wall - _EPOCH) // _MS
    after = again if instant < again < after else after
    if local.utcoffset() == _local(after, zone).utcoffset():
        return after
    change = _change_between(instant, after, zone)
    return after if _within(_local(change, zone), start, end) else change


def _within(local: dt.datetime, start: int, end: int) -> bool:
    """Whether the local clock shows a minute of the interval, which may wrap over midnight."""
    minutes = local.hour * 60 + local.minute
    return start <= minutes < end if start <= end else minutes >= start or minutes < end
