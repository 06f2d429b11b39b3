"""A disk behind SQLite that can lose power: unsynced writes may be kept, dropped or torn at a sector."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import PurePath
from random import Random
from typing import Any

import apsw

from orchestrator.metrics import Counts
from orchestrator.stores.sqlite import SqliteFile, Synchronous

SECTOR = 512
CHECKPOINT_PAGES = 12
"""So few that checkpoints are cut too."""
_numbers = count()


class PowerLossError(Exception):
    """The machine has no power."""


@dataclass(slots=True)
class PowerDisk:
    """Files as the process sees them, as they are on the platter, and what lies between."""

    rng: Random
    fuse: int = 0
    """Operations until the power goes; 0: it stays."""
    operations: int = 0
    seen: dict[str, bytearray] = field(default_factory=dict)
    durable: dict[str, bytes] = field(default_factory=dict)
    pending: dict[str, list[tuple[int, bytes | None]]] = field(default_factory=dict)
    """(offset, written bytes), or (size, None) for a truncation, since the last sync"""

    @property
    def off(self) -> bool:
        return bool(self.fuse) and self.operations >= self.fuse

    def _powered(self) -> bool:
        """Raises once, when the power goes; SQLite's clearing up after that changes nothing any more."""
        if self.off:
            return False
        self.operations += 1
        if self.off:
            raise PowerLossError
        return True

    def write(self, name: str, offset: int, content: bytes) -> None:
        if self._powered():
            _put(self.seen[name], offset, content)
            self.pending.setdefault(name, []).append((offset, content))

    def truncate(self, name: str, size: int) -> None:
        if self._powered():
            del self.seen[name][size:]
            self.pending.setdefault(name, []).append((size, None))

    def sync(self, name: str) -> None:
        if self._powered():
            self.durable[name] = bytes(self.seen[name])
            self.pending.pop(name, None)

    def delete(self, name: str) -> None:
        if self.off:
            return
        for files in (self.seen, self.durable, self.pending):
            files.pop(name, None)

    def after_the_cut(self) -> PowerDisk:
        """What is found when the power is back."""
        found = PowerDisk(self.rng)
        for name in sorted(self.seen):
            content = bytearray(self.durable.get(name, b""))
            for offset, written in self.pending.get(name, []):
                self._maybe(content, offset, written)
            found.durable[name] = bytes(content)
            found.seen[name] = content
        return found

    def _maybe(self, content: bytearray, offset: int, written: bytes | None) -> None:
        """Keep, drop or tear one unsynced operation."""
        luck = self.rng.random()
        if luck < 0.4:
            return
        if written is None:
            del content[offset:]
            return
        if luck < 0.6:
            written = written[: SECTOR * self.rng.randrange(len(written) // SECTOR + 1)]
        _put(content, offset, written)


def _put(content: bytearray, offset: int, written: bytes) -> None:
    if len(content) < offset + len(written):
        content.extend(bytes(offset + len(written) - len(content)))
    content[offset : offset + len(written)] = written


class _OpenFile:
    """One open file, in the shape that SQLite wants."""

    def __init__(self, disk: PowerDisk, name: str) -> None:
        self._disk, self._name = disk, name
        disk.seen.setdefault(name, bytearray())

    def excepthook(self, *_: object) -> None:
        """Errors where SQLite cannot hear of them: the power is gone anyway."""

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - SQLite's name, as below
        return bytes(self._disk.seen[self._name][offset : offset + amount])

    def xWrite(self, content: bytes, offset: int) -> None:  # noqa: N802
        self._disk.write(self._name, offset, bytes(content))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._disk.truncate(self._name, size)

    def xSync(self, _flags: int) -> None:  # noqa: N802
        self._disk.sync(self._name)

    def xFileSize(self) -> int:  # noqa: N802
        return len(self._disk.seen[self._name])

    def xLock(self, _level: int) -> None: ...  # noqa: N802

    def xUnlock(self, _level: int) -> None: ...  # noqa: N802

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return False

    def xFileControl(self, _operation: int, _pointer: int) -> bool:  # noqa: N802
        return False

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return 0

    def xSectorSize(self) -> int:  # noqa: N802
        return SECTOR

    def xClose(self) -> None: ...  # noqa: N802


class _Files(apsw.VFS):
    """SQLite's door to a `PowerDisk`."""

    def __init__(self, disk: PowerDisk) -> None:
        self.name, self._disk = f"power-{next(_numbers)}", disk
        super().__init__(self.name, "")

    def excepthook(self, *_: object) -> None: ...

    def xOpen(self, name: Any, _flags: list[int]) -> Any:  # noqa: N802
        return _OpenFile(self._disk, _plain(name.filename() if isinstance(name, apsw.URIFilename) else name or "temporary"))

    def xDelete(self, name: str, _sync: bool) -> None:  # noqa: N802, FBT001
        self._disk.delete(_plain(name))

    def xAccess(self, name: str, _flags: int) -> bool:  # noqa: N802
        return bool(self._disk.seen.get(_plain(name)))

    def xFullPathname(self, name: str) -> str:  # noqa: N802
        return name


def _plain(name: str) -> str:
    return PurePath(name).name


class _Connection:
    """apsw's connection with the few methods of sqlite3's that the store uses."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.real = connection

    def execute(self, statement: str, values: Sequence[Any] = ()) -> apsw.Cursor:
        return self.real.execute(statement, tuple(values))

    def executemany(self, statement: str, values: Iterable[Sequence[Any]]) -> None:
        self.real.executemany(statement, [tuple(one) for one in values])

    def executescript(self, script: str) -> None:
        self.real.execute(script)

    @property
    def in_transaction(self) -> bool:
        return self.real.in_transaction

    def close(self) -> None:
        self.real.close()


class PowerFile(SqliteFile):
    """The production store, its schema and its statements, on a disk that can lose power."""

    def __init__(self, disk: PowerDisk, synchronous: Synchronous, partitions: int = 1) -> None:
        self.path, self.counts = "state.sqlite", Counts()
        self.files = _Files(disk)
        self.connection: Any = _Connection(apsw.Connection(self.path, vfs=self.files.name))
        try:
            self.connection.execute("pragma locking_mode=exclusive")
            self._prepare(partitions, synchronous)
            self.connection.execute(f"pragma wal_autocheckpoint={CHECKPOINT_PAGES}")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.connection.close()
        self.files.unregister()
