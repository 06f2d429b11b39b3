"""What a measure looks at, as rows of SQL: each an observation of a customer at a time, with what is counted of it.

Every kind gives the same columns: key, t (milliseconds), stage, ref (of which message or campaign it speaks), x and w. A value
is the sum of x over the sum of w; `w` is 1 but for ratios. A window that is not over by `now` has no observation: who has had
less time is not compared with who has had more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from orchestrator.domain.measure import Measure, Test
from orchestrator.history.plain import mark

GAP_MS = 30 * 60_000
"""After so long a session is over, where its measure does not say."""


class Query(NamedTuple):
    """SQL with its parameters, and the tables that it reads."""

    sql: str
    values: tuple[Any, ...] = ()
    tables: tuple[str, ...] = ("events",)


class Looking(NamedTuple):
    """Until when is looked, with which key texts were marked, and the rows of cost tables."""

    now: int
    key: bytes
    costs: tuple[tuple[int, float], ...] = ()


def observations(measure: Measure, looking: Looking) -> Query:
    """The observations of a measure that needs no model."""
    return _KINDS[measure.kind](measure, looking)


def pointer(path: str) -> str:
    """The JSON pointer of a property."""
    return "/" + path.replace("~", "~0").replace("/", "~1")


def events(name: str, tests: tuple[Test, ...], looking: Looking) -> Query:
    """Events of that name until now; `pos` orders those of one instant."""
    also, values = _tests(tests, looking.key)
    sql = f"select *, t::hugeint * 4294967296 + seq as pos from looked where name = ? and t <= ?{also}"  # noqa: S608
    return Query(sql, (name, looking.now, *values))


def _tests(tests: tuple[Test, ...], key: bytes) -> tuple[str, tuple[Any, ...]]:
    """` and …` for each test. A text is its own, or its mark."""
    found, values = "", list[Any]()
    for test in tests:
        condition, given = _test(test, key)
        found += f" and {condition}"
        values += given
    return found, tuple(values)


def _test(test: Test, key: bytes) -> tuple[str, list[Any]]:
    path = pointer(test.path)
    if not test.values:
        low, high = -1e308 if test.low is None else test.low, 1e308 if test.high is None else test.high
        return "coalesce(try_cast(json_extract_string(properties, ?) as double) between ? and ?, false)", [path, low, high]
    ways, given = list[str](), list[Any]()
    for value in test.values:
        if isinstance(value, bool | str):
            words = [str(value).lower()] if isinstance(value, bool) else [value, mark(value, key)]
            ways += ["json_extract_string(properties, ?) = ?"] * len(words)
            given += [part for word in words for part in (path, word)]
        else:
            ways.append("try_cast(json_extract_string(properties, ?) as double) = ?")
            given += [path, value]
    return f"coalesce({' or '.join(ways)}, false)", given


def _count(measure: Measure, looking: Looking) -> Query:
    of = events(measure.events[0], measure.where, looking)
    return Query(f"select key, t, stage, ref, 1.0 as x, 1.0 as w from ({of.sql})", of.values)  # noqa: S608


def _mean(measure: Measure, looking: Looking) -> Query:
    of = events(measure.events[0], measure.where, looking)
    value = "try_cast(json_extract_string(properties, ?) as double)"
    return Query(
        f"select * from (select key, t, stage, ref, {value} as x, 1.0 as w from ({of.sql})) where x is not null",  # noqa: S608
        (pointer(measure.value), *of.values),
    )


def _share(measure: Measure, looking: Looking) -> Query:
    if len(measure.events) > 1:
        return _followed(measure, looking)
    of = events(measure.events[0], measure.where, looking)
    that, first = _tests(measure.that, looking.key)
    less, second = _tests(measure.less, looking.key) if measure.less else (" and false", ())
    x = f"(true{that})::int - (true{less})::int"
    return Query(f"select key, t, stage, ref, ({x})::double as x, 1.0 as w from ({of.sql})", (*first, *second, *of.values))  # noqa: S608


def _unit(keys: tuple[str, ...], place: int) -> tuple[str, tuple[str, ...]]:
    """(what tells units apart, its parameters): the customer, or the value of a key."""
    return ("json_extract_string(properties, ?)", (pointer(keys[place]),)) if keys else ("key::varchar", ())


def _followed(measure: Measure, looking: Looking) -> Query:
    """Whether something came after, within so long, of the same customer; of one thing its first event counts."""
    of, then = events(measure.events[0], measure.where, looking), events(measure.events[1], (), looking)
    (u1, p1), (u2, p2) = _unit(measure.keys, 0), _unit(measure.keys, 1)
    within, sign = measure.within or 0, "not " if measure.without else ""
    first = "qualify row_number() over (partition by u order by pos) = 1" if measure.keys else ""
    sql = f"""
      with a as (select *, {u1} as u from ({of.sql}) where u is not null and t + ? <= ? {first}),
           b as (select {u2} as u, pos, t from ({then.sql}) where u is not null)
      select a.key, a.t, a.stage, a.ref, ({sign}coalesce(b.t < a.t + ?, false))::int::double as x, 1.0 as w
      from a asof left join b on a.u = b.u and a.pos < b.pos
    """  # noqa: S608 - our own words
    return Query(sql, (*p1, *of.values, within, looking.now, *p2, *then.values, within))


def _time(measure: Measure, looking: Looking) -> Query:
    """From the first to the last of one thing."""
    of, to = events(measure.events[0], (), looking), events(measure.events[1], (), looking)
    (u1, p1), (u2, p2) = _unit(measure.keys, 0), _unit(measure.keys, 1)
    sql = f"""
      with a as (select {u1} as u, min(t) as t, arg_min(key, pos) as key from ({of.sql}) where u is not null group by 1),
           b as (select {u2} as u, max(t) as t, arg_max(stage, pos) as stage, arg_max(ref, pos) as ref
                 from ({to.sql}) where u is not null group by 1)
      select a.key, b.t, b.stage, b.ref, (b.t - a.t)::double as x, 1.0 as w from a join b on a.u = b.u and b.t >= a.t
    """  # noqa: S608
    return Query(sql, (*p1, *of.values, *p2, *to.values))


def reached(measure: Measure, looking: Looking) -> Query:
    """Of a funnel: key, t, stage, ref, and how many steps were `reached` after the first."""
    within = measure.within or 0
    unit, values = _unit(measure.keys, 0)
    first = events(measure.events[0], (), looking)
    sql = f"""with s0 as (select *, {unit} as u, 0 as reached from ({first.sql}) where u is not null and t + ? <= ?
      qualify row_number() over (partition by u order by pos) = 1)"""  # noqa: S608
    given = [*values, *first.values, within, looking.now]
    for place, name in enumerate(measure.events[1:], 1):
        unit, values = _unit(measure.keys, place)
        step, before = events(name, (), looking), place - 1
        sql += f""", e{place} as (select {unit} as u, pos, t from ({step.sql}) where u is not null),
          m{place} as (select a.*, e.pos as next, coalesce(e.t < a.t + ?, false) and a.reached = {before} as met
                       from s{before} a asof left join e{place} e on a.u = e.u and a.pos < e.pos),
          s{place} as (select * exclude (next, met) replace (case when met then next else pos end as pos,
                              reached + met::int as reached) from m{place})"""  # noqa: S608
        given += [*values, *step.values, within]
    return Query(f"{sql} select key, t, stage, ref, reached from s{len(measure.events) - 1}", tuple(given))  # noqa: S608


def _funnel(measure: Measure, looking: Looking) -> Query:
    """Whether every step was reached."""
    query = reached(measure, looking)
    last = len(measure.events) - 1
    sql = f"select key, t, stage, ref, (reached = {last})::int::double as x, 1.0 as w from ({query.sql})"  # noqa: S608
    return Query(sql, query.values)


def _cohort(measure: Measure, looking: Looking) -> Query:
    """Whether a customer's first event was followed by another, so much apart or more."""
    of, again = (events(name, measure.where, looking) for name in measure.events)
    over = "" if measure.within is None else f"where t + {measure.within} <= {looking.now}"
    before = "" if measure.within is None else f"and b.t < a.t + {measure.within}"
    sql = f"""
      with a as (select * from ({of.sql}) qualify row_number() over (partition by key order by pos) = 1),
           b as (select key, pos, t from ({again.sql}))
      select a.key, a.t, a.stage, a.ref, (b.key is not null)::int::double as x, 1.0 as w
      from (select * from a {over}) a left join
        (select distinct a.key from a join b on a.key = b.key and b.pos > a.pos and b.t >= a.t + ? {before}) b on a.key = b.key
    """  # noqa: S608
    return Query(sql, (*of.values, *again.values, measure.apart))


def _ratio(measure: Measure, looking: Looking) -> Query:
    """What was spent until now, over the customers who came: first events of theirs."""
    first = events(measure.events[-1], (), looking)
    come = f"""select key, t, stage, ref, 0.0 as x, 1.0 as w from ({first.sql})
      qualify row_number() over (partition by key order by pos) = 1"""  # noqa: S608
    if measure.table:
        days, costs = ([row[place] for row in looking.costs if row[0] <= looking.now] for place in (0, 1))
        spent = (
            "select null::bigint as key, unnest(?::bigint[]) as t, '' as stage, '' as ref, unnest(?::double[]) as x, 0.0 as w"
        )
        return Query(f"{spent} union all ({come})", (days, costs, *first.values))
    of = events(measure.events[0], measure.where, looking)
    value = "coalesce(try_cast(json_extract_string(properties, ?) as double), 0)"
    spent = f"select NULL::bigint as key, t, stage, ref, {value} as x, 0.0 as w from ({of.sql})"  # noqa: S608
    return Query(f"{spent} union all ({come})", (pointer(measure.value), *of.values, *first.values))


_STAND = """
  with moves as (select coalesce(moved.home, m.key) as key, m.t, m.source, m.target, m.since, m.seq
                 from transitions m left join moved on moved.key = m.key where m.t <= ?),
       stand as (select key, target as stage, t as since, coalesce(lead(t) over mine, 9e18::bigint) as until,
                        lead(target) over mine as next from moves window mine as (partition by key order by t, seq)
                 union all
                 select key, source, since, t, target from moves
                 qualify row_number() over (partition by key order by t, seq) = 1)
"""
"""Every stay of everybody who has moved: where, from when, until when, and where to then."""


def _wheel(measure: Measure, looking: Looking) -> Query:
    """Who stood there when a period began: where they stood when it ended."""
    marks, outs = ", ".join("?" * len(measure.stages)), ", ".join("?" * len(measure.to))
    sql = f"""{_STAND},
      edges as (select epoch_ms(d::timestamp) as t from (select unnest(generate_series(
        date_trunc('{measure.every}', make_timestamp((select coalesce(min(since), 0) from stand where since > 0) * 1000)),
        make_timestamp(? * 1000), interval 1 {measure.every})) as d)),
      spans as (select t as first, lead(t) over (order by t) as last from edges qualify last is not null)
      select a.key, spans.first as t, a.stage, '' as ref, ((b.stage in ({outs})) = ?)::int::double as x, 1.0 as w
      from spans join stand a on a.since <= spans.first and spans.first < a.until and a.stage in ({marks})
      join stand b on a.key = b.key and b.since <= spans.last and spans.last < b.until
    """  # noqa: S608
    given = (looking.now, looking.now, *measure.to, not measure.kept, *measure.stages)
    return Query(sql, given, ("transitions", "moved"))


def _moves(measure: Measure, looking: Looking) -> Query:
    """Whether a stay ended by going there in time."""
    marks, ways = ", ".join("?" * len(measure.stages)), ", ".join("?" * len(measure.to))
    within = measure.within if measure.within is not None else 2**52
    over = looking.now if measure.within is not None else 2**53
    sql = f"""{_STAND}
      select key, since as t, stage, '' as ref,
             coalesce(next in ({ways}) and until < since + ?, false)::int::double as x, 1.0 as w
      from stand where stage in ({marks}) and since + ? <= ?"""  # noqa: S608
    return Query(sql, (looking.now, *measure.to, within, *measure.stages, within, over), ("transitions", "moved"))


def _stays(_measure: Measure, looking: Looking) -> Query:
    sql = f"""{_STAND}
      select key, until as t, stage, '' as ref, (until - since)::double as x, 1.0 as w from stand
      where until < 9e18::bigint and until > since"""  # noqa: S608
    return Query(sql, (looking.now,), ("transitions", "moved"))


def _runs(measure: Measure, looking: Looking) -> Query:
    """How runs ended that were not held out."""
    marks = ", ".join("?" * len(measure.ended))
    only = f" and campaign in ({', '.join('?' * len(measure.campaigns))})" if measure.campaigns else ""
    sql = f"""select key, ended as t, '' as stage, campaign as ref, (reason in ({marks}))::int::double as x, 1.0 as w
      from runs where held = 0 and ended <= ?{only}"""  # noqa: S608
    return Query(sql, (*measure.ended, looking.now, *measure.campaigns), ("runs",))


def _sessions(measure: Measure, looking: Looking) -> Query:
    """From first to last of what lies less than the gap apart."""
    of = Query("select *, t as pos from looked where own = 0 and t <= ?", (looking.now,))
    of = events(measure.events[0], (), looking) if measure.events else of
    unit, values = _unit(measure.keys, 0)
    gap = GAP_MS if measure.within is None else measure.within
    new = "(t - lag(t) over (partition by u order by pos) < ?) is not true"
    sql = f"""
      with a as (select *, {unit} as u from ({of.sql}) where u is not null),
           b as (select *, ({new})::int as begun from a),
           c as (select *, sum(begun) over (partition by u order by pos rows unbounded preceding) as session from b)
      select any_value(key) as key, min(t) as t, arg_min(stage, pos) as stage, arg_min(ref, pos) as ref,
             (max(t) - min(t))::double as x, 1.0 as w from c group by u, session"""  # noqa: S608
    return Query(sql, (*values, *of.values, gap))


def _worth(measure: Measure, looking: Looking) -> Query:
    """All that each customer has paid so far."""
    of = events(measure.events[0], (), looking)
    value = "coalesce(try_cast(json_extract_string(properties, ?) as double), 0)"
    sql = f"""select key, min(t) as t, arg_min(stage, pos) as stage, arg_min(ref, pos) as ref, sum({value}) as x, 1.0 as w
      from ({of.sql}) group by key"""  # noqa: S608
    return Query(sql, (pointer(measure.value), *of.values))


_KINDS: dict[str, Callable[[Measure, Looking], Query]] = {
    "count": _count,
    "mean": _mean,
    "share": _share,
    "time": _time,
    "funnel": _funnel,
    "cohort": _cohort,
    "ratio": _ratio,
    "wheel": _wheel,
    "moves": _moves,
    "stays": _stays,
    "runs": _runs,
    "sessions": _sessions,
    "clv": _worth,
}
