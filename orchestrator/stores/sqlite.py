"""The embedded store: one SQLite file, WAL, `synchronous=FULL`, one writer, one transaction a batch.

Journal, touched profiles and the due-index (an index over profiles) are committed together; a commit that returned is
on disk.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import structs

from orchestrator.domain.input import Control
from orchestrator.domain.moment import Controls
from orchestrator.domain.suppression import Listed, Word, follows
from orchestrator.errors import StoreError
from orchestrator.metrics import COMMIT_SECONDS, COMMITS, Counts
from orchestrator.partition.ports import Changes, Stored
from orchestrator.stores import orders
from orchestrator.stores.doubts import Doubtful, Doubts, doubtful_in, keys_in_doubt

Synchronous = Literal["FULL", "NORMAL", "OFF"]
"""When the power fails, `NORMAL` may lose the last commits and nothing else: for what can be read again. `OFF` loses what was
accepted: for throw-away replays and as the tests' control."""

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
create table if not exists addresses(
  address blob not null, kind text not null, scope text not null, channel text not null, since integer not null,
  source text not null, reason text not null, lifted integer, primary key(address, kind, scope)
) without rowid;
create table if not exists reached(address blob primary key, raw text not null) without rowid;
"""
"""Derived are `tasks`, from the profiles for people to read, and `reached`, from what was handed over to know who says STOP."""

_LIST = "insert or replace into addresses values(:address, :kind, :scope, :channel, :since, :source, :reason, :lifted)"
_EVERY = "select address, channel, kind, scope, since, source, reason, lifted from addresses"
LISTED = f"{_EVERY} where address = ?"

_WRITE_PROFILE = (
    "insert into profiles(key, partition, raw, last_seq, due, record) values(?, ?, ?, ?, ?, ?) on conflict(key) do update set"
    " partition = excluded.partition, raw = excluded.raw, last_seq = excluded.last_seq, due = excluded.due,"
    " record = excluded.record"
)

ProfileRow = tuple[int, int, str, int, int | None, bytes]
"""(key, partition, raw, last_seq, due, sealed)"""


class SqliteFile:
    """One file that holds all partitions of an embedded engine. A single process may write it."""

    layout: int | str = LAYOUT

    def __init__(self, path: Path | str, *, partitions: int = 1, synchronous: Synchronous = "FULL") -> None:
        self.path, self.counts = str(path), Counts()
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
        run(orders.TABLE)
        self._agree("layout", self.layout)
        self._agree("partitions", partitions)
        self.keys: int = run("select coalesce(max(key), 0) from profiles").fetchone()[0]
        self.seqs: int = run("select coalesce(max(seq), 0) from journal").fetchone()[0]
        last = run("select value from facts where name = 'last_key'").fetchone()
        self.keys = max(self.keys, last[0] if last else 0)
        self._doubts = Doubts(self.connection)

    def _agree(self, name: str, ours: int | str) -> None:
        self.connection.execute("insert or ignore into facts values(?, ?)", (name, ours))
        theirs = self.connection.execute("select value from facts where name = ?", (name,)).fetchone()[0]
        if theirs != ours:
            message = (
                f"{self.path}: its {name} is {theirs}, this engine needs {ours}; start with a new file or the same settings"
            )
            raise StoreError(message)

    def partition(self, number: int) -> SqliteStore:
        return SqliteStore(self, number)

    def in_doubt(self, most: int) -> list[int]:
        """Keys of profiles with messages in doubt, at most so many."""
        return keys_in_doubt(self.connection, most)

    def commit(self, changes: list[Changes]) -> None:
        """Write everything in one transaction; durable when it returns. Nothing is written where nothing changed."""
        if not changes:
            return
        run, began = self.connection.execute, time.perf_counter()
        run("begin immediate")
        try:
            for one in changes:
                self._drop(one.gone)
            for one in changes:
                self._write(one)
            self._note_last()
            run("commit")
        except BaseException:
            if self.connection.in_transaction:
                run("rollback")
            raise
        self.counts.add(COMMITS, 1, "0")
        self.counts.add(COMMIT_SECONDS, time.perf_counter() - began, "0")

    def _note_last(self) -> None:
        """What goes into every transaction, at its end."""
        self.connection.execute("insert or replace into facts values('last_key', ?)", (self.keys,))

    def _drop(self, gone: Collection[int]) -> None:
        for table in ("profiles", "tasks"):
            self.connection.executemany(f"delete from {table} where key = ?", [(key,) for key in gone])  # noqa: S608
        self._doubts.drop(gone)

    def _write_profiles(self, rows: list[ProfileRow]) -> None:
        self.connection.executemany(_WRITE_PROFILE, rows)

    def _write(self, one: Changes) -> None:
        many = self.connection.executemany
        self._write_profiles([(key, one.partition, r.raw, r.last_seq, r.due, r.sealed) for key, r in one.records.items()])
        if one.tasks:
            self._write_tasks(one)
        self._doubts.follow(one)
        many("insert into journal values(?, ?, ?, ?, ?, ?)", one.journal)
        many("insert into dead_letters values(?, ?, ?, ?, ?)", one.dead)
        many("insert or replace into ids values(?, ?)", [(raw, key) for raw, key in one.ids.items() if key is not None])
        many("delete from ids where raw = ?", [(raw,) for raw, key in one.ids.items() if key is None])
        many("insert or replace into redirects values(?, ?)", list(one.redirects.items()))
        self.connection.execute("insert or replace into partitions values(?, ?)", (one.partition, one.clock))
        many("insert or replace into programs values(?, ?)", list(one.programs.items()))
        many("insert or replace into facts values(?, ?)", list(one.facts.items()))
        if one.listed:
            many(_LIST, [structs.asdict(each) for each in one.listed.values()])
        if one.reached:
            many("insert or replace into reached values(?, ?)", list(one.reached.items()))
        if one.obeyed:
            many("delete from orders where number = ?", [(number,) for number in one.obeyed])
        if one.redriven:
            many("delete from dead_letters where seq = ?", [(seq,) for seq in one.redriven])
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

    def doubtful(self) -> Doubtful:
        """How many messages are in doubt, and how many ended as unknown."""
        return doubtful_in(self.connection)

    def lists_addresses(self) -> bool:
        """Whether the address list has any entry."""
        return self.connection.execute("select 1 from addresses limit 1").fetchone() is not None

    def every_listed(self) -> list[Listed]:
        """The whole address list."""
        return [Listed(*row) for row in self.connection.execute(_EVERY)]

    def hear(self, words: Iterable[Word]) -> list[Listed]:
        """List what these words say, beside an engine at work: it looks into the list at each hand-off.

        Gives the entries that are new or changed.
        """
        run, changed = self.connection.execute, list[Listed]()
        run("begin immediate")
        try:
            for word in words:
                for entry in follows(word, self.partition(0).listed(word.address)):
                    run(_LIST, structs.asdict(entry))
                    changed.append(entry)
            run("commit")
        except BaseException:
            run("rollback")
            raise
        return changed

    def orders(self) -> list[tuple[int, Control]]:
        """What was ordered and not taken yet, in order."""
        return orders.orders_in(self.connection)

    def note_facts(self, facts: Mapping[str, bytes]) -> None:
        """Note what was drawn for this file, outside of any batch; nothing is written where it is known."""
        new = [(name, value) for name, value in facts.items() if self.fact(name) != value]
        if new:
            self.connection.executemany("insert or replace into facts values(?, ?)", new)

    def controls(self) -> Controls:
        row = self.connection.execute("select value from facts where name = 'controls'").fetchone()
        return msgspec.json.decode(row[0], type=Controls) if row else Controls()

    def stored(self, key: int, partition: int) -> Stored | None:
        """The profile of that key, where it is that partition's."""
        query = "select raw, record, last_seq, due from profiles where key = ? and partition = ?"
        row = self.connection.execute(query, (key, partition)).fetchone()
        return Stored(*row) if row else None

    def due_after(self, partition: int, due: int, key: int, limit: int) -> list[tuple[int, int]]:
        """A partition's next timers, as (due, key), in order."""
        after = "partition = ? and due is not null and (due, key) > (?, ?)"
        query = f"select due, key from profiles where {after} order by due, key limit ?"  # noqa: S608 - a constant
        return list(self.connection.execute(query, (partition, due, key, limit)))

    def keys_after(self, key: int, limit: int) -> list[int]:
        """The next keys of profiles, in order."""
        query = "select key from profiles where key > ? order by key limit ?"
        return [row[0] for row in self.connection.execute(query, (key, limit))]

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

    def listed(self, address: bytes) -> list[Listed]:
        return [Listed(*row) for row in self._run(LISTED, (address,))]

    def reached(self, address: bytes) -> str | None:
        row = self._run("select raw from reached where address = ?", (address,)).fetchone()
        return row[0] if row else None

    def find(self, raw: str) -> int | None:
        row = self._run("select key from ids where raw = ?", (raw,)).fetchone()
        return row[0] if row else None

    def redirect(self, raw: str) -> str | None:
        row = self._run("select target from redirects where raw = ?", (raw,)).fetchone()
        return row[0] if row else None

    def read(self, key: int) -> Stored | None:
        return self.file.stored(key, self.number)

    def due_after(self, due: int, key: int, limit: int) -> list[tuple[int, int]]:
        return self.file.due_after(self.number, due, key, limit)

    def keys_after(self, key: int, limit: int) -> list[int]:
        return self.file.keys_after(key, limit)

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
