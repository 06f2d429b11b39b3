"""A state file that shows what several partitions keep elsewhere, in the layout that pages, commands and the history read.

It decides nothing and nobody's orders wait in it. Whoever fills it says in each transaction how far the sources are read, so it
may end at any moment. Rows of the journal stand in the order in which they came; their numbers are spread (`spread.py`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from orchestrator.partition.ports import Changes
from orchestrator.stores.rejects import file_of
from orchestrator.stores.spread import FACT, Spread
from orchestrator.stores.sqlite import SqliteFile

_ENDINGS = ("", "-wal", "-shm")
_TABLES = """
create table if not exists journal(
  seq integer not null unique, key integer not null, prev_seq integer not null, clock integer not null,
  given blob not null, decision blob not null
);
create index if not exists partition_rows on journal(key) where key < {partitions};
create table if not exists read_until(
  source text, number integer, next integer not null, print blob not null, primary key(source, number)
) without rowid;
create table if not exists released(raw text primary key) without rowid;
create table if not exists workers(
  number integer primary key, decided integer not null, "left" integer not null, unread integer not null, owner text not null
);
"""
_NO_ORDERS = """
create trigger if not exists no_orders before insert on orders begin
  select raise(abort, 'it mirrors workers on Kafka, who take orders there: use --input TOPIC, or the console');
end
"""
_TASKS = b"tasks"


class Until(NamedTuple):
    """How far a source is read: the next record, and what tells the last one taken from any other's; empty: nothing does."""

    source: str
    number: int
    next: int
    print: bytes = b""


class Works(NamedTuple):
    """A partition as its topics tell of it: its first input that is not decided, and how many of these are left.

    `unread`: records of its state that the mirror lacks. `owner`: the worker that has it, empty where nobody says so.
    """

    number: int
    decided: int
    left: int
    unread: int
    owner: str


class MirrorFile(SqliteFile):
    """The writing side; one process has it."""

    layout = "mirror"

    def __init__(self, path: Path, partitions: int) -> None:
        self.spread = Spread(partitions)
        self._until: list[Until] = []
        self._released: list[str] = []
        self._adopted: list[str] = []
        super().__init__(path, partitions=partitions, synchronous="NORMAL")
        self._with_tasks = {row[0] for row in self.connection.execute("select distinct key from tasks")}

    def _prepare(self, partitions: int, synchronous: str) -> None:
        self.connection.executescript(_TABLES.format(partitions=partitions))
        super()._prepare(partitions, synchronous)
        self.connection.execute(_NO_ORDERS)
        self._agree(FACT, partitions)

    def put(
        self, changes: Sequence[Changes], until: Iterable[Until], released: Iterable[str] = (), adopted: Iterable[str] = ()
    ) -> None:
        """What was read, and how far, in one transaction; and raw ids that were let go of, and those that were taken in."""
        self._until, self._released, self._adopted = list(until), list(released), list(adopted)
        self.commit(list(changes))

    def released(self) -> set[str]:
        """Raw ids that were let go of, and that nobody has taken in."""
        return {row[0] for row in self.connection.execute("select raw from released")}

    def clock(self, number: int) -> int:
        """A partition's clock as far as it was read."""
        return self.partition(number).clock()

    def until(self) -> list[Until]:
        """How far each source was read."""
        return [Until(*row) for row in self.connection.execute("select source, number, next, print from read_until")]

    def rows_of(self, number: int) -> int:
        """The last row of a partition's journal that is here, as that partition counts; 0: none."""
        found = self.connection.execute("select value from facts where name = ?", (_last_row(number),)).fetchone()
        return found[0] if found else 0

    def workers(self) -> list[Works]:
        """How the partitions stood."""
        return workers_in(self.connection)

    def tell_workers(self, every: Iterable[Works]) -> None:
        """How the partitions stand now."""
        self.connection.executemany("insert or replace into workers values(?, ?, ?, ?, ?)", list(every))

    def _note_last(self) -> None:
        many = self.connection.executemany
        many("insert or replace into read_until values(?, ?, ?, ?)", self._until)
        many("insert or ignore into released values(?)", [(raw,) for raw in self._released])
        many("delete from released where raw = ?", [(raw,) for raw in self._adopted])

    def _write(self, one: Changes) -> None:
        keys = {key for key, record in one.records.items() if _TASKS in record.sealed}
        one.tasks = {key for key in one.records if key in keys or key in self._with_tasks}
        self._with_tasks -= one.tasks
        self._with_tasks |= keys
        super()._write(one)
        if one.journal:
            last = self.spread.own(one.journal[-1].seq).number
            self.connection.execute("insert or replace into facts values(?, ?)", (_last_row(one.partition), last))


def _last_row(number: int) -> str:
    return f"last_row {number}"


def forget(path: Path) -> None:
    """Remove a mirror's file and the bad events beside it, to be made anew; its accounts and its history stay."""
    for one in (*(path.with_name(path.name + ending) for ending in _ENDINGS), file_of(path)):
        one.unlink(missing_ok=True)


def workers_in(connection: sqlite3.Connection) -> list[Works]:
    """How the partitions of a mirror stand; none in any other file."""
    if connection.execute("select 1 from sqlite_master where name = 'workers'").fetchone() is None:
        return []
    return [Works(*row) for row in connection.execute("select * from workers order by number")]
