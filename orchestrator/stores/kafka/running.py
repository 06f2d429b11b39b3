"""A process that another command started: known by its number and by when it began, so that no stranger is taken for it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

_LOOK_S = 0.1
_STATE, _BEGUN = 0, 19
"""Places in `/proc/PID/stat` after the name in brackets."""
_DETACHED = 'log=$1; shift; "$@" >>"$log" 2>&1 </dev/null & echo $!'


class Running(msgspec.Struct, frozen=True):
    """One process. `begun` is what the system says of its start."""

    pid: int
    begun: str

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return bool(self.begun) and _begun(self.pid) == self.begun

    def end(self, within_s: float) -> bool:
        """Ask it to end, and kill it where that takes longer; says whether it ended by itself."""
        self._tell(signal.SIGTERM)
        if self.gone(within_s):
            return True
        self.kill(within_s)
        return False

    def kill(self, within_s: float) -> None:
        """End it at once, and wait so long until it is gone."""
        self._tell(signal.SIGKILL)
        self.gone(within_s)

    def gone(self, within_s: float) -> bool:
        """Wait for its end; says whether it came in time."""
        until = time.monotonic() + within_s
        while self.alive:
            if time.monotonic() > until:
                return False
            time.sleep(_LOOK_S)
        return True

    def _tell(self, number: signal.Signals) -> None:
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


def detach(command: Sequence[str], log: Path) -> Running:
    """Start a process that outlives this one; what it prints is added to `log`."""
    started = subprocess.run(  # noqa: S603 - our own command
        ["/bin/sh", "-c", _DETACHED, "sh", str(log), *command],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    pid = int(started.stdout)
    return Running(pid, _begun(pid))


def _begun(pid: int) -> str:
    """When a process began, as its system says; empty where there is none, or only what is left of it."""
    with suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return "" if fields[_STATE] in {"Z", "X"} else fields[_BEGUN]
    return "" if Path("/proc/self/stat").exists() else _told_by_ps(pid)


def _told_by_ps(pid: int) -> str:
    told = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], check=False, capture_output=True, text=True)  # noqa: S603, S607
    state, _, begun = told.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else begun.strip()
