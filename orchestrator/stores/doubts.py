"""How many messages of each profile are in doubt, or ended as unknown: counted beside the profiles, from their records.

So a page tells it without going through everybody, and after a restart or a recovery as before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from orchestrator.domain.ledger import IN_DOUBT, UNKNOWN
from orchestrator.domain.profile import Profile, unseal
from orchestrator.metrics import MESSAGES_IN_DOUBT, MESSAGES_UNKNOWN, Reading
from orchestrator.partition.ports import Changes

TABLE = "create table doubts(key integer primary key, in_doubt integer not null, unknown integer not null)"
_HAS = "select 1 from sqlite_master where name = 'doubts'"
_DOUBT, _END = IN_DOUBT.encode(), UNKNOWN.encode()


class Doubtful(NamedTuple):
    """Messages of which nobody knows whether they have left: that may still be found out, and those that ended so."""

    in_doubt: int = 0
    unknown: int = 0


def doubtful_of(profile: Profile) -> Doubtful:
    """Those of one customer."""
    waiting = sum(one.state == IN_DOUBT for one in profile.messages)
    return Doubtful(waiting + profile.tally.get(IN_DOUBT, 0), profile.tally.get(UNKNOWN, 0))


def has_doubts(connection: sqlite3.Connection) -> bool:
    """Whether the file counts them; earlier versions did not."""
    return connection.execute(_HAS).fetchone() is not None


def doubtful_in(connection: sqlite3.Connection) -> Doubtful:
    """Those of a whole file."""
    found = connection.execute("select coalesce(sum(in_doubt), 0), coalesce(sum(unknown), 0) from doubts").fetchone()
    return Doubtful(*found)


def keys_in_doubt(connection: sqlite3.Connection, most: int) -> list[int]:
    """Profiles with messages in doubt, at most so many: the newest."""
    rows = connection.execute("select key from doubts where in_doubt > 0 order by key desc limit ?", (most,))
    return [row[0] for row in rows]


def doubts_read(found: Doubtful, partition: int) -> list[Reading]:
    """The same as a page of metrics tells it."""
    where = {"partition": str(partition)}
    return [Reading(MESSAGES_IN_DOUBT, found.in_doubt, where), Reading(MESSAGES_UNKNOWN, found.unknown, where)]


class Doubts:
    """The count of one file, kept with each commit. Whose record has not even the words costs one look at its bytes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        if not has_doubts(connection):
            connection.execute("begin immediate")
            connection.execute(TABLE)
            self._keys: set[int] = set()
            self._put(connection.execute("select key, record from profiles"))
            connection.execute("commit")
        self._keys = {row[0] for row in connection.execute("select key from doubts")}

    def follow(self, changes: Changes) -> None:
        """Count again whoever changed."""
        self._put((key, record.sealed) for key, record in changes.records.items())

    def _put(self, records: Iterable[tuple[int, bytes]]) -> None:
        counted = list(self._counted(records))
        self.drop(key for key, found in counted if not any(found))
        new = [(key, *found) for key, found in counted if any(found)]
        if new:
            self._connection.executemany("insert or replace into doubts values(?, ?, ?)", new)
            self._keys.update(key for key, *_ in new)

    def _counted(self, records: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, Doubtful]]:
        for key, sealed in records:
            if _DOUBT in sealed or _END in sealed:
                yield key, doubtful_of(unseal(sealed))
            elif key in self._keys:
                yield key, Doubtful()

    def drop(self, keys: Iterable[int]) -> None:
        """These profiles are gone."""
        over = [key for key in keys if key in self._keys]
        if over:
            self._connection.executemany("delete from doubts where key = ?", [(key,) for key in over])
            self._keys.difference_update(over)
