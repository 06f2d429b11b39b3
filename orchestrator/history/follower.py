"""Brings a history up to its state file: batch by batch, each in one transaction with where it stands.

It may be killed at any moment: what a transaction did not finish was not done. What the file says of itself decides whether
the history is still of it: its layout, and the row of the journal that it stands at.
"""

from __future__ import annotations

import fcntl
import secrets
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from orchestrator.errors import StoreError
from orchestrator.history import segments
from orchestrator.history.held import Held, Place
from orchestrator.history.layout import LAYOUT, TABLES
from orchestrator.history.limits import BATCH_ROWS, FAULT_CHARS, REST_S, SEGMENT_ROWS
from orchestrator.history.taking import Read, names, read, take
from orchestrator.partition.ports import JournalRow
from orchestrator.stores.reader import SqliteReader, open_reader

KEY_BYTES = 16
INDEX = "index.sqlite"
ENDING = ".history"


def folder_of(state: Path) -> Path:
    """Where the history of a state file stands: beside it."""
    return state.with_name(state.name + ENDING)


class _Standing(msgspec.Struct):
    """What of a profile says where it began."""

    born: int
    stage: str
    stages: list[Any] = []


_standing_of = msgspec.msgpack.Decoder(_Standing).decode


class Caught(NamedTuple):
    """How much of the journal was taken in, and how far the history is then."""

    rows: int
    seq: int


@contextmanager
def only_follower(folder: Path, *, wait: bool) -> Iterator[bool]:
    """Hold the history's lock. Without `wait` it may be another's: then False, and that one brings the history up."""
    folder.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def catch_up(
    state: Path, *, wait: bool = True, at_most: int | None = None, batch: int = BATCH_ROWS, segment: int = SEGMENT_ROWS
) -> Caught:
    """Take in what the history lacks; StoreError where the state file cannot be read.

    Without `wait` it does nothing where another process is at it. `at_most` batches, each of so many rows, are taken, and
    `segment` events make a segment.
    """
    folder = folder_of(state)
    with open_reader(state) as source, only_follower(folder, wait=wait) as ours:
        if not ours:
            return Caught(0, 0)
        with closing(opened(folder, source)) as index:
            return _catch_up(index, source, folder, at_most, batch, segment)


def follow(state: Path, stop: Callable[[], bool], rest_s: float = REST_S) -> None:
    """Follow until `stop` says so. Run it in a process of its own, at low priority.

    It rests once it has everything, though more comes all the time: each look ends on the disk, which the engine waits for.
    """
    while not stop():
        if catch_up(state, wait=False, at_most=1).rows < BATCH_ROWS:
            time.sleep(rest_s)


def _catch_up(
    index: sqlite3.Connection, source: SqliteReader, folder: Path, at_most: int | None, batch: int, segment: int
) -> Caught:
    taken, batches = 0, 0
    seq = standing(index)
    secret = index.execute("select value from meta where name = 'key'").fetchone()[0]
    while (at_most is None or batches < at_most) and (rows := source.rows_after(seq, batch)):
        _take(index, source, rows, secret)
        taken, batches, seq = taken + len(rows), batches + 1, rows[-1].seq
        segments.move(index, folder, segment)
    return Caught(taken, seq)


def _take(index: sqlite3.Connection, source: SqliteReader, rows: list[JournalRow], secret: bytes) -> None:
    """One batch, in one transaction."""
    found = list(read(rows))
    index.execute("begin immediate")
    try:
        held = Held.of(index.execute, *names(found))
        _place(held, index, source, found)
        for row in found:
            take(held, row, secret)
        held.write(index.executemany)
        dead = [(*where, _fault(cause)) for *where, cause in source.dead_between(rows[0].seq, rows[-1].seq)]
        index.executemany("insert or replace into dead_letters values(?, ?, ?, ?)", dead)
        last = rows[-1]
        _note(index, {"seq": last.seq, "row": _print(last), "clock": last.clock})
        index.execute("commit")
    except BaseException:
        if index.in_transaction:
            index.execute("rollback")
        raise


def _fault(cause: str) -> str:
    """The kind of fault that ends a traceback; what it says may quote a customer."""
    return cause.strip().rsplit("\n", 1)[-1].split(":", 1)[0][:FAULT_CHARS]


def _place(held: Held, index: sqlite3.Connection, source: SqliteReader, rows: Iterable[Read]) -> None:
    """Profiles seen for the first time: where each began, by its first move here, else as its record says."""
    first: dict[int, tuple[int, str]] = {}
    for row in rows:
        if row.key not in held.places and row.key not in first:
            first[row.key] = row.clock, ""
        if row.decision.transitions and row.key in first and not first[row.key][1]:
            first[row.key] = first[row.key][0], row.decision.transitions[0].source
    for key, (clock, stage) in first.items():
        held.places[key] = Place(stage or _began(index, source, key), clock)


def _began(index: sqlite3.Connection, source: SqliteReader, key: int) -> str:
    """Where a profile stands that has not moved so far; where it has moved on since, or is gone, where everybody began."""
    stored = source.read(key)
    found = None if stored is None else _standing_of(stored.sealed)
    return _start(index, source) if found is None or found.stages else found.stage


def _start(index: sqlite3.Connection, source: SqliteReader) -> str:
    """Where the first one to move came from; looked up once."""
    known = index.execute("select value from meta where name = 'start'").fetchone()
    if known is not None:
        return str(known[0])
    moves = (row.decision.transitions[0] for row in read(source.journal()) if row.decision.transitions)
    start = next(iter(moves), None)
    if start is None:
        return ""
    _note(index, {"start": start.source})
    return start.source


def opened(folder: Path, source: SqliteReader) -> sqlite3.Connection:
    """The index to write, made anew where it is of another layout or another state file."""
    index = _connect(folder)
    if not _ours(index, source):
        index.close()
        shutil.rmtree(folder)
        folder.mkdir()
        index = _connect(folder)
    return index


def _connect(folder: Path) -> sqlite3.Connection:
    try:
        index = sqlite3.connect(folder / INDEX, isolation_level=None, timeout=30)
        index.execute("pragma journal_mode=wal")
        index.execute("pragma synchronous=normal")
        index.execute("pragma cache_size=-65536")
        if not index.execute("select 1 from sqlite_master where name = 'meta'").fetchone():
            index.execute("begin immediate")
            for statement in TABLES.split(";"):
                index.execute(statement)
            _note(index, {"layout": LAYOUT, "seq": 0, "row": b"", "clock": 0, "key": secrets.token_bytes(KEY_BYTES)})
            index.execute("commit")
    except sqlite3.Error as error:
        message = f"{folder}: the history cannot be opened ({error}); delete that folder, it is made anew"
        raise StoreError(message) from error
    return index


def _ours(index: sqlite3.Connection, source: SqliteReader) -> bool:
    """Whether this history is of that file, and of this layout."""
    meta = dict(index.execute("select name, value from meta where name in ('layout', 'seq', 'row')"))
    if meta.get("layout") != LAYOUT:
        return False
    row = next(iter(source.rows_after(meta["seq"] - 1, 1)), None)
    return meta["seq"] == 0 or (row is not None and row.seq == meta["seq"] and _print(row) == meta["row"])


def standing(index: sqlite3.Connection) -> int:
    """The journal's row that the history stands at; 0: none."""
    found: int = index.execute("select value from meta where name = 'seq'").fetchone()[0]
    return found


def _note(index: sqlite3.Connection, facts: dict[str, Any]) -> None:
    index.executemany("insert or replace into meta values(?, ?)", facts.items())


def _print(row: JournalRow) -> bytes:
    """What tells this row from any other file's."""
    return blake2b(b"%d %d %b %b" % (row.key, row.clock, row.given, row.decision), digest_size=16).digest()
