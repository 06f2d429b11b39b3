"""A state file whose profiles are written late: who changed lately waits in memory, is read from there, and changes again.

Only the newest of a profile's states is ever written, and the writing is spread over the batches. What waits is in the
changelog already: a file that a dead process has left behind is read on from where it surely stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from orchestrator.partition.ports import Stored
from orchestrator.stores.kafka.limits import WAITING_PROFILES, WAITING_ROUNDS
from orchestrator.stores.sqlite import ProfileRow, SqliteFile


class _Waiting(NamedTuple):
    """A profile's newest state, and the round in which it first differed from the file."""

    since: int
    row: ProfileRow


class BehindFile(SqliteFile):
    """Everything but the rows of profiles is written at once. `round` counts what was put into it."""

    def __init__(self, path: Path) -> None:
        self.round = 0
        self._waiting: dict[int, _Waiting] = {}
        super().__init__(path, synchronous="OFF")

    @property
    def complete(self) -> int:
        """The last round of which every profile is in the file."""
        oldest = next(iter(self._waiting.values()), None)
        return self.round if oldest is None else oldest.since - 1

    def flush(self) -> None:
        """Write all that waits."""
        if self._waiting:
            self.connection.execute("begin immediate")
            self._write_first(len(self._waiting))
            self.connection.execute("commit")

    def stored(self, key: int, partition: int) -> Stored | None:
        waiting = self._waiting.get(key)
        if waiting is None:
            return super().stored(key, partition)
        _, home, raw, last_seq, due, sealed = waiting.row
        return Stored(raw, sealed, last_seq, due) if home == partition else None

    def due_after(self, partition: int, due: int, key: int, limit: int) -> list[tuple[int, int]]:
        self.flush()
        return super().due_after(partition, due, key, limit)

    def keys_after(self, key: int, limit: int) -> list[int]:
        self.flush()
        return super().keys_after(key, limit)

    def every_profile(self) -> Iterator[tuple[int, Stored]]:
        self.flush()
        return super().every_profile()

    def close(self) -> None:
        self.flush()
        super().close()

    def _drop(self, gone: Collection[int]) -> None:
        for key in gone:
            self._waiting.pop(key, None)
        super()._drop(gone)

    def _write_profiles(self, rows: list[ProfileRow]) -> None:
        self.round += 1
        waiting = self._waiting
        for row in rows:
            known = waiting.get(row[0])
            waiting[row[0]] = _Waiting(self.round if known is None else known.since, row)
        late = self.round - WAITING_ROUNDS
        overdue = sum(1 for _ in takewhile(lambda one: one.since <= late, waiting.values()))
        self._write_first(max(overdue, len(waiting) - WAITING_PROFILES))

    def _write_first(self, count: int) -> None:
        keys = [key for key, _ in zip(self._waiting, range(count), strict=False)]
        super()._write_profiles([self._waiting.pop(key).row for key in keys])
