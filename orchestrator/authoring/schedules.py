"""`schedule`: days with `at`, a date with `at`, a date-time, or the five fields of cron; in the workspace's zone."""

from __future__ import annotations

import datetime as dt
import re

from orchestrator.authoring.document import Spot
from orchestrator.authoring.finding import did_you_mean
from orchestrator.authoring.scope import Scope
from orchestrator.authoring.units import instant, minutes
from orchestrator.domain.calendar import instant_at, zone_of
from orchestrator.domain.campaign import Schedule
from orchestrator.domain.occurrences import day_left_out, is_cron

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WORDS = ("daily", "last", *_WEEKDAYS)
_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_ZONED = re.compile(r"(Z|[+-][0-9]{2}:[0-9]{2})\Z")
_EVERY_MONTH_DAYS = 28
_LONGEST_MONTH_DAYS = 31
_FORMS = "write `daily`, `monday`, [monday, thursday], a day of the month, `last`, a date, a date-time or `0 9 * * 1`"


def schedule(spot: Spot, scope: Scope) -> Schedule | None:
    """When the pattern at `spot` comes; None where that is malformed."""
    written, at = spot.at("schedule"), spot.get("at")
    text = str(written.value) if isinstance(written.value, int) else written.text or ""
    itself = " " in text.strip() or _DATE_TIME.match(text) is not None
    days = None if itself else _days(written, scope)
    if _DATE.match(text) or days is not None:
        time = minutes(at.value) if at is not None else None
        if at is None:
            fix = 'write `at: "09:00"`, say; it is the time in the zone of policies.yaml'
            scope.report.add("E202", spot.key_place, "a schedule of days needs `at`", fix)
        if time is None:
            return None
        return _once(written, f"{text}T{time // 60:02}:{time % 60:02}", scope) if days is None else _cron(days, time, scope)
    if itself and at is not None:
        scope.report.add("E205", at.key_place, "`at` goes with days, and this schedule says its time itself", "remove it")
        return None
    return _by_itself(written, text.strip(), scope) if itself else None


def _cron(days: str, time: int, scope: Scope) -> Schedule:
    return Schedule(scope.zone, cron=f"{time % 60} {time // 60} {days}")


def _days(written: Spot, scope: Scope) -> str | None:
    """The last three fields of cron for the words that name days; None where they do not, which is told."""
    if isinstance(written.value, int) or (written.text or "").isdigit():
        return _day_of_month(written, int(written.value), scope)
    if _DATE.match(written.text or ""):
        return None
    if written.text in ("daily", "last"):
        return "* * *" if written.text == "daily" else "L * *"
    numbers = [_WEEKDAYS.index(part.value) + 1 for part in written.one_or_more() if part.value in _WEEKDAYS]
    for part in written.one_or_more():
        if part.value not in _WEEKDAYS:
            fix = did_you_mean(str(part.value), _WORDS)
            scope.report.add("E204", part.place, f"`{part.value}` is no schedule", fix if "did you" in fix else _FORMS)
            return None
    return f"* * {','.join(str(number) for number in sorted(set(numbers)))}" if numbers else None


def _day_of_month(written: Spot, day: int, scope: Scope) -> str | None:
    if 1 <= day <= _EVERY_MONTH_DAYS:
        return f"{day} * *"
    if _EVERY_MONTH_DAYS < day <= _LONGEST_MONTH_DAYS:
        _say_left_out(written, day, scope)
    else:
        scope.report.add("E204", written.place, f"no month has a day {day}", _FORMS)
    return None


def _say_left_out(written: Spot, day: int, scope: Scope) -> None:
    message = f"some months have no day {day}, and would be left out"
    scope.report.add(
        "E521", written.place, message, "write `last` for the last day of the month (`L` in cron), or a day up to 28"
    )


def _by_itself(written: Spot, text: str, scope: Scope) -> Schedule | None:
    if _DATE_TIME.match(text):
        return _once(written, text, scope)
    if not is_cron(text):
        message = f"`{text}` are not five fields of cron"
        scope.report.add(
            "E204", written.place, message, "minute, hour, day, month, weekday: `0 9 * * 1` is each Monday at nine"
        )
        return None
    day = day_left_out(text)
    if day is not None:
        _say_left_out(written, day, scope)
        return None
    return Schedule(scope.zone, cron=text)


def _once(written: Spot, text: str, scope: Scope) -> Schedule | None:
    """A date-time; without an offset it is the local time of the workspace."""
    at = instant(text)
    if at is None:
        scope.report.add("E204", written.place, f"`{written.value}` is not a date that exists", "write one such as 2026-11-27")
        return None
    zone = zone_of(scope.zone)
    if _ZONED.search(text) is None and zone is not None:
        wall = dt.datetime.fromisoformat(text)
        seconds = wall.second * 1_000 + wall.microsecond // 1_000
        at = instant_at(wall.date(), wall.hour * 60 + wall.minute, zone) + seconds
    return Schedule(scope.zone, at=at)
