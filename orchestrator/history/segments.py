"""Events moved out of the index into Parquet: files that are written once and never changed, named in the index's table.

A segment's file is whole and on disk under its name before the index names it, in the transaction that takes its rows out of
there. So every event is in one place at any moment, whoever dies: a file that no index names is of nobody, and written over.
"""

from __future__ import annotations

import csv
import os
import sqlite3
from importlib.util import find_spec
from pathlib import Path

from orchestrator.history.limits import SEGMENT_ROWS

EVENTS = {
    "seq": "BIGINT",
    "key": "BIGINT",
    "t": "BIGINT",
    "name": "VARCHAR",
    "stage": "VARCHAR",
    "own": "BIGINT",
    "properties": "VARCHAR",
}
"""column → type, in order; `t` is when it happened, as `at` is no name in SQL"""
AS_CSV = "header=false, auto_detect=false, delim=',', quote='\"', escape='\"', parallel=false"
"""How DuckDB reads what `csv` writes."""


def types_of(columns: dict[str, str]) -> str:
    """Columns and types as `read_csv` takes them."""
    return "{" + ", ".join(f"'{column}': '{kind}'" for column, kind in columns.items()) + "}"


def move(index: sqlite3.Connection, folder: Path, rows: int = SEGMENT_ROWS) -> int:
    """Write segments while the index holds so many events or more; how many. None without the extra `measures`."""
    written = 0
    while find_spec("duckdb") is not None and (span := _next(index, rows)) is not None:
        _write(index, folder, *span)
        written += 1
    return written


def _next(index: sqlite3.Connection, rows: int) -> tuple[int, int] | None:
    """(first, last) of the oldest so many events; None where there are fewer."""
    first, newest = index.execute("select (select min(seq) from events), (select max(seq) from events)").fetchone()
    if first is None or newest - first < rows - 1:
        return None
    last = index.execute("select seq from events order by seq limit 1 offset ?", (rows - 1,)).fetchone()
    return None if last is None else (first, last[0])


def _write(index: sqlite3.Connection, folder: Path, first: int, last: int) -> None:
    name = f"events-{first:015}.parquet"
    part = folder / f"{name}.part"
    _parquet(index, part, first, last)
    part.replace(folder / name)
    _sync(folder)
    index.execute("begin immediate")
    given = index.execute("select ?, min(seq), max(seq), min(at), max(at), count(*) from events where seq <= ?", (name, last))
    index.execute("insert or replace into segments values(?, ?, ?, ?, ?, ?)", given.fetchone())
    index.execute("delete from events where seq <= ?", (last,))
    index.execute("commit")


def _parquet(index: sqlite3.Connection, part: Path, first: int, last: int) -> None:
    import duckdb  # noqa: PLC0415 - the extra

    lines = part.with_suffix(".csv")
    with lines.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(index.execute("select * from events where seq between ? and ? order by seq", (first, last)))
    with duckdb.connect(config={"threads": 1}) as duck:
        read = f"read_csv(?, {AS_CSV}, columns={types_of(EVENTS)})"
        place = str(part).replace("'", "''")
        duck.execute(f"copy (select * from {read}) to '{place}' (format parquet, compression zstd)", [str(lines)])  # noqa: S608
    lines.unlink()
    _sync(part)


def _sync(path: Path) -> None:
    """What is written there is on disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
