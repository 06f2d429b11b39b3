"""Dates that profiles hold, and the instants at which they come: each year, each month, or once."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal
from zoneinfo import ZoneInfo

from orchestrator.domain.calendar import instant_at, instant_of, local_day, local_minutes
from orchestrator.domain.campaign import Dated
from orchestrator.domain.limits import DAY_MS

NEVER = 0
"""The round of a date that has not come yet; years, months since year 0, and 1 for a single date, are greater."""
_MONTHS = 12
_DIGEST_BYTES = 4
_PLAIN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
Every = Literal["year", "month"] | None


@dataclass(frozen=True, slots=True)
class Occasion:
    """A date that a pattern waits for, as a program has it. Another `token`: it is another one, or live anew."""

    dated: Dated
    token: str
    live_as: str
    """How `live_since` calls it."""
    since: int
    leap_day: str

    @property
    def rounds(self) -> str:
        """Occasions that come in other rounds say nothing to each other of what has been."""
        return self.dated.every or "once"


def occasions(wanted: Mapping[str, Dated], leap_day: str, live_since: Mapping[str, int]) -> dict[str, Occasion]:
    """Every date that patterns wait for, by the name under which a profile keeps it."""
    found = {}
    for name, dated in wanted.items():
        made = blake2b(f"{dated.name} {leap_day}".encode(), digest_size=_DIGEST_BYTES).hexdigest()
        live_as = f"date {name} {made}"
        since = live_since.get(live_as, -1)
        token = f"{dated.every or 'once'} {made}" + (f"/{since:x}" if since >= 0 else "")
        found[name] = Occasion(dated, token, live_as, since, leap_day)
    return found


@dataclass(frozen=True, slots=True)
class Day:
    """What a profile's text means in a zone: a local day, and the minute and the instant of a date-time."""

    day: dt.date
    minutes: int
    instant: int | None


def day_of(text: object, zone: ZoneInfo) -> Day | None:
    """The day that a date (YYYY-MM-DD) or an RFC 3339 date-time names; None for anything else."""
    if not isinstance(text, str) or (instant := instant_of(text)) is None:
        return None
    try:
        if _PLAIN.match(text):
            return Day(dt.date.fromisoformat(text), 0, None)
        return Day(local_day(instant, zone), local_minutes(instant, zone), instant)
    except (ValueError, OverflowError):
        return None


def comes_at(occasion: Occasion, day: Day, number: int, zone: ZoneInfo) -> int | None:
    """The instant of that round. Whole days of the offset move the local day; the rest of it, the instant."""
    dated = occasion.dated
    if dated.every is None and dated.at is None and day.instant is not None:
        return day.instant + dated.offset
    days, rest = divmod(abs(dated.offset), DAY_MS)
    sign = -1 if dated.offset < 0 else 1
    try:
        local = _local(occasion, day.day, number) + dt.timedelta(days=sign * days)
        return instant_at(local, day.minutes if dated.at is None else dated.at, zone) + sign * rest
    except (ValueError, OverflowError):
        return None


def _local(occasion: Occasion, day: dt.date, number: int) -> dt.date:
    """The local day of that round, before the offset."""
    if occasion.dated.every == "month":
        year, month = divmod(number, _MONTHS)
        return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    if occasion.dated.every == "year":
        leaps = (day.month, day.day) == (2, 29) and not calendar.isleap(number)
        month, number_of_day = map(int, occasion.leap_day.split("-")) if leaps else (day.month, day.day)
        return dt.date(number, month, number_of_day)
    return day


def _round_of(every: Every, day: dt.date) -> int:
    return day.year * _MONTHS + day.month - 1 if every == "month" else day.year if every == "year" else 1


def _near(occasion: Occasion, day: Day, now: int, zone: ZoneInfo) -> Iterable[int]:
    """Rounds about now, none before the date itself."""
    every, first = occasion.dated.every, _round_of(occasion.dated.every, day.day)
    if every is None:
        return (first,)
    about = _round_of(every, local_day(now - occasion.dated.offset, zone))
    return range(max(first, about - 2), max(first, about + 2) + 2)


def latest(occasion: Occasion, day: Day, now: int, zone: ZoneInfo) -> int:
    """The last round that has come by now; NEVER before the date itself."""
    found = NEVER
    for number in _near(occasion, day, now, zone):
        at = comes_at(occasion, day, number, zone)
        if at is not None and at <= now:
            found = number
    return found


def following(occasion: Occasion, day: Day, done: int, now: int, zone: ZoneInfo) -> int | None:
    """The next instant at which a round comes that is later than `done`."""
    return next(_after(occasion, day, done, now, zone), None)


def _after(occasion: Occasion, day: Day, done: int, now: int, zone: ZoneInfo) -> Iterator[int]:
    near = [number for number in _near(occasion, day, now, zone) if number > done]
    for number in near or ([done + 1] if occasion.dated.every is not None else []):
        at = comes_at(occasion, day, number, zone)
        if at is not None and at > now:
            yield at
