"""Observations summed up: value, how many, and an interval that holds the true value with 95 % confidence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import duckdb

CONFIDENCE = 0.95
_Z = 1.959963984540054
"""The normal quantile of that confidence, on both sides."""

GROUPS_MAX = 10_000
"""Groups of one measure that are told, the largest first."""


class Summed(NamedTuple):
    """A value with its interval; None where nothing was observed, or no interval can be told."""

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None


def summed(duck: duckdb.DuckDBPyConnection, kind: str, table: str, group: str) -> dict[str, Summed]:
    """Each group of that table of observations by the SQL `group`, in order of group."""
    sql = f"""
      with g as (select {group} as g, key, x, w from {table}),
           each as (select g, key, sum(x) as s, sum(w) as m, count(*) as n, sum(x * x) as q from g group by g, key),
           whole as (select g, sum(s) as s, sum(m) as m, sum(n) as n, sum(q) as q from each group by g)
      select w.g, w.n, w.s, w.m, w.q, sum((e.s - w.s / nullif(w.m, 0) * e.m) ** 2) as spread
      from whole w join each e on w.g is not distinct from e.g where w.g is not null
      group by w.g, w.n, w.s, w.m, w.q order by w.n desc, w.g limit {GROUPS_MAX}"""  # noqa: S608 - our own words
    found = {str(row[0]): _told(kind, *row[1:]) for row in duck.execute(sql).fetchall()}
    if kind == "median":
        found = {name: _median(duck, table, group, name, one.n) for name, one in found.items()}
    return dict(sorted(found.items()))


def _told(kind: str, n: int, total: float, weight: float, squares: float, spread: float | None) -> Summed:
    if kind == "count":
        return Summed(float(n), n, *poisson(n))
    if not weight:
        return Summed(None, 0)
    value = total / weight
    if kind == "ratio":
        return _ratio(total, int(weight), spent=n - int(weight))
    variance = max(squares / n - value * value, 0.0)
    effective = _effective(n, variance, spread or 0.0)
    if kind == "share":
        return Summed(value, n, *wilson(value, effective))
    scale = 100.0 if kind == "points" else 1.0
    half = _Z * math.sqrt(variance * n / max(n - 1, 1) / effective) if n > 1 else None
    if half is None:
        return Summed(value * scale, n)
    ends = (value - half, value + half) if kind != "points" else (max(value - half, -1.0), min(value + half, 1.0))
    return Summed(value * scale, n, ends[0] * scale, ends[1] * scale)


def _ratio(total: float, came: int, spent: int) -> Summed:
    """What was spent for each who came; nothing where nothing is known to have been spent, for nought would read as free."""
    if not spent:
        return Summed(None, came)
    low, high = poisson(came)
    return Summed(total / came, came, total / high, total / low if low else None)


def _effective(n: int, variance: float, spread: float) -> float:
    """How many independent observations these are worth: one customer's several are alike (Kish's design effect)."""
    if variance <= 0 or n == 0:
        return float(n)
    return n / max(spread / n / variance, 1.0)


def wilson(share: float, n: float) -> tuple[float, float]:
    """Wilson's score interval of a share of n (Wilson 1927)."""
    if n <= 0:
        return 0.0, 1.0
    centre = (share + _Z * _Z / (2 * n)) / (1 + _Z * _Z / n)
    half = _Z / (1 + _Z * _Z / n) * math.sqrt(share * (1 - share) / n + _Z * _Z / (4 * n * n))
    return max(centre - half, 0.0), min(centre + half, 1.0)


def poisson(n: int) -> tuple[float, float]:
    """The exact interval of a count (Garwood 1936)."""
    from scipy.stats import chi2  # noqa: PLC0415 - the extra

    tail = (1 - CONFIDENCE) / 2
    low = float(chi2.ppf(tail, 2 * n)) / 2 if n else 0.0
    return low, float(chi2.ppf(1 - tail, 2 * n + 2)) / 2


def _median(duck: duckdb.DuckDBPyConnection, table: str, group: str, name: str, n: int) -> Summed:
    """The median, and the order statistics between which it lies (binomial, by the normal)."""
    half = _Z * math.sqrt(n) / 2
    ranks = [max(math.floor(n / 2 - half), 1), min(math.ceil(n / 2 + half) + 1, n)]
    shares = [rank / n for rank in ranks]
    sql = f"select median(x), quantile_disc(x, {shares[0]}), quantile_disc(x, {shares[1]}) from {table} where {group} = ?"  # noqa: S608
    row = duck.execute(sql, [name]).fetchone() or (None, None, None)
    return Summed(row[0], n, row[1], row[2])
