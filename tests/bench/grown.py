"""A state file and its history of a million customers: some thousands are real, the others their copies, made in SQL.

Copies have no timers: they are there to be counted, listed and looked at, and the originals live on.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from orchestrator.history import catch_up, folder_of
from orchestrator.history.follower import INDEX, _print  # the world is of a follower's making, as far as it can tell
from orchestrator.stores.reader import open_reader

_STATE = (
    (
        "insert into profiles select key + :key * :c, partition, raw || '~' || :c, last_seq + :seq * :c, null, record"
        " from profiles where key <= :key"
    ),
    "insert into ids select raw || '~' || :c, key + :key * :c from ids where key <= :key",
)
_JOURNAL = (
    "insert into journal select seq + :seq * :c, key + :key * :c, max(prev_seq, prev_seq + :seq * :c * (prev_seq > 0)), clock,"
    " given, decision from journal where seq <= :seq and key > 0"
)
_PLACES = ("insert into places select key + :key * :c, stage, since from places where key <= :key",)
_HISTORY = (
    (
        "insert into runs select id || :c, key + :key * :c, campaign, entered, held, arm, step, goal, value, ended, reason"
        " from runs where key <= :key"
    ),
    (
        "insert into messages select id || :c, key + :key * :c, run || :c, campaign, step, arm, channel, template, class,"
        " planned, state, reason, at, sent, delivered, opened, clicked, unsubscribed from messages where key <= :key"
    ),
    (
        "insert into tasks select id || :c, key + :key * :c, campaign, step, queue, opened, due, state, reason, at"
        " from tasks where key <= :key"
    ),
)
_SUMS = ("flows", "counts", "steps", "under_way", "stays")
_FAST = ("pragma synchronous=off", "pragma cache_size=-1000000")


def grow(state: Path, copies: int, journaled: int) -> None:
    """Add so many copies of every customer, `journaled` of them with what they did. The file must not be in use."""
    catch_up(state)
    with closing(sqlite3.connect(state, isolation_level=None)) as file:
        key, seq = (file.execute(f"select max({what}) from {of}").fetchone()[0] for what, of in _MOST)  # noqa: S608
        for setting in _FAST:
            file.execute(setting)
        file.execute("begin")
        for copy in range(1, copies + 1):
            its = {"key": key, "seq": seq if copy <= journaled else 0, "c": copy}
            for statement in (*_STATE, *([_JOURNAL] if copy <= journaled else [])):
                file.execute(statement, its)
        file.execute("insert or replace into facts values('last_key', (select max(key) from profiles))")
        file.execute("commit")
        file.execute("pragma wal_checkpoint(truncate)")
    _grow_history(state, key, copies, journaled)


_MOST = (("key", "profiles"), ("seq", "journal"))


def _grow_history(state: Path, key: int, copies: int, journaled: int) -> None:
    """The copies stand in it as if it had followed them."""
    with closing(sqlite3.connect(folder_of(state) / INDEX, isolation_level=None)) as index, open_reader(state) as source:
        for setting in _FAST:
            index.execute(setting)
        index.execute("begin")
        for copy in range(1, copies + 1):
            for statement in (*_PLACES, *(_HISTORY if copy <= journaled else [])):
                index.execute(statement, {"key": key, "c": copy})
        index.execute("update crowd set n = n * ?", (copies + 1,))
        for table in _SUMS:
            more = ", total = total * :n" if table == "stays" else ""
            index.execute(f"update {table} set n = n * :n{more}", {"n": journaled + 1})  # noqa: S608 - constants
        [last] = source.rows_after(source.last_seq() - 1, 1)
        at = {"seq": last.seq, "row": _print(last), "clock": last.clock}
        index.executemany("insert or replace into meta values(?, ?)", list(at.items()))
        index.execute("commit")
        index.execute("pragma wal_checkpoint(truncate)")
