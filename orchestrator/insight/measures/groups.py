"""By what a measure can be told apart: periods, cohorts, stages, segments, campaigns."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from orchestrator.insight.measures.limits import MEMBERS_AT_ONCE, POINTS

if TYPE_CHECKING:
    import duckdb

_WHEN = "make_timestamp(o.t * 1000)"
PERIODS = {
    "day": f"strftime({_WHEN}, '%Y-%m-%d')",
    "week": f"strftime({_WHEN}, '%G-W%V')",
    "month": f"strftime({_WHEN}, '%Y-%m')",
    "quarter": f"year({_WHEN}) || '-Q' || quarter({_WHEN})",
    "year": f"year({_WHEN})::varchar",
}
"""Calendar periods, UTC."""
_OTHERS = {"cohort": "c.month", "stage": "o.stage", "segment": "s.segment", "campaign": "o.ref"}
BY = (*PERIODS, *_OTHERS)
"""A cohort is the month of a customer's first event; the stage is that of the time; segments are today's."""

OVER_TIME = "time"
"""The finest calendar period of which there are not too many to be read."""
_LENGTHS = (("day", 1.0), ("week", 7.0), ("month", 30.4), ("quarter", 91.3))
_DAY_MS = 86_400_000

_JOINS = {
    "cohort": "join cohorts c on c.key = o.key",
    "segment": "join membership s on s.key = o.key",
}


def group(duck: duckdb.DuckDBPyConnection, by: str) -> None:
    """Make `grouped`: the observations with their group `g`, once for each that they are in."""
    told = PERIODS.get(by) or _OTHERS[by]
    duck.execute(
        f"create or replace temp table grouped as select o.*, {told} as g from observed o {_JOINS.get(by, '')}"  # noqa: S608 - our own
        f" where coalesce({told}, '') <> ''"
    )


def make_cohorts(duck: duckdb.DuckDBPyConnection) -> None:
    """The month of each customer's first event."""
    duck.execute(
        "create or replace temp table cohorts as"
        " select key, strftime(make_timestamp(min(t) * 1000), '%Y-%m') as month from events group by key"
    )


def make_membership(duck: duckdb.DuckDBPyConnection, members: Iterable[tuple[int, str]]) -> None:
    """Who is in which segment."""
    duck.execute("create or replace temp table membership(key bigint, segment varchar)")
    rest = iter(members)
    while rows := list(islice(rest, MEMBERS_AT_ONCE)):
        duck.execute(
            "insert into membership select unnest(?::bigint[]), unnest(?::varchar[])",
            [[key for key, _ in rows], [segment for _, segment in rows]],
        )


def periodic(by: str) -> bool:
    """Whether it is a calendar period."""
    return by in PERIODS


def period_for(duck: duckdb.DuckDBPyConnection) -> str:
    """The calendar period by which what was `observed` makes a line of at most so many points."""
    first, last = duck.execute("select min(t), max(t) from observed").fetchone() or (None, None)
    days = (last - first) / _DAY_MS if first is not None else 0.0
    return next((name for name, length in _LENGTHS if days / length <= POINTS), "year")
