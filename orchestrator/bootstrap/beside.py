"""The processes of `serve`: the engine is started first, so that it loads while the edge does; the console if it is wanted."""

from __future__ import annotations

import os
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


def end_in_order() -> None:
    """Until the edge listens for it, SIGTERM unwinds what was begun, and the process ends with 0."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


@contextmanager
def engine_beside(workspace: Path, state: Path, by: str) -> Iterator[EngineProcess]:
    """Start the engine process; it ends with this block at the latest. `by` is who lets the workspace go live."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "orchestrator.bootstrap.engine", str(workspace), str(state), str(theirs.fileno()), by]
    with ours, theirs:
        running = subprocess.Popen(command, pass_fds=[theirs.fileno()])  # noqa: S603 - our own program
        theirs.close()
        try:
            yield EngineProcess(running, ours)
        finally:
            ours.close()
            running.wait()


@contextmanager
def console_beside(state: Path, port: int) -> Iterator[None]:
    """Show the console on that port of this machine; it ends with this block. Should it fail, nothing else does."""
    command = [sys.executable, "-m", "orchestrator", "console", "--state", str(state), "--port", str(port)]
    command += ["--with-process", str(os.getpid())]
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own program
    try:
        yield
    finally:
        running.terminate()
        running.wait()
