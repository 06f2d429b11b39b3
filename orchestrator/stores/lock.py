"""Who works on a state file. Two locks beside it, both let go by the system when their process ends, however it ends.

`FILE.claim` is held by the command that works on the file, from its start to its end; a second command fails at once.
`FILE.lock` is held by the process that writes. An engine whose edge was killed makes durable what it has received, without a
claim: whoever starts meanwhile waits for it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from orchestrator.errors import StoreError
from orchestrator.logs import say

LOCK_WAIT_S = 30.0
"""How long a writer that is ending is waited for."""
SILENCE_S = 1.0
"""After so long it is said what is waited for."""
_LOOK_S = 0.05
_LOCKS = Path("/proc/locks")
"""Every lock of a file on this machine, by the file's device and inode; Linux alone has it."""


@contextmanager
def claimed(state: Path, command: str) -> Iterator[None]:
    """Claim the state file for a command of that name; StoreError at once where another one is at work on it."""
    with _opened(state, ".claim") as file:
        if not _taken(file):
            message = f"{state}: {_holder(file)} is at work on it; stop that one first, or name another file"
            raise StoreError(message)
        _sign(file, f"`{command}`, process {os.getpid()},")
        yield


@contextmanager
def only_writer(state: Path, wait_s: float = LOCK_WAIT_S, tell: Callable[[str], None] = say) -> Iterator[None]:
    """Hold the state file's lock: two engines on one file would decide twice. Waits for one that is just ending."""
    with _opened(state, ".lock") as file:
        _wait_for(file, state, wait_s, tell)
        _sign(file, f"process {os.getpid()}")
        yield


def worked_on_by(state: Path) -> str | None:
    """Who works on the state file, where a process of this machine does; it is looked at without touching any lock."""
    claim = state.with_name(f"{state.name}.claim")
    try:
        found = claim.stat()
        held = _LOCKS.read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return None
    place = f":{found.st_ino}"
    return claim.read_text(encoding="utf-8", errors="replace").rstrip(",") if any(w.endswith(place) for w in held) else None


def _opened(state: Path, ending: str) -> IO[str]:
    lock = state.with_name(state.name + ending)
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        return lock.open("a+", encoding="utf-8")
    except OSError as error:
        message = f"{lock}: cannot be written ({error.strerror}); name a state file in a folder that can be"
        raise StoreError(message) from error


def _taken(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(file: IO[str], holder: str) -> None:
    """Write who holds the lock, for those who find it held."""
    file.truncate(0)
    file.write(holder)
    file.flush()


def _holder(file: IO[str]) -> str:
    file.seek(0)
    return file.read() or "another command"


def _wait_for(file: IO[str], state: Path, wait_s: float, tell: Callable[[str], None]) -> None:
    begun = time.monotonic()
    told = False
    while not _taken(file):
        waited = time.monotonic() - begun
        if waited > wait_s:
            message = f"{state}: another engine is writing it ({_holder(file)}); stop that one first, or name another file"
            raise StoreError(message)
        if waited > SILENCE_S and not told:
            tell(f"{state}: waiting for {_holder(file)}, which is still writing what it had received")
            told = True
        time.sleep(_LOOK_S)
