"""Two processes for `serve`: the engine is started first, so that it loads while the edge does."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class EngineProcess:
    """The engine as the edge that started it sees it; closing `socket` ends it in order."""

    running: subprocess.Popen[bytes]
    socket: socket.socket

    def abandon(self) -> None:
        """End it at once. Only where it was not ready yet: it has promised nothing, and goes live whole or not at all."""
        self.running.kill()

    def ended(self) -> str:
        """Wait for its end; how it was, in words, empty where it was in order."""
        code = self.running.wait()
        if code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"ended with code {code}" if code else ""


@contextmanager
def engine_beside(workspace: Path, state: Path) -> Iterator[EngineProcess]:
    """Start the engine process; it ends with this block at the latest."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "orchestrator.bootstrap.engine", str(workspace), str(state), str(theirs.fileno())]
    with ours, theirs:
        running = subprocess.Popen(command, pass_fds=[theirs.fileno()])  # noqa: S603 - our own program
        theirs.close()
        try:
            yield EngineProcess(running, ours)
        finally:
            ours.close()
            running.wait()
