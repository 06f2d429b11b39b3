"""Every measure of a workspace over a history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from orchestrator.domain.calendar import instant_of
from orchestrator.domain.measure import Measure
from orchestrator.domain.program import Program
from orchestrator.history.analytics import Analytics
from orchestrator.insight.measures import clv, lift
from orchestrator.insight.measures.groups import BY, OVER_TIME, group, make_cohorts, make_membership, period_for
from orchestrator.insight.measures.looks import Look, looks_of
from orchestrator.insight.measures.observing import Looking, Query, events, observations, pointer
from orchestrator.insight.measures.shapes import Cohort, cohorts_of, steps_of
from orchestrator.insight.measures.summing import Summed, summed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["BY", "Measured", "Span", "look_deeper", "measure"]

WEEK_MS = 7 * 86_400_000
_EVER = 2**52
_DEFAULT_BY = {"stays": "stage", "lift": "campaign"}


class Span(NamedTuple):
    """From then on, until before then (milliseconds)."""

    first: int = -_EVER
    last: int = _EVER


@dataclass(slots=True)
class Measured:
    """A measure's result. `by`: group → the same of its observations alone; `told_by`: what these are."""

    measure: Measure
    whole: Summed
    by: dict[str, Summed] = field(default_factory=dict)
    parameters: dict[str, float] = field(default_factory=dict)
    more: dict[str, dict[str, Any]] = field(default_factory=dict)
    """group → what else is told of it."""
    told_by: str = ""
    steps: list[tuple[str, int]] = field(default_factory=list)
    """Of a funnel that was looked at deeper: how many came as far."""
    cohorts: list[Cohort] = field(default_factory=list)
    """Of cohorts that were looked at deeper."""
    looks: dict[str, list[Look]] = field(default_factory=dict)
    """Of a lift that was looked at deeper: campaign → how it stood day by day."""

    def as_json(self, locale: str = "en") -> dict[str, Any]:
        """As `commands.md` has it."""
        its = self.measure
        found: dict[str, Any] = {**_told(self.whole), "unit": its.unit, "definition": its.definition.get(locale, "")}
        found["definition"] = found["definition"] or next(iter(its.definition.values()), "")
        found["title"] = its.title.get(locale) or its.title.get("en") or its.name
        if its.at_least is not None or its.at_most is not None:
            found["target"] = {"at_least": its.at_least, "at_most": its.at_most}
            found["met"] = self.met
        found["by"] = {name: {**_told(one), **self.more.get(name, {})} for name, one in self.by.items()}
        return found | ({"parameters": self.parameters} if self.parameters else {})

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is no value."""
        value, its = self.whole.value, self.measure
        if value is None:
            return None
        return (its.at_least is None or value >= its.at_least) and (its.at_most is None or value <= its.at_most)


def _told(one: Summed) -> dict[str, Any]:
    return {"value": one.value, "n": one.n, "interval": None if one.low is None else [one.low, one.high]}


def measure(
    measures: Sequence[Measure],
    history: Analytics,
    program: Program,
    span: Span = Span(),  # noqa: B008 - a tuple
    by: str | None = None,
    members: Callable[[], Iterable[tuple[int, str]]] = tuple,
) -> dict[str, Measured]:
    """Each by its name. `members` gives (profile, segment) of everybody; it is asked for `by` segment only, and once a history.

    `by` may also be `OVER_TIME`: the calendar period in which what was observed makes a readable line.
    """
    _prepare(history, by, members)
    measuring = _Measuring(history, program, span, by)
    return {one.name: measuring.take(one) for one in measures}


def _prepare(history: Analytics, by: str | None, members: Callable[[], Iterable[tuple[int, str]]]) -> None:
    history.need("events")
    if by == "campaign":
        history.need("asked")
        spoken = "coalesce(case when e.own = 1 then json_extract_string(e.properties, '/campaign') end, asked.campaign, '')"
        joined = "left join asked on asked.id = json_extract_string(e.properties, '/message_id')"
    else:
        spoken, joined = "''", ""
    history.duck.execute(f"create or replace temp view looked as select e.*, {spoken} as ref from events e {joined}")  # noqa: S608
    if by == "cohort" and history.first("cohorts"):
        make_cohorts(history.duck)
    if by == "segment" and history.first("membership"):
        make_membership(history.duck, members())


def look_deeper(found: Measured, history: Analytics, program: Program, span: Span) -> None:
    """Add what lies behind the number of a funnel, of cohorts or of a lift that was measured over this span."""
    one = found.measure
    looking = Looking(min(history.clock, span.last - 1), history.key)
    if one.kind == "funnel":
        found.steps = steps_of(one, history, looking, span)
    if one.kind == "cohort":
        found.cohorts = cohorts_of(one, history, looking, span)
    if one.kind == "lift":
        found.looks = {name: looks_of(history, name, _within(program, name), looking.now, span) for name in found.by}


def _within(program: Program, campaign: str) -> int:
    """How long the goal of a campaign may take; 0 where nothing bounds it."""
    goal = program.campaigns[campaign].goal if campaign in program.campaigns else None
    return goal.within if goal is not None and goal.within is not None else 0


@dataclass(frozen=True, slots=True)
class _Measuring:
    history: Analytics
    program: Program
    span: Span
    by: str | None

    @property
    def now(self) -> int:
        return min(self.history.clock, self.span.last - 1)

    def take(self, one: Measure) -> Measured:
        if one.kind == "lift":
            return self.over_holdout(one)
        if one.kind == "clv" and one.predict:
            return self.worth(one)
        looking = Looking(self.now, self.history.key, costs_of(one, self.program))
        self.observe(observations(one, looking))
        return self.told(one)

    def observe(self, query: Query) -> None:
        """Make `observed`: what falls into the span."""
        self.history.need(*query.tables)
        shown = "key, t, stage, ref, x::double as x, w::double as w"
        sql = f"create or replace temp table observed as select {shown} from ({query.sql}) where t >= ? and t < ?"  # noqa: S608
        self.history.duck.execute(sql, [*query.values, *self.span])

    def told(self, one: Measure) -> Measured:
        kind, by = _sum_of(one), self.by or _DEFAULT_BY.get(one.kind)
        whole = summed(self.history.duck, kind, "observed", "'all'").get("all", Summed(0.0 if kind == "count" else None, 0))
        found = Measured(one, whole)
        if by is not None:
            found.told_by = period_for(self.history.duck) if by == OVER_TIME else by
            group(self.history.duck, found.told_by)
            found.by = summed(self.history.duck, kind, "grouped", "g")
        return found

    def worth(self, one: Measure) -> Measured:
        """What customers are expected to spend, each an observation."""
        import numpy as np  # noqa: PLC0415 - the extra

        keys, of = self._customers(one)
        if not (of.x > 0).any():
            return Measured(one, Summed(None, 0))
        often, spent = clv.fit_often(of), clv.fit_spent(of)
        if not clv.tells(often, spent):
            return Measured(one, Summed(None, len(keys)))
        x = clv.expected_orders(often, of, (one.within or 0) / WEEK_MS) * clv.expected_spent(spent, of)
        x = np.where(np.isfinite(x), x, 0.0)
        self.history.duck.register("expected", {"key": keys, "x": x})
        self.history.duck.execute(
            "create or replace temp table observed as select key, t, stage, '' as ref, expected.x, 1.0::double as w"
            " from buyers join expected using (key)"
        )
        self.history.duck.unregister("expected")
        found = self.told(one)
        found.parameters = {**often._asdict(), **spent._asdict()}
        return found

    def _customers(self, one: Measure) -> tuple[NDArray[np.int64], clv.Customers]:
        """Keys of customers, and their days with orders until now, in weeks; the first is no repetition. Makes `buyers`."""
        of = events(one.events[0], (), Looking(self.now, self.history.key))
        value = "coalesce(try_cast(json_extract_string(properties, ?) as double), 0)"
        sql = f"""create or replace temp table buyers as
          with days as (select key, t // 86400000 as day, sum({value}) as spent, min(t) as t, arg_min(stage, pos) as stage
                        from ({of.sql}) group by 1, 2),
               each as (select *, row_number() over (partition by key order by day) as nth from days)
          select key, min(t) as t, arg_min(stage, day) as stage, count(*) - 1 as x, (max(day) - min(day)) / 7.0 as tx,
                 (? - min(day)) / 7.0 as age, coalesce(avg(spent) filter (nth > 1), 0) as mean
          from each where t >= ? group by key"""  # noqa: S608
        given = [pointer(one.value), *of.values, self.now // 86_400_000, self.span.first]
        self.history.duck.execute(sql, given)
        numbers = "x::double as x, tx::double as tx, age::double as age, mean::double as mean"
        found = self.history.duck.execute(f"select key, {numbers} from buyers order by key").fetchnumpy()  # noqa: S608
        return found["key"], clv.Customers(*(found[name] for name in clv.Customers._fields))

    def over_holdout(self, one: Measure) -> Measured:
        """Of each campaign with a holdout: first runs whose goal can be reached no more, or was."""
        self.history.need("runs")
        found = Measured(one, Summed(None, 0), told_by="campaign")
        for campaign in one.campaigns or tuple(self.program.campaigns):
            treated, held = (self._arm(campaign, kept) for kept in (0, 1))
            if treated.n and held.n:
                told = lift.lift_of(treated, held)
                found.by[campaign] = Summed(told.value * 100, treated.n + held.n, told.low * 100, told.high * 100)
                found.more[campaign] = {"treated": _arm_json(treated), "held_out": _arm_json(held)}
        if len(found.by) == 1:
            found.whole = next(iter(found.by.values()))
        return found

    def _arm(self, campaign: str, held: int) -> lift.Arm:
        within = _within(self.program, campaign)
        sql = """
          select count(*), count(*) filter (goal is not null and goal <= ? and (? = 0 or goal < entered + ?))
          from (select * from runs where campaign = ? qualify row_number() over (partition by key order by entered, id) = 1)
          where held = ? and entered + ? <= ? and entered >= ? and entered < ?"""
        given = [self.now, within, within, campaign, held, within, self.now, *self.span]
        row = self.history.duck.execute(sql, given).fetchone()
        return lift.Arm(*row) if row is not None else lift.Arm(0, 0)


def _arm_json(arm: lift.Arm) -> dict[str, float]:
    return {"n": arm.n, "reached": arm.reached, "rate": arm.rate}


def _sum_of(one: Measure) -> str:
    if one.take == "median":
        return "median"
    if one.kind == "share" and one.unit == "points":
        return "points"
    if one.kind in {"count", "ratio"}:
        return one.kind
    return "mean" if one.kind in {"mean", "time", "stays", "sessions", "clv"} else "share"


def costs_of(one: Measure, program: Program) -> tuple[tuple[int, float], ...]:
    """Rows of a cost table: its key is a day or a month, from whose first day the cost counts."""
    rows = program.tables.get(one.table, {})
    found = ((instant_of(key if len(key) > len("2026-01") else f"{key}-01"), row.get(one.column)) for key, row in rows.items())
    return tuple((at, float(cost)) for at, cost in found if at is not None and isinstance(cost, int | float))
