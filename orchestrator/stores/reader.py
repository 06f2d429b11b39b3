"""A look into a state file beside its engine: short read-only transactions, never a write."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from orchestrator.domain import suppression
from orchestrator.domain.input import Control
from orchestrator.domain.ledger import IN_DOUBT, UNKNOWN
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import Profile, unseal
from orchestrator.errors import StoreError
from orchestrator.partition.ports import DeadLetter, JournalRow, Stored
from orchestrator.partition.standing import STANDING, Standing, standing_of
from orchestrator.stores.doubts import Doubtful, doubtful_in, has_doubts
from orchestrator.stores.mirror import Works, workers_in
from orchestrator.stores.orders import has_orders, orders_in
from orchestrator.stores.spread import FACT, Spread
from orchestrator.stores.sqlite import LISTED

_PAGE = 5_000
_BEYOND = 1 << 62
"""After every row."""


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


class Doubt(NamedTuple):
    """A message of which nobody knows whether it has left. `until`: when that ends by itself; `ended`: it has, as unknown."""

    id: str
    raw: str
    campaign: str
    step: str
    template: str
    channel: str
    cls: str
    planned_at: int
    state: str
    until: int | None = None
    resent: int = 0
    ended: bool = False


_DOUBTFUL = (b"in_doubt", b"unknown")


class SqliteReader:
    """Reads profiles and journal of one state file.

    Rows come in the order in which they were written (`rowid`), which in an engine's own file is that of their numbers.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        self._run = self._connection.execute
        self._run("select 1 from journal limit 1")
        self.spread = Spread(self._run("select coalesce(max(value), 1) from facts where name = ?", (FACT,)).fetchone()[0])
        """Of a mirror's numbers; an engine's own file has none but its own."""

    def controls(self) -> Controls:
        """The switches as they stand."""
        row = self._run("select value from facts where name = 'controls'").fetchone()
        return msgspec.json.decode(row[0], type=Controls) if row else Controls()

    def orders(self) -> list[Control]:
        """Operators' orders that the engine has not taken yet."""
        return [control for _, control in orders_in(self._connection)] if has_orders(self._connection) else []

    def earliest_due(self) -> int | None:
        """When the next timer is due."""
        due: int | None = self._run("select min(due) from profiles where partition = 0 and due is not null").fetchone()[0]
        return due

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

    def every_profile(self) -> Iterator[tuple[int, Stored]]:
        """All profiles that have something to wait for, in order of key."""
        yield from self._profiles("due is not null and")

    def everybody(self) -> Iterator[tuple[int, Stored]]:
        """All profiles, in order of key and in pages."""
        yield from self._profiles("")

    def _profiles(self, which: str) -> Iterator[tuple[int, Stored]]:
        query = f"select key, raw, record, last_seq, due from profiles where {which} key > ? order by key limit ?"  # noqa: S608 - constants
        key = 0
        while rows := self._run(query, (key, _PAGE)).fetchall():
            yield from ((found, Stored(*stored)) for found, *stored in rows)
            key = rows[-1][0]

    def fact(self, name: str) -> bytes | None:
        """What the whole file has noted under that name."""
        row = self._run("select value from facts where name = ?", (name,)).fetchone()
        return row[0] if row else None

    def listed(self, address: bytes) -> list[suppression.Listed]:
        """What the address list says of it; a file from before there was one says nothing."""
        try:
            return [suppression.Listed(*row) for row in self._run(LISTED, (address,))]
        except sqlite3.OperationalError:
            return []

    def standing(self) -> Standing:
        """What the file knows of its programs."""
        return standing_of(self.fact(STANDING))

    def tasks(self) -> list[Listed]:
        """Every open task, the most urgent first."""
        query = "select id, raw, campaign, step, queue, title, opened_at, due, overdue, shows from tasks order by due, id"
        try:
            rows = self._run(query).fetchall()
        except sqlite3.OperationalError:  # written by a version without tasks
            return []
        return [Listed._make((*row[:8], bool(row[8]), json.loads(row[9]))) for row in rows]

    def doubtful(self) -> Doubtful:
        """How many messages are in doubt, and how many ended as unknown."""
        return doubtful_in(self._connection) if has_doubts(self._connection) else Doubtful()

    def doubts(self) -> Iterator[Doubt]:
        """Messages in doubt, and those that ended as unknown. A file that does not count them is gone through whole."""
        known = " where key in (select key from doubts)" if has_doubts(self._connection) else ""
        for raw, record in self._run(f"select raw, record from profiles{known}"):  # noqa: S608 - a constant
            if any(state in record for state in _DOUBTFUL):
                yield from _doubts_of(raw, unseal(record))

    def doubts_of(self, raw: str) -> list[Doubt]:
        """The same of one customer."""
        key = self.key_of(raw)
        stored = None if key is None else self.read(key)
        return [] if stored is None else list(_doubts_of(stored.raw, unseal(stored.sealed)))

    def journal(self) -> Iterator[JournalRow]:
        """The whole journal in order, in pages, so that no reader holds the file for long.

        What concerns whole partitions is told once, by the first one.
        """
        seq = 0
        while rows := self.rows_after(seq, _PAGE):
            yield from (row for row in rows if not 0 < row.key < self.spread.partitions)
            seq = rows[-1].seq

    def rows_after(self, seq: int, limit: int) -> list[JournalRow]:
        """The next rows of the journal, in the order in which they were written, each with its place there as its number."""
        query = "select rowid, key, prev_seq, clock, given, decision from journal where rowid > ? order by rowid limit ?"
        return [JournalRow(*row) for row in self._run(query, (seq, limit))]

    def last_seq(self) -> int:
        """The place of the journal's newest row; 0: it has none."""
        found: int = self._run("select coalesce(max(rowid), 0) from journal").fetchone()[0]
        return found

    def dead_between(self, first: int, last: int) -> list[tuple[int, int, int, str]]:
        """(seq, key, clock, cause) of the inputs among these rows, by their places, that could not be decided."""
        query = (
            "select d.seq, d.key, d.clock, d.cause from journal j join dead_letters d on d.seq = j.seq"
            " where j.rowid between ? and ? order by d.seq"
        )
        return list(self._run(query, (first, last)))

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

    def partition_rows(self, beside: int | None = None) -> list[JournalRow]:
        """Inputs of whole partitions (switches, activations), in order: as the first partition met them, by their places.

        With the key `beside`, as that profile's own partition met them, and what it alone was told: their numbers compare with
        those of its history.
        """
        number, which, among = "rowid", "key = 0", self.spread.partitions
        if among > 1:
            which = f"key < {among} and {which}"  # the index is of keys below that
        if among > 1 and beside is not None:
            own = self.spread.own(beside).partition
            number, which = "seq", f"key < {among} and key in (0, {own}) and seq % {among} = {own}"
        query = f"select {number}, key, prev_seq, clock, given, decision from journal where {which} order by rowid"  # noqa: S608 - numbers
        return [JournalRow(*row) for row in self._run(query)]

    def clocks(self) -> list[int]:
        """The clock of each partition."""
        return [row[0] for row in self._run("select clock from partitions order by number")]

    def workers(self) -> list[Works]:
        """How the partitions of a mirror stand; none in an engine's own file."""
        return workers_in(self._connection)

    def timers(self, by: int, most: int) -> tuple[int, int | None]:
        """(timers that are due by then, at most so many; when the earliest timer of all is due)."""
        due = "select 1 from profiles where due is not null and due <= ? limit ?"
        count = self._run(f"select count(*) from ({due})", (by, most)).fetchone()[0]  # noqa: S608 - a constant
        return count, self._run("select min(due) from profiles where due is not null").fetchone()[0]

    def newest_row(self) -> tuple[int, int]:
        """(place, clock) of the journal's newest row; zeros where it has none."""
        row = self._run("select rowid, clock from journal order by rowid desc limit 1").fetchone()
        return row or (0, 0)

    def newest_key(self) -> int:
        """The highest key of a profile: how many were ever made, about."""
        return self._run("select coalesce(max(key), 0) from profiles").fetchone()[0]  # type: ignore[no-any-return]

    def dead_letters(self, below: int | None, limit: int) -> list[tuple[str | None, DeadLetter]]:
        """The newest dead letters, each with the raw id of its profile, if that is still there; `below` a row, the next."""
        query = (
            "select p.raw, d.seq, d.key, d.clock, d.given, d.cause from dead_letters d left join profiles p on p.key = d.key"
            " where d.seq < ? order by d.seq desc limit ?"
        )
        rows = self._run(query, (_BEYOND if below is None else below, limit))
        return [(raw, DeadLetter(*row)) for raw, *row in rows]

    def dead_letter(self, seq: int) -> tuple[str | None, DeadLetter] | None:
        """The dead letter of that row."""
        found = self.dead_letters(seq + 1, 1)
        return found[0] if found and found[0][1].seq == seq else None

    def dead_count(self, most: int = _BEYOND) -> int:
        """How many dead letters there are, counted up to so many."""
        return self._run("select count(*) from (select 1 from dead_letters limit ?)", (most,)).fetchone()[0]  # type: ignore[no-any-return]

    def reached(self, address: bytes) -> str | None:
        """The raw id of who was written to there last."""
        row = self._run("select raw from reached where address = ?", (address,)).fetchone()
        return row[0] if row else None

    def program(self, name: str) -> bytes | None:
        """The content of a program that was live in this file."""
        row = self._run("select content from programs where name = ?", (name,)).fetchone()
        return row[0] if row else None

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _doubts_of(raw: str, profile: Profile) -> Iterator[Doubt]:
    for one in profile.messages:
        if one.state == IN_DOUBT:
            its = (one.campaign, one.step, one.template, one.channel, one.cls, one.planned_at)
            yield Doubt(one.id, raw, *its, one.state, one.due, one.resent)
    for sent in profile.sent:
        if sent.state in (IN_DOUBT, UNKNOWN):
            its = (sent.campaign, sent.step, sent.template, sent.channel, sent.cls, sent.planned_at)
            yield Doubt(sent.id, raw, *its, sent.state, ended=True)


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
