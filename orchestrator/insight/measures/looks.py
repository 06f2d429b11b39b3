"""The lift of a campaign as it stood day by day: its interval is right at every look, so it may be read as a course."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from itertools import accumulate
from typing import NamedTuple

from orchestrator.domain.limits import DAY_MS
from orchestrator.history.analytics import Analytics
from orchestrator.insight.measures.lift import Arm, lift_of
from orchestrator.insight.measures.limits import POINTS
from orchestrator.insight.measures.summing import Summed

_COURSE = """
  with runs_of as (select * from runs where campaign = ? qualify row_number() over (partition by key order by entered, id) = 1),
       over as (select held, entered + ? as done, goal,
                       goal is not null and goal <= ? and (? = 0 or goal < entered + ?) as reached
                from runs_of where entered + ? <= ? and entered >= ? and entered < ?)
  select held, done // 86400000 as day, count(*), 0 from over group by all
  union all
  select held, greatest(done, goal) // 86400000 as day, 0, count(*) from over where reached group by all"""


class Look(NamedTuple):
    """The lift in points at the end of the UTC day that begins at `at` (milliseconds)."""

    at: int
    told: Summed


def looks_of(history: Analytics, campaign: str, within: int, now: int, span: tuple[int, int]) -> list[Look]:
    """A look at each day since both arms have somebody, or at every so many days where there are too many to be read.

    `within`: how long a goal may take; who entered counts once that is over (milliseconds, 0: at once).
    """
    given = [campaign, within, now, within, within, within, now, *span]
    counted: dict[int, defaultdict[int, Arm]] = {0: defaultdict(_nobody), 1: defaultdict(_nobody)}
    for held, day, n, reached in history.duck.execute(_COURSE, given).fetchall():
        before = counted[held][day]
        counted[held][day] = Arm(before.n + n, before.reached + reached)
    days = [day for arm in counted.values() for day in arm]
    every = range(min(days, default=0), max(days, default=-1) + 1)
    treated, held = (_so_far(counted[arm], every) for arm in (0, 1))
    there = [look for look in zip(every, treated, held, strict=True) if look[1].n and look[2].n]
    step = math.ceil(len(there) / POINTS) or 1
    return [_look(*one) for one in there[::-1][::step][::-1]]


def _nobody() -> Arm:
    return Arm(0, 0)


def _so_far(counted: Mapping[int, Arm], days: range) -> list[Arm]:
    """An arm as it stood at the end of each of these days."""
    return list(accumulate((counted[day] for day in days), lambda a, b: Arm(a.n + b.n, a.reached + b.reached)))


def _look(day: int, treated: Arm, held: Arm) -> Look:
    told = lift_of(treated, held)
    return Look(day * DAY_MS, Summed(told.value * 100, treated.n + held.n, told.low * 100, told.high * 100))
