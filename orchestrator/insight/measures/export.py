"""Measures as rows for other tools: CSV that no spreadsheet runs, or Parquet.

Instants are ISO 8601 in UTC; lengths of time are seconds, which other tools can add up, and their unit says so.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

from orchestrator.domain.calendar import iso
from orchestrator.insight.measures.measuring import Measured, Span
from orchestrator.insight.measures.summing import Summed

_TYPES = {"value": "double", "n": "bigint", "low": "double", "high": "double", "at_least": "double", "at_most": "double"}
"""column → type; all others are texts"""
_LIMITS = ("low", "high", "at_least", "at_most")
COLUMNS = ("measure", "by", "group", "value", "unit", "n", *_LIMITS, "from", "until", "as_of", "definition")
_SECOND_MS = 1000
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets read these too


class Covered(NamedTuple):
    """What time rows speak of: `first` is in it, `until` is not, nothing after `as_of` is counted. Empty: no bound."""

    first: str = ""
    until: str = ""
    as_of: str = ""


def covered(span: Span, clock: int) -> Covered:
    """That span, of a history that stands at `clock`."""
    ever = Span()
    first, until = ("" if end == bound else iso(end) for end, bound in zip(span, ever, strict=True))
    return Covered(first, until, iso(clock) if clock else "")


def rows_of(found: Mapping[str, Measured], locale: str = "en", time: Covered = Covered()) -> Iterator[tuple[Any, ...]]:  # noqa: B008 - a tuple
    """A row for each measure, and one for each of its groups."""
    for one in found.values():
        for group, summed in (("", one.whole), *one.by.items()):
            yield _row(one, one.told_by if group else "", group, summed, locale, time)


def deeper_rows(one: Measured, locale: str = "en", time: Covered = Covered()) -> Iterator[tuple[Any, ...]]:  # noqa: B008 - a tuple
    """A row for each step of a funnel, for each cell of a table of cohorts, and for each day of a lift's course."""
    first = one.steps[0][1] if one.steps else 0
    for name, n in one.steps:
        yield _row(one, "step", name, Summed(n / first if first else None, n), locale, time)
    for cohort in one.cohorts:
        for place, share in enumerate(cohort.shares, 1):
            group = f"{cohort.month} +{30 * place}d"
            yield _row(one, "cohort and days", group, Summed(share, cohort.n), locale, time)
    for campaign, looks in one.looks.items():
        for look in looks:
            yield _row(one, "campaign and day", f"{campaign} {iso(look.at)[:10]}", look.told, locale, time)


def _row(one: Measured, by: str, group: str, summed: Summed, locale: str, time: Covered) -> tuple[Any, ...]:
    its, definition = one.measure, one.as_json(locale)["definition"]
    numbers = [summed.value, summed.low, summed.high, its.at_least, its.at_most]
    unit = its.unit
    if unit == "time":
        unit, numbers = "seconds", [None if number is None else number / _SECOND_MS for number in numbers]
    value, *ends = numbers
    return (its.name, by, group, value, unit, summed.n, *ends, *time, definition)


def write_csv(rows: Iterable[tuple[Any, ...]], out: IO[str]) -> None:
    """RFC 4180; a text that a spreadsheet would take for a formula begins with an apostrophe."""
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([safe(cell) for cell in row] for row in rows)


def safe(cell: object) -> object:
    """A cell that is shown and never run."""
    if not isinstance(cell, str):
        return cell
    clean = cell.replace("\0", "")
    return f"'{clean}" if clean.lstrip(" ").startswith(_FORMULA) else clean


def write_parquet(rows: Iterable[tuple[Any, ...]], path: Path) -> None:
    """The same rows; texts as they are, for no tool runs those."""
    import duckdb  # noqa: PLC0415 - the extra

    with duckdb.connect(config={"threads": 1}) as duck:
        columns = ", ".join(f'"{name}" {_TYPES.get(name, "varchar")}' for name in COLUMNS)
        duck.execute(f"create table measures({columns})")
        held = list(rows)
        if held:
            duck.executemany(f"insert into measures values({', '.join('?' * len(COLUMNS))})", held)
        place = str(path).replace("'", "''")
        duck.execute(f"copy measures to '{place}' (format parquet)")


def shown(value: float | None, unit: str) -> str:
    """A value as people read it."""
    if value is None:
        return "–"  # noqa: RUF001 - a dash for nothing
    match unit:
        case "share":
            return f"{value:.2%}"
        case "time":
            return _length(value)
        case "count":
            return f"{value:,.0f}"
        case _:
            return f"{value:,.2f}"


def _length(milliseconds: float) -> str:
    """The largest unit in which it is one or more."""
    for unit, size in (("days", 86_400_000), ("hours", 3_600_000), ("minutes", 60_000)):
        if abs(milliseconds) >= size:
            return f"{milliseconds / size:,.1f} {unit}"
    return f"{milliseconds / 1000:,.1f} s"
