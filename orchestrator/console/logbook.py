"""The door's book: who logged in, wrong passwords, locks, changed accounts. A small file beside the accounts.

No password is in it, and no name that is no account's: people type one for the other.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from orchestrator.console.limits import GATHERED_MS, LOGBOOK_KEPT
from orchestrator.console.log import log

ENTERED, WRONG, LOCKED, GIVEN, REMOVED = "entered", "wrong", "locked", "given", "removed"
_GATHERED = (WRONG, LOCKED)
"""What may come as often as somebody likes: one row of them an hour and account, with how often."""
_TABLE = (
    "create table if not exists entries(number integer primary key, at integer not null, what text not null,"
    " account text not null, actor text not null, role text not null, times integer not null)"
)
_NEWEST = "select number, at, what, account, actor, role, times from entries order by number desc limit ?"


class Entry(NamedTuple):
    """One of them. `account` is empty where nobody has that name; `at` is its last time (milliseconds), `times` how often."""

    number: int
    at: int
    what: str
    account: str
    actor: str
    role: str
    times: int


class Logbook:
    """The book in that file. Several processes may write it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self, what: str, account: str, at: int, *, actor: str = "", role: str = "") -> None:
        """Write it down. A book that cannot be written keeps nobody out: it is only said."""
        try:
            with closing(sqlite3.connect(self.path, timeout=5)) as book, book:
                book.execute(_TABLE)
                same = "update entries set at = ?, times = times + 1 where what = ? and account = ? and at > ?"
                gathered = what in _GATHERED and book.execute(same, (at, what, account, at - GATHERED_MS)).rowcount
                if not gathered:
                    given = (at, what, account, actor, role)
                    book.execute("insert into entries(at, what, account, actor, role, times) values(?, ?, ?, ?, ?, 1)", given)
                book.execute("delete from entries where number <= (select max(number) from entries) - ?", (LOGBOOK_KEPT,))
        except sqlite3.Error as error:
            log("trouble", path=str(self.path), error=type(error).__name__)

    def newest(self, limit: int = LOGBOOK_KEPT) -> list[Entry]:
        """The newest entries; none where nothing was ever written."""
        try:
            with closing(sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)) as book:
                return [Entry(*row) for row in book.execute(_NEWEST, (limit,))]
        except sqlite3.Error:
            return []


def logbook_of(accounts: Path) -> Logbook:
    """The book beside that file of accounts."""
    return Logbook(accounts.with_name(f"{accounts.name}.log"))
