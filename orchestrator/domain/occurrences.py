"""When a schedule comes next.

A local time that a clock change leaves out is the first instant after it; one that comes twice is the first.
"""

from __future__ import annotations

import datetime as dt

from cronsim import CronSim, CronSimError

from orchestrator.domain.calendar import zone_of
from orchestrator.domain.campaign import Schedule

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MS = dt.timedelta(milliseconds=1)
_DAYS_OF_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_STEPS = 500
"""Times of two schedules that are compared."""


def next_after(schedule: Schedule, instant: int) -> int | None:
    """The first time of the schedule strictly after the instant; None where there is none."""
    if schedule.at is not None:
        return schedule.at if schedule.at > instant else None
    zone = zone_of(schedule.zone) or dt.UTC
    begun = (_EPOCH + instant * _MS).astimezone(zone)
    for found in CronSim(schedule.cron or "", begun):
        at = (found - _EPOCH) // _MS
        if at > instant:  # in the second of two equal hours the search begins with the first
            return at
    return None


def is_cron(text: str) -> bool:
    """Whether these are five fields that a schedule can be read from."""
    if len(text.split()) != 5:  # noqa: PLR2004 - minute, hour, day, month, weekday
        return False
    try:
        CronSim(text, _EPOCH)
    except CronSimError:
        return False
    return True


def day_left_out(cron: str) -> int | None:
    """A day that the cron text names by itself and that some of its months do not have; None where all have it."""
    months = CronSim(cron, _EPOCH).months
    for term in cron.split()[2].split(","):
        if term.isdigit() and int(term) > min(_DAYS_OF_MONTH[month - 1] for month in months):
            return int(term)
    return None


def coincide(one: Schedule, other: Schedule, after: int) -> bool:
    """Whether both come at one instant soon after that one: among some hundred times of either."""
    first, second = next_after(one, after), next_after(other, after)
    for _ in range(_STEPS):
        if first is None or second is None:
            return False
        if first == second:
            return True
        if first < second:
            first = next_after(one, second - 1)
        else:
            second = next_after(other, first - 1)
    return False
