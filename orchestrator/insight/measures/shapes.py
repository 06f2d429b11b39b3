"""What lies behind one number: how far the customers of a funnel came, and how many of each cohort were back by when."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import NamedTuple

from orchestrator.domain.calendar import instant_of
from orchestrator.domain.measure import Measure
from orchestrator.history.analytics import Analytics
from orchestrator.insight.measures.limits import COHORT_STEPS, COHORTS
from orchestrator.insight.measures.observing import Looking, events, reached

STEP_MS = 30 * 86_400_000
"""Between two columns of a table of cohorts."""
_DECEMBER = 12


class Cohort(NamedTuple):
    """Customers whose first event fell into `month`, and the share of them that was back by 30, 60, … days after their own.

    A share stands there once those days are over for all of them, so each is one of the same customers.
    """

    month: str
    n: int
    shares: list[float]


def steps_of(measure: Measure, history: Analytics, looking: Looking, span: tuple[int, int]) -> list[tuple[str, int]]:
    """(step, how many came as far), of a funnel."""
    query = reached(measure, looking)
    sql = f"select reached, count(*) from ({query.sql}) where t >= ? and t < ? group by 1"  # noqa: S608 - our own words
    counted = dict(history.duck.execute(sql, [*query.values, *span]).fetchall())
    return [(name, sum(n for far, n in counted.items() if far >= place)) for place, name in enumerate(measure.events)]


def cohorts_of(measure: Measure, history: Analytics, looking: Looking, span: tuple[int, int]) -> list[Cohort]:
    """The newest cohorts of a measure of that kind, in order."""
    of, again = (events(name, measure.where, looking) for name in measure.events)
    before = "" if measure.within is None else f"and b.t < a.t + {measure.within}"
    sql = f"""
      with a as (select * from ({of.sql}) qualify row_number() over (partition by key order by pos) = 1),
           b as (select key, pos, t from ({again.sql})),
           back as (select a.key, min(b.t) as t from a join b on a.key = b.key and b.pos > a.pos and b.t >= a.t + ? {before}
                    group by a.key)
      select strftime(make_timestamp(a.t * 1000), '%Y-%m'), (back.t - a.t) // {STEP_MS}, count(*)
      from a left join back on a.key = back.key where a.t >= ? and a.t < ? group by 1, 2"""  # noqa: S608 - our own words
    counted: defaultdict[str, Counter[int | None]] = defaultdict(Counter)
    for month, after, n in history.duck.execute(sql, [*of.values, *again.values, measure.apart, *span]).fetchall():
        counted[month][after] += n
    return [_cohort(month, counted[month], looking.now) for month in sorted(counted)[-COHORTS:]]


def _cohort(month: str, back: Counter[int | None], now: int) -> Cohort:
    whole, shares, so_far = back.total(), list[float](), 0
    for step in range(COHORT_STEPS):
        if _end_of(month) + (step + 1) * STEP_MS > now:
            break
        so_far += back[step]
        shares.append(so_far / whole)
    return Cohort(month, whole, shares)


def _end_of(month: str) -> int:
    """The first instant after that month."""
    year, number = map(int, month.split("-"))
    after = f"{year + 1}-01-01" if number == _DECEMBER else f"{year}-{number + 1:02}-01"
    found = instant_of(after)
    assert found is not None  # noqa: S101 - a date
    return found
