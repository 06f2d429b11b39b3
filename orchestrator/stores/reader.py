"""A look into a state file beside its engine: short read-only transactions, never a write."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from orchestrator.domain.moment import Controls
from orchestrator.errors import StoreError
from orchestrator.partition.ports import JournalRow, Stored

_PAGE = 5_000


class Listed(NamedTuple):
    """An open task as the list beside the profiles has it; `raw` is the profile's `u:…` or `a:…`, times are milliseconds."""

    id: str
    raw: str
    campaign: str
    step: str
    queue: str
    title: str
    opened_at: int
    due: int
    overdue: bool
    shows: dict[str, Any]


class SqliteReader:
    """Reads profiles and journal of one state file."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        self._run = self._connection.execute
        self._run("select 1 from journal limit 1")

    def controls(self) -> Controls:
        """The switches as they stand."""
        row = self._run("select value from facts where name = 'controls'").fetchone()
        return msgspec.json.decode(row[0], type=Controls) if row else Controls()

    def key_of(self, raw: str) -> int | None:
        """The profile that a raw id (`u:…`, `a:…`) names, through its redirect if there is one."""
        row = self._run("select target from redirects where raw = ?", (raw,)).fetchone()
        row = self._run("select key from ids where raw = ?", (row[0] if row else raw,)).fetchone()
        return row[0] if row else None

    def redirect(self, raw: str) -> str | None:
        """The known id that an anonymous one has become part of."""
        row = self._run("select target from redirects where raw = ?", (raw,)).fetchone()
        return row[0] if row else None

    def ids_like(self, start: str, limit: int) -> list[str]:
        """Raw ids that begin so, in order."""
        after = start[:-1] + chr(min(ord(start[-1]) + 1, 0x10FFFF))
        return [row[0] for row in self._run("select raw from ids where raw >= ? and raw < ? limit ?", (start, after, limit))]

    def read(self, key: int) -> Stored | None:
        """One profile."""
        row = self._run("select raw, record, last_seq, due from profiles where key = ?", (key,)).fetchone()
        return Stored(*row) if row else None

    def tasks(self) -> list[Listed]:
        """Every open task, the most urgent first."""
        query = "select id, raw, campaign, step, queue, title, opened_at, due, overdue, shows from tasks order by due, id"
        try:
            rows = self._run(query).fetchall()
        except sqlite3.OperationalError:  # written by a version without tasks
            return []
        return [Listed._make((*row[:8], bool(row[8]), json.loads(row[9]))) for row in rows]

    def journal(self) -> Iterator[JournalRow]:
        """The whole journal in order, in pages, so that no reader holds the file for long."""
        seq = 0
        query = "select seq, key, prev_seq, clock, given, decision from journal where seq > ? order by seq limit ?"
        while rows := self._run(query, (seq, _PAGE)).fetchall():
            yield from (JournalRow(*row) for row in rows)
            seq = rows[-1][0]

    def history(self, key: int) -> list[JournalRow]:
        """One profile's journal, oldest first: a linked list, so the cost follows this profile's history alone."""
        stored = self.read(key)
        found: list[JournalRow] = []
        seq = stored.last_seq if stored is not None else 0
        query = "select seq, key, prev_seq, clock, given, decision from journal where seq = ?"
        while seq and (row := self._run(query, (seq,)).fetchone()) is not None:
            found.append(JournalRow(*row))
            seq = found[-1].prev_seq
        return found[::-1]

    def partition_rows(self) -> list[JournalRow]:
        """Inputs of whole partitions (switches, activations), in order."""
        query = "select seq, key, prev_seq, clock, given, decision from journal where key = 0 order by seq"
        return [JournalRow(*row) for row in self._run(query)]

    def program(self, name: str) -> bytes | None:
        """The content of a program that was live in this file."""
        row = self._run("select content from programs where name = ?", (name,)).fetchone()
        return row[0] if row else None

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


@contextmanager
def open_reader(path: Path) -> Iterator[SqliteReader]:
    """Open a state file for reading; StoreError where there is none."""
    try:
        reader = SqliteReader(path)
    except sqlite3.Error as error:
        message = f"{path}: not a state file that can be read ({error}); name the file given to --state"
        raise StoreError(message) from error
    try:
        yield reader
    finally:
        reader.close()
