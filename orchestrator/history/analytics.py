"""A history as DuckDB reads it: its segments and its index, as tables of one connection. It needs the extra `measures`."""

from __future__ import annotations

import csv
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.errors import StoreError
from orchestrator.history.follower import INDEX, folder_of
from orchestrator.history.segments import AS_CSV, EVENTS, types_of

if TYPE_CHECKING:
    import duckdb

COLUMNS = {
    "events": EVENTS,
    "transitions": {"seq": "BIGINT", "key": "BIGINT", "t": "BIGINT", "source": "VARCHAR", "target": "VARCHAR",
                    "cause": "VARCHAR", "since": "BIGINT"},
    "places": {"key": "BIGINT", "stage": "VARCHAR", "since": "BIGINT"},
    "moved": {"key": "BIGINT", "home": "BIGINT"},
    "runs": {"id": "VARCHAR", "key": "BIGINT", "campaign": "VARCHAR", "entered": "BIGINT", "held": "BIGINT", "arm": "VARCHAR",
             "step": "VARCHAR", "goal": "BIGINT", "value": "DOUBLE", "ended": "BIGINT", "reason": "VARCHAR"},
    "asked": {"id": "VARCHAR", "campaign": "VARCHAR"},
}  # fmt: skip
"""table → column → type, in order; `t` is when it happened, as `at` is no name in SQL"""
_Settings = dict[str, str | bool | int | float | list[str]]
_FROM = {"asked": "messages"}
_HOMED = {"key": "coalesce(moved.home, e.key) as key", "stage": "coalesce(e.stage, '') as stage"}
_INDEXED = {"t": "at"}


def absent_extra() -> tuple[str, ...]:
    """Which of DuckDB and SciPy are absent."""
    return tuple(name for name in ("duckdb", "scipy") if find_spec(name) is None)


def require_extra() -> None:
    """StoreError where DuckDB or SciPy is absent."""
    absent = absent_extra()
    if absent:
        message = f"measures need packages that are not installed ({', '.join(absent)}): pip install 'orchestrator[measures]'"
        raise StoreError(message)


class Analytics:
    """Tables of a history, each read when it is first needed. `key` draws the marks of texts, `clock` is where it stands."""

    def __init__(self, state: Path, connection: duckdb.DuckDBPyConnection, scratch: Path) -> None:
        self.folder = folder_of(state)
        self.duck = connection
        self._scratch = scratch
        self._index = sqlite3.connect(f"{(self.folder / INDEX).absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        self._index.execute("begin")
        meta = dict(self._index.execute("select name, value from meta where name in ('key', 'clock')"))
        self.key: bytes = meta["key"]
        self.clock: int = meta["clock"]
        self._there: set[str] = set()

    def first(self, what: str) -> bool:
        """Whether this is asked for the first time: then whoever asks makes it."""
        fresh = what not in self._there
        self._there.add(what)
        return fresh

    def need(self, *tables: str) -> None:
        """Have these tables."""
        for table in tables:
            if self.first(table):
                self._events() if table == "events" else self._load(table, table)

    def _load(self, table: str, name: str) -> None:
        """Through a file that DuckDB reads at once: a row at a time is a hundred times slower."""
        columns = COLUMNS[table]
        path = self._scratch / f"{name}.csv"
        query = f"select {', '.join(_INDEXED.get(c, c) for c in columns)} from {_FROM.get(table, table)}"  # noqa: S608 - our own names
        with path.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows(self._index.execute(query))
        shown = ", ".join(f"coalesce({c}, '') as {c}" if kind == "VARCHAR" else c for c, kind in columns.items())
        read = f"read_csv(?, {AS_CSV}, columns={types_of(columns)})"
        self.duck.execute(f"create table {name} as select {shown} from {read}", [str(path)])  # noqa: S608 - our own names
        path.unlink()

    def _events(self) -> None:
        """Segments, and what none of them holds yet; what became part of another profile is that one's."""
        self.need("moved")
        self._load("events", "newest")
        files = [str(self.folder / row[0]) for row in self._index.execute("select file from segments order by first")]
        columns = ", ".join(COLUMNS["events"])
        parts = [f"select {columns} from newest"]  # noqa: S608 - our own names
        if files:
            listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
            parts.append(f"select {columns} from read_parquet([{listed}])")  # noqa: S608 - our own names
        homed = ", ".join(_HOMED.get(column, f"e.{column}") for column in COLUMNS["events"])
        union = " union all ".join(parts)
        self.duck.execute(f"create view events as select {homed} from ({union}) e left join moved on moved.key = e.key")  # noqa: S608

    def close(self) -> None:
        """Let go of the index."""
        self._index.close()


@contextmanager
def analytics(state: Path, threads: int = 1, scratch: Path | None = None, memory: int | None = None) -> Iterator[Analytics]:
    """A history's tables in DuckDB, as they stand now. StoreError where the extra is absent, or no history is there.

    `scratch`: the folder in which it puts what goes beyond `memory` (bytes); else one of its own, and DuckDB's own bound.
    """
    require_extra()
    import duckdb  # noqa: PLC0415 - the extra

    settings: _Settings = {"threads": threads, "autoinstall_known_extensions": False, "autoload_known_extensions": False}
    if memory is not None:
        settings |= {"memory_limit": f"{memory // 2**20}MiB", "preserve_insertion_order": False}
    with (
        tempfile.TemporaryDirectory(prefix="measures-", dir=scratch) as folder,
        closing(duckdb.connect(config=settings)) as connection,
    ):
        connection.execute("set temp_directory = ?", [folder])
        try:
            found = Analytics(state, connection, Path(folder))
        except sqlite3.Error as error:
            raise StoreError(f"{folder_of(state)}: no history that can be read ({error})") from error
        with closing(found):
            yield found
