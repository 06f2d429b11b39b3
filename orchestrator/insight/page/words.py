"""Numbers and times as people read them, in English."""

from __future__ import annotations

import datetime as dt

from orchestrator.domain.limits import DAY_MS

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def moment(instant: int) -> dt.datetime:
    """The instant as a date and time in UTC."""
    return _EPOCH + dt.timedelta(milliseconds=instant)


def day(instant: int) -> str:
    """`3 Feb 1997`."""
    at = moment(instant)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def clock(instant: int) -> str:
    """`10:00`, and nothing at midnight: a date without a time says no hour."""
    return "" if instant % DAY_MS == 0 else f"{moment(instant):%H:%M}"


def month(instant: int) -> tuple[int, int]:
    at = moment(instant)
    return at.year, at.month


def month_name(year: int, number: int) -> str:
    """`Feb 1997`."""
    return f"{_MONTHS[number - 1]} {year}"


def month_start(year: int, number: int) -> int:
    """The first instant of that month, UTC."""
    return (dt.datetime(year, number, 1, tzinfo=dt.UTC) - _EPOCH) // dt.timedelta(milliseconds=1)


def months(first: int, last: int) -> list[tuple[int, int]]:
    """Every (year, month) from one instant to the other."""
    (year, number), end = month(first), month(last)
    found = []
    while (year, number) <= end:
        found.append((year, number))
        year, number = (year + 1, 1) if number == 12 else (year, number + 1)  # noqa: PLR2004 - months of a year
    return found


def thousands(number: float) -> str:
    """`6,919`."""
    return f"{number:,}"


def percent(part: int, whole: int) -> str:
    """`12.3%`, and a dash where there is no whole."""
    return f"{100 * part / whole:.1f}%" if whole else "-"


def joined(words: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
