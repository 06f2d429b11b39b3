"""The embedded store: one SQLite file, WAL, `synchronous=FULL`, one writer, one transaction a batch.

Journal, touched profiles and the due-index (an index over profiles) are committed together; a commit that returned is
on disk.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from orchestrator.domain.moment import Controls
from orchestrator.errors import StoreError
from orchestrator.partition.ports import Changes, Stored

Synchronous = Literal["FULL", "OFF"]
"""`OFF` loses what was accepted when the power fails: for throw-away replays and as the tests' control."""

LAYOUT = 2
"""Version of the tables; a file of another one is refused."""

_TABLES = """
create table if not exists facts(name text primary key, value) without rowid;
create table if not exists partitions(number integer primary key, clock integer not null);
create table if not exists ids(raw text primary key, key integer not null) without rowid;
create table if not exists redirects(raw text primary key, target text not null) without rowid;
create table if not exists profiles(
  key integer primary key, partition integer not null, raw text not null, last_seq integer not null, due integer,
  record blob not null
);
create index if not exists due on profiles(partition, due) where due is not null;
create table if not exists journal(
  seq integer primary key, key integer not null, prev_seq integer not null, clock integer not null,
  given blob not null, decision blob not null
);
create index if not exists partition_rows on journal(seq) where key = 0;
create table if not exists dead_letters(
  seq integer primary key, key integer not null, clock integer not null, given blob not null, cause text not null
);
create table if not exists tasks(
  id text primary key, key integer not null, raw text not null, campaign text not null, step text not null,
  queue text not null, title text not null, opened_at integer not null, due integer not null, overdue integer not null,
  shows text not null
) without rowid;
create index if not exists tasks_of on tasks(key);
create table if not exists programs(name text primary key, content blob not null);
"""
"""`tasks` is derived from the profiles, for people to read."""

_WRITE_PROFILE = (
    "insert into profiles(key, partition, raw, last_seq, due, record) values(?, ?, ?, ?, ?, ?) on conflict(key) do update set"
    " partition = excluded.partition, raw = excluded.raw, last_seq = excluded.last_seq, due = excluded.due,"
    " record = excluded.record"
)


class SqliteFile:
    """One file that holds all partitions of an embedded engine. A single process may write it."""

    def __init__(self, path: Path | str, *, partitions: int = 1, synchronous: Synchronous = "FULL") -> None:
        self.path = str(path)
        try:
            self.connection = sqlite3.connect(self.path, isolation_level=None, timeout=10)
            self._prepare(partitions, synchronous)
        except sqlite3.Error as error:
            message = f"{self.path}: cannot be opened as a state file ({error}); name another file, or restore this one"
            raise StoreError(message) from error

    def _prepare(self, partitions: int, synchronous: str) -> None:
        run = self.connection.execute
        run("pragma journal_mode=wal")
        run(f"pragma synchronous={synchronous}")
        run("pragma wal_autocheckpoint=16000")
        run("pragma cache_size=-65536")
        self.connection.executescript(_TABLES)
        self._agree("layout", LAYOUT)
        self._agree("partitions", partitions)
        self.keys: int = run("select coalesce(max(key), 0) from profiles").fetchone()[0]
        self.seqs: int = run("select coalesce(max(seq), 0) from journal").fetchone()[0]
        last = run("select value from facts where name = 'last_key'").fetchone()
        self.keys = max(self.keys, last[0] if last else 0)

    def _agree(self, name: str, ours: int) -> None:
        self.connection.execute("insert or ignore into facts values(?, ?)", (name, ours))
        theirs = self.connection.execute("select value from facts where name = ?", (name,)).fetchone()[0]
        if theirs != ours:
            message = (
                f"{self.path}: its {name} is {theirs}, this engine needs {ours}; start with a new file or the same settings"
            )
            raise StoreError(message)

    def partition(self, number: int) -> SqliteStore:
        return SqliteStore(self, number)

    def commit(self, changes: list[Changes]) -> None:
        """Write everything in one transaction; durable when it returns. Nothing is written where nothing changed."""
        if not changes:
            return
        run = self.connection.execute
        run("begin immediate")
        try:
            for one in changes:
                for table in ("profiles", "tasks"):
                    self.connection.executemany(f"delete from {table} where key = ?", [(key,) for key in one.gone])  # noqa: S608
            for one in changes:
                self._write(one)
            run("insert or replace into facts values('last_key', ?)", (self.keys,))
            run("commit")
        except BaseException:
            if self.connection.in_transaction:
                run("rollback")
            raise

    def _write(self, one: Changes) -> None:
        many = self.connection.executemany
        many(
            _WRITE_PROFILE,
            [(key, one.partition, r.raw, r.last_seq, r.due, r.sealed) for key, r in one.records.items()],
        )
        if one.tasks:
            self._write_tasks(one)
        many("insert into journal values(?, ?, ?, ?, ?, ?)", one.journal)
        many("insert into dead_letters values(?, ?, ?, ?, ?)", one.dead)
        many("insert or replace into ids values(?, ?)", [(raw, key) for raw, key in one.ids.items() if key is not None])
        many("delete from ids where raw = ?", [(raw,) for raw, key in one.ids.items() if key is None])
        many("insert or replace into redirects values(?, ?)", list(one.redirects.items()))
        self.connection.execute("insert or replace into partitions values(?, ?)", (one.partition, one.clock))
        many("insert or replace into programs values(?, ?)", list(one.programs.items()))
        many("insert or replace into facts values(?, ?)", list(one.facts.items()))
        if one.controls is not None:
            content = msgspec.json.encode(one.controls)
            self.connection.execute("insert or replace into facts values('controls', ?)", (content,))

    def _write_tasks(self, one: Changes) -> None:
        self.connection.executemany("delete from tasks where key = ?", [(key,) for key in one.tasks])
        rows = (
            (t.id, key, raw, t.campaign, t.step, t.queue, t.title, t.opened_at, t.due, t.overdue, json.dumps(t.shows))
            for key, raw, every in ((key, one.records[key].raw, one.records[key].profile.tasks) for key in one.tasks)
            for t in every
        )
        self.connection.executemany("insert or replace into tasks values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def controls(self) -> Controls:
        row = self.connection.execute("select value from facts where name = 'controls'").fetchone()
        return msgspec.json.decode(row[0], type=Controls) if row else Controls()

    def every_profile(self) -> Iterator[tuple[int, Stored]]:
        """All profiles in order of key."""
        for key, *stored in self.connection.execute("select key, raw, record, last_seq, due from profiles order by key"):
            yield key, Stored(*stored)

    def program(self, name: str) -> bytes:
        """The content of a program that was live in this file."""
        content: bytes = self.connection.execute("select content from programs where name = ?", (name,)).fetchone()[0]
        return content

    def fact(self, name: str) -> bytes | None:
        row = self.connection.execute("select value from facts where name = ?", (name,)).fetchone()
        return row[0] if row else None

    def close(self) -> None:
        self.connection.close()


class SqliteStore:
    """One partition's view of the file."""

    def __init__(self, file: SqliteFile, number: int) -> None:
        self.file = file
        self.number = number
        self._run = file.connection.execute

    def clock(self) -> int:
        row = self._run("select clock from partitions where number = ?", (self.number,)).fetchone()
        return row[0] if row else 0

    def controls(self) -> Controls:
        return self.file.controls()

    def fact(self, name: str) -> bytes | None:
        return self.file.fact(name)

    def find(self, raw: str) -> int | None:
        row = self._run("select key from ids where raw = ?", (raw,)).fetchone()
        return row[0] if row else None

    def redirect(self, raw: str) -> str | None:
        row = self._run("select target from redirects where raw = ?", (raw,)).fetchone()
        return row[0] if row else None

    def read(self, key: int) -> Stored | None:
        query = "select raw, record, last_seq, due from profiles where key = ? and partition = ?"
        row = self._run(query, (key, self.number)).fetchone()
        return Stored(*row) if row else None

    def due_after(self, due: int, key: int, limit: int) -> list[tuple[int, int]]:
        after = "partition = ? and due is not null and (due, key) > (?, ?)"
        query = f"select due, key from profiles where {after} order by due, key limit ?"  # noqa: S608 - a constant
        return list(self._run(query, (self.number, due, key, limit)))

    def keys_after(self, key: int, limit: int) -> list[int]:
        return [row[0] for row in self._run("select key from profiles where key > ? order by key limit ?", (key, limit))]

    def last_key(self) -> int:
        return self.file.keys

    def next_key(self) -> int:
        self.file.keys += 1
        return self.file.keys

    def next_seq(self) -> int:
        self.file.seqs += 1
        return self.file.seqs

    def commit(self, changes: list[Changes]) -> None:
        self.file.commit(changes)
