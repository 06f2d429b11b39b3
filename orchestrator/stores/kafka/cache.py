"""What a partition's owner keeps on its own disk: the state behind the changelog, never ahead of it.

It is written after the commit, profiles later still (`behind.py`), without waiting for the disk: a file that a lost machine
may have torn is made anew. The place that it notes is one up to which it has everything; of what comes after it may have some.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import IO

import msgspec

from orchestrator.errors import StoreError
from orchestrator.partition.ports import Changes
from orchestrator.stores.kafka.behind import BehindFile
from orchestrator.stores.kafka.records import Position, decode_position, hot

_PLACE, _BOOT = "place", "boot"
_ENDINGS = ("", "-wal", "-shm")


class Place(msgspec.Struct, frozen=True, array_like=True):
    """The record of the changelog that a cache stands at: always a position."""

    offset: int
    position: bytes


class CacheTaken(StoreError):  # noqa: N818 - says what is so
    """Somebody else has the file: an owner before that is just ending, or another worker that was given the same folder."""


class Cache:
    """One partition's state in a file. `place` is None while it holds nothing, or only a part."""

    def __init__(self, path: Path, number: int) -> None:
        self.path, self.number = path, number
        self._lock = _taken(path)
        self.file = self._opened()
        self._places = deque[tuple[int, Place]]()
        """(round of the file, where it stands once that is written), of those that it has not noted."""
        self.place: Place | None = None
        found = self.file.fact(_PLACE)
        if found is None or not boot() or self.file.fact(_BOOT) != boot():
            self.forget()
        else:
            self._stand(msgspec.msgpack.decode(found, type=Place))

    @property
    def position(self) -> Position | None:
        """How far the partition had come there."""
        return None if self.place is None else decode_position(self.place.position)

    def forget(self) -> None:
        """Begin anew with nothing."""
        self.file.close()
        self._remove()
        self.file = self._opened()
        self.place = None
        self._places.clear()

    def put(self, changes: Sequence[Changes], place: Place | None = None) -> None:
        """Follow what the changelog holds, up to that place."""
        noted = Changes(self.number, facts=self._noted())
        if place is not None:
            self._stand(place)
            noted.clock = decode_position(place.position).clock
        self.file.commit([*hot(changes), noted])
        if place is not None:
            self._places.append((self.file.round, place))

    def settle(self) -> None:
        """Write all that waits, and note where that is."""
        self.file.flush()
        self.file.note_facts(self._noted())

    def close(self) -> None:
        """Let go of the file."""
        self.settle()
        self.file.close()
        self._lock.close()

    def _noted(self) -> dict[str, bytes]:
        """The last place up to which the file has everything, where it is a new one."""
        found = None
        while self._places and self._places[0][0] <= self.file.complete:
            found = self._places.popleft()[1]
        return {} if found is None else {_PLACE: msgspec.msgpack.encode(found), _BOOT: boot()}

    def _stand(self, place: Place) -> None:
        """Keys and journal rows go on behind those that were given away by then."""
        self.place, counted = place, decode_position(place.position)
        self.file.keys = max(self.file.keys, counted.keys)
        self.file.seqs = max(self.file.seqs, counted.seqs)

    def _opened(self) -> BehindFile:
        with suppress(StoreError):
            return BehindFile(self.path)
        self._remove()
        return BehindFile(self.path)

    def _remove(self) -> None:
        for ending in _ENDINGS:
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)


def _taken(path: Path) -> IO[str]:
    """Hold the file's lock until it is closed."""
    lock = path.with_name(f"{path.name}.lock").open("a", encoding="utf-8")
    try:
        flock(lock, LOCK_EX | LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        message = f"{path}: another worker has it; give each worker a folder of its own with --dir"
        raise CacheTaken(message) from error
    return lock


def boot() -> bytes:
    """Names the machine's life; empty where it has no name: a file without one is never trusted."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()
    return b""
