"""Quiet hours and local times against a clock that is looked at minute by minute, around every change of every time zone.

    python tests/property/quiet_zones.py            all zones, 2020 to 2037
    python tests/property/quiet_zones.py --every 50 a sample

The clock knows the zone's offsets and nothing else: for each instant the first later minute that is not quiet, and the first at
which the local clock shows a time. Wrong is any other answer; double is a local time that comes twice on one date.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo, available_timezones

from orchestrator.domain.calendar import next_local, quiet_until

MINUTE, DAY = 60_000, 86_400_000
FIRST, LAST = (int(dt.datetime(year, 1, 1, tzinfo=dt.UTC).timestamp()) for year in (2020, 2038))
WINDOWS = ((21 * 60, 9 * 60), (0, 6 * 60), (1 * 60 + 30, 2 * 60 + 30), (2 * 60, 3 * 60), (12 * 60, 14 * 60), (23 * 60 + 59, 1))
TIMES = (0, 90, 120, 150, 180, 570)
AROUND_MIN = 30 * 60
"""Minutes looked at on each side of a change."""
STEP_MIN = 13


@dataclass(slots=True)
class Counted:
    """What was looked at."""

    zones: int = 0
    changes: int = 0
    looks: int = 0
    wrong: int = 0
    doubled: int = 0


def offset(second: int, zone: ZoneInfo) -> int:
    """Minutes east of UTC."""
    found = dt.datetime.fromtimestamp(second, zone).utcoffset()
    assert found is not None
    return int(found.total_seconds()) // 60


def changes(zone: ZoneInfo) -> Iterator[int]:
    """The minutes since 1970 at which the offset changes."""
    before = offset(FIRST, zone)
    for day in range(FIRST, LAST, 86_400):
        after = offset(day + 86_400, zone)
        if after != before:
            low, high = day // 60, day // 60 + 1_440
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle * 60, zone) == before else (low, middle)
            yield high
            before = after


def looked_at(zone: ZoneInfo, change: int, counted: Counted) -> Iterator[str]:
    """What is wrong around one change."""
    first, last = change - AROUND_MIN, change + AROUND_MIN + 1_440
    local = [minute + offset(minute * 60, zone) for minute in range(first, last)]
    for window in WINDOWS:
        following = _allowed(local, *window)
        for at in range(0, 2 * AROUND_MIN, STEP_MIN):
            counted.looks += 1
            found = quiet_until((first + at) * MINUTE, *window, zone)
            if found != (first + following[at]) * MINUTE:
                yield f"{zone}: quiet {window} at minute {first + at}: {found // MINUTE}, by the clock {first + following[at]}"
    for wanted in TIMES:
        firsts = _firsts(local, wanted)
        for at in range(1_440, 2 * AROUND_MIN, STEP_MIN):
            counted.looks += 1
            found = next_local((first + at) * MINUTE, wanted, zone)
            clock = firsts[bisect_left(firsts, at)]
            if found != (first + clock) * MINUTE:
                yield f"{zone}: {wanted} after minute {first + at}: {found // MINUTE}, by the clock {first + clock}"


def _allowed(local: list[int], start: int, end: int) -> list[int]:
    """For each minute the first from it on that is not quiet."""
    found, following = [0] * len(local), len(local)
    for at in range(len(local) - 1, -1, -1):
        minute = local[at] % 1_440
        quiet = start <= minute < end if start <= end else minute >= start or minute < end
        following = following if quiet else at
        found[at] = following
    return found


def _firsts(local: list[int], wanted: int) -> list[int]:
    """The minute at which each date first shows that time, or is first beyond it where it skips it; but for the first date."""
    found: dict[int, int] = {}
    for one, minute in enumerate(local):
        date, shown = divmod(minute, 1_440)
        if shown >= wanted and date not in found:
            found[date] = one
    return sorted(found.values())[1:]


def doubled(zone: ZoneInfo, change: int, counted: Counted) -> Iterator[str]:
    """Each local time comes once a date, as a daily wait follows it."""
    for wanted in TIMES:
        at, dates = (change - 3 * 1_440) * MINUTE, list[dt.date]()
        while at < (change + 3 * 1_440) * MINUTE:
            at = next_local(at, wanted, zone) + 1
            counted.looks += 1
            dates.append(dt.datetime.fromtimestamp(at / 1000, zone).date())
        if len(dates) != len(set(dates)):
            counted.doubled += 1
            yield f"{zone}: {wanted} comes twice around minute {change}: {dates}"


def run(every: int = 1, first: int = 0) -> tuple[Counted, list[str]]:
    """Look at each so-manieth zone, and at all of its changes."""
    counted, wrong = Counted(), list[str]()
    for name in sorted(available_timezones())[first::every]:
        zone = ZoneInfo(name)
        counted.zones += 1
        for change in changes(zone):
            counted.changes += 1
            told = list(looked_at(zone, change, counted))
            counted.wrong += len(told)
            wrong += told + list(doubled(zone, change, counted))
    return counted, wrong


def main() -> None:
    """Look, and tell."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--every", type=int, default=1)
    options.add_argument("--first", type=int, default=0)
    given = options.parse_args()
    began = time.monotonic()
    counted, wrong = run(given.every, given.first)
    sys.stdout.write("\n".join([str(counted), f"in {time.monotonic() - began:.0f} s", *wrong[:20]]) + "\n")


if __name__ == "__main__":
    main()
