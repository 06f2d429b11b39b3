"""Events that the door refused, the newest of them, so that people can see what is wrong: a small file beside the state.

The door is not kept waiting: a thread writes, and what comes too fast is dropped. Nothing is decided by it. Beside a mirror of
workers on Kafka it is the mirror that writes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any, NamedTuple

KEPT = 1_000
"""The newest are kept, so many."""
KEPT_MS = 7 * 86_400_000
"""And no longer than this: they may speak of people."""
WAITING = 200
"""Requests whose refused events wait to be written; of more nothing is kept."""
SENT_CHARS = 4_000
"""Of an event as it was sent."""
_LOOK_S = 0.5
_TABLE = (
    "create table if not exists rejects(number integer primary key, at integer not null, source text not null,"
    " reason text not null, sent text not null)"
)


class Reject(NamedTuple):
    """One of them. `number` tells it apart."""

    number: int
    at: int
    source: str
    reason: str
    sent: str


class Told(NamedTuple):
    """What is told of one: when it was refused (milliseconds), who sent it, why, and how it begins."""

    at: int
    source: str
    reason: str
    sent: str


def told_of(at: int, source: str, refused: Sequence[tuple[bytes, str]]) -> list[Told]:
    """Of events as they were sent, each with why it was refused."""
    return [Told(at, source, reason, sent[:SENT_CHARS].decode("utf-8", "replace")) for sent, reason in refused]


def file_of(state: Path) -> Path:
    """Where they stand, beside the state file."""
    return state.with_name(f"{state.name}.rejects")


class Rejects:
    """The writing side: one process has it."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._waiting: Queue[list[Told]] = Queue(WAITING)
        self._over = Event()
        self._thread = Thread(target=self._write, name="rejects", daemon=True)
        self._thread.start()

    def put(self, at: int, source: str, refused: Sequence[tuple[bytes, str]]) -> None:
        """Note these, each as it was sent and why; where too much waits, do not."""
        with suppress(Full):
            self._waiting.put_nowait(told_of(at, source, refused[:KEPT]))

    def close(self) -> None:
        """Write what waits, and end."""
        self._over.set()
        self._thread.join()

    def _write(self) -> None:
        while not (self._over.is_set() and self._waiting.empty()):
            try:
                found = self._waiting.get(timeout=_LOOK_S)
            except Empty:
                continue
            with suppress(sqlite3.Error):  # a full disk is the engine's to tell; nothing hangs on this file
                keep_rejects(self._state, found)


def keep_rejects(state: Path, found: Sequence[Told]) -> None:
    """Put these beside the state file, where only the newest stay. sqlite3.Error where they cannot be written."""
    connection = sqlite3.connect(file_of(state), timeout=5)
    try:
        with connection:
            connection.execute(_TABLE)
            connection.executemany("insert into rejects(at, source, reason, sent) values(?, ?, ?, ?)", found)
            last = connection.execute("select max(number) from rejects").fetchone()[0]
            bounds = (last - KEPT, max(one.at for one in found) - KEPT_MS)
            connection.execute("delete from rejects where number <= ? or at < ?", bounds)
    finally:
        connection.close()


def read_rejects(state: Path, below: int | None, limit: int) -> list[Reject]:
    """The newest; `below` a number, the next. Nothing where nothing was ever refused."""
    query = "select number, at, source, reason, sent from rejects where number < ? order by number desc limit ?"
    return [Reject(*row) for row in _read(state, query, (1 << 62 if below is None else below, limit))]


def count_rejects(state: Path, since: int) -> int:
    """How many of those that are kept were refused since then (milliseconds)."""
    found = _read(state, "select count(*) from rejects where at >= ?", (since,))
    return int(found[0][0]) if found else 0


def _read(state: Path, query: str, values: tuple[int, ...]) -> list[tuple[Any, ...]]:
    try:
        connection = sqlite3.connect(f"{file_of(state).absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return []
    try:
        return connection.execute(query, values).fetchall()
    except sqlite3.Error:
        return []
    finally:
        connection.close()
