"""Measures as rows for other tools: CSV that no spreadsheet runs, or Parquet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from orchestrator.insight.measures.measuring import Measured
from orchestrator.insight.measures.summing import Summed

COLUMNS = ("measure", "by", "group", "value", "unit", "n", "low", "high", "at_least", "at_most", "definition")
_TYPES = ("varchar", "varchar", "varchar", "double", "varchar", "bigint", "double", "double", "double", "double", "varchar")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets read these too


def rows_of(found: Mapping[str, Measured], locale: str = "en") -> Iterator[tuple[Any, ...]]:
    """A row for each measure, and one for each of its groups."""
    for name, one in found.items():
        told = one.as_json(locale)
        for group, summed in (("", one.whole), *one.by.items()):
            yield _row(name, one.told_by if group else "", group, summed, one, told["definition"])


def deeper_rows(one: Measured, locale: str = "en") -> Iterator[tuple[Any, ...]]:
    """A row for each step of a funnel, and one for each cell of a table of cohorts."""
    definition = one.as_json(locale)["definition"]
    first = one.steps[0][1] if one.steps else 0
    for name, n in one.steps:
        yield _row(one.measure.name, "step", name, Summed(n / first if first else None, n), one, definition)
    for cohort in one.cohorts:
        for place, share in enumerate(cohort.shares, 1):
            group = f"{cohort.month} +{30 * place}d"
            yield _row(one.measure.name, "cohort and days", group, Summed(share, cohort.n), one, definition)


def _row(name: str, by: str, group: str, summed: Summed, one: Measured, definition: str) -> tuple[Any, ...]:
    its = one.measure
    told = (summed.value, its.unit, summed.n, summed.low, summed.high, its.at_least, its.at_most)
    return (name, by, group, *told, definition)


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
        columns = ", ".join(f'"{name}" {kind}' for name, kind in zip(COLUMNS, _TYPES, strict=True))
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
