"""When schedules come: across the changes of the clock, at the ends of months, and never twice."""

from __future__ import annotations

import pytest

from orchestrator.domain.calendar import instant_of, iso
from orchestrator.domain.campaign import Schedule
from orchestrator.domain.occurrences import coincide, next_after

ROME = "Europe/Rome"


def times(cron: str, after: str, count: int, zone: str = ROME) -> list[str]:
    found, at = [], instant_of(after) or 0
    for _ in range(count):
        at = next_after(Schedule(zone, cron=cron), at) or 0
        found.append(iso(at)[:16])
    return found


@pytest.mark.parametrize(
    ("cron", "after", "found"),
    [
        ("0 9 * * *", "2026-01-05T08:00:00Z", ["2026-01-06T08:00", "2026-01-07T08:00"]),
        ("0 9 * * *", "2026-01-05T07:59:59.999Z", ["2026-01-05T08:00", "2026-01-06T08:00"]),
        ("30 2 * * *", "2026-03-28T12:00:00Z", ["2026-03-29T01:00", "2026-03-30T00:30"]),
        ("30 2 * * *", "2026-10-24T12:00:00Z", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        ("45 2 * * *", "2026-10-25T01:10:00Z", ["2026-10-26T01:45", "2026-10-27T01:45"]),
        ("0 * * * *", "2026-10-24T23:30:00Z", ["2026-10-25T00:00", "2026-10-25T01:00"]),
        ("0 9 L * *", "2026-01-15T00:00:00Z", ["2026-01-31T08:00", "2026-02-28T08:00"]),
        ("0 9 * * 1,4", "2026-01-05T09:00:00Z", ["2026-01-08T08:00", "2026-01-12T08:00"]),
    ],
)
def test_a_schedule_comes_next(cron: str, after: str, found: list[str]) -> None:
    assert times(cron, after, 2) == found


def test_a_date_time_comes_once() -> None:
    once = Schedule(ROME, at=1_000)
    assert (next_after(once, 999), next_after(once, 1_000)) == (1_000, None)


def test_two_schedules_coincide_where_they_share_an_instant() -> None:
    daily, monthly = Schedule(ROME, cron="0 9 * * *"), Schedule("UTC", cron="0 8 1 * *")
    assert coincide(daily, monthly, 0)
    assert not coincide(daily, Schedule("UTC", cron="30 8 1 * *"), 0)
    assert not coincide(daily, Schedule(ROME, at=-5), 0)
