"""Which messages have come as far as the socket, beside the state: what never did was certainly not sent.

A message is noted just before its channel has it. A process that is killed leaves its notes with the system, so one that was
cut off before is not among them. They are not waited for on disk: after another boot of the machine they prove nothing. Nor do
they in a copy, which lacks what came after it: a file knows its own inode.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from orchestrator.delivery.limits import DEPARTURES_BYTES
from orchestrator.domain.outgoing import Outgoing

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_CLOSED = -1


class _Head(NamedTuple):
    """A file's first line. `boot` names the start of the machine, `mark` the notes that it belongs to.

    It has every departure of an attempt that began after `since`, or a newer file has.
    """

    boot: str
    inode: int
    mark: str
    since: int


class Departures:
    """Of whoever alone hands over the messages of some state. `path` and `path.1` hold the newest; `open` comes first."""

    def __init__(self, path: Path, boot: str | None = None, most: int = DEPARTURES_BYTES) -> None:
        """`boot` names this start of the machine (None: the system says it; empty: nobody knows, nothing is proven)."""
        self._path, self._older = path, path.with_name(path.name + ".1")
        self._boot, self._most = boot_of() if boot is None else boot, most
        self._mark, self._since, self._file = "", 0, _CLOSED

    def open(self, since: int, mark: str | None = None) -> str:
        """Go on with the notes of that mark (None: of any), or begin anew with attempts after `since`; gives the mark.

        OSError where the file cannot be written.
        """
        self.close()
        head = _head(self._path)
        if head is None or head.boot != self._boot or mark not in (None, head.mark):
            self._older.unlink(missing_ok=True)
            self._path.unlink(missing_ok=True)
            self._mark, self._since = secrets.token_hex(8), since
        else:
            self._mark, self._since = head.mark, head.since
        self._file = self._opened()
        return self._mark

    def note(self, message_id: str, begun: int = 0) -> None:
        """It goes to its channel now, by an attempt that began by then; OSError where that cannot be noted: it must not go."""
        self._since = max(self._since, begun)
        if os.fstat(self._file).st_size >= self._most:
            self._path.replace(self._older)
            full, self._file = self._file, self._opened()
            os.close(full)
        os.write(self._file, f"{message_id}\n".encode())

    def without(self, doubted: Iterable[Outgoing]) -> list[Outgoing]:
        """Those of which it is certain that their attempt never came so far."""
        heads = [head for path in (self._older, self._path) if (head := self._own(path)) is not None]
        since = min((head.since for head in heads), default=None)
        if since is None or not self._boot:
            return []
        noted = {line for path in (self._older, self._path) for line in _lines(path)}
        return [one for one in doubted if one.begun > since and one.message_id.encode() not in noted]

    def close(self) -> None:
        """Nothing more can be noted."""
        if self._file != _CLOSED:
            os.close(self._file)
            self._file = _CLOSED

    def _opened(self) -> int:
        found = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        its = os.fstat(found)
        if not its.st_size:
            self._since = max(self._since, time.time_ns() // 1_000_000)
            os.write(found, f"{self._boot} {its.st_ino} {self._mark} {self._since}\n".encode())
        return found

    def _own(self, path: Path) -> _Head | None:
        head = _head(path)
        return head if head is not None and (head.boot, head.mark) == (self._boot, self._mark) else None


def boot_of() -> str:
    """The name of this start of the machine; empty where it has none."""
    with suppress(OSError):
        return _BOOT.read_text(encoding="ascii").strip()
    return ""


def _head(path: Path) -> _Head | None:
    """None where there is no such file, or it is torn, foreign or a copy."""
    with suppress(FileNotFoundError, ValueError), path.open("rb") as file:
        boot, inode, mark, since = file.readline().decode("ascii").removesuffix("\n").split(" ")
        head = _Head(boot, int(inode), mark, int(since))
        return head if head.inode == os.fstat(file.fileno()).st_ino else None
    return None


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
