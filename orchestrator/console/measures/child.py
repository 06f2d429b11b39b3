"""The process that works measures out, as the console sees it: one question at a time, each bounded in time."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Protocol

import msgspec

from orchestrator.console.measures.limits import MEASURE_MAX_S
from orchestrator.console.measures.question import Answered, Question
from orchestrator.history import folder_of

_PIECE_BYTES = 64 * 1024
_decode = msgspec.json.Decoder(Answered).decode


class Worker(Protocol):
    """Works out one measure after the other. `over`: it can work out no more."""

    over: bool

    def ask(self, question: Question) -> Answered:
        """The answer, or what kept it from being found."""

    def end(self) -> None:
        """Let go of it."""


class Child:
    """A process at low priority. Its scratch files lie beside the history, and go when it ends."""

    def __init__(self, state: Path, patience_s: float = MEASURE_MAX_S) -> None:
        self.over = False
        self._patience_s, self._rest = patience_s, b""
        self._scratch = tempfile.mkdtemp(prefix="measures-", dir=folder_of(state))
        command = [sys.executable, "-m", "orchestrator.console.measures.work", str(state), self._scratch, str(os.getpid())]
        self._running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own program

    def ask(self, question: Question) -> Answered:
        """The answer; `time` where it took too long, `broken` where the process ended over it. It is over then."""
        begun = time.monotonic()
        assert self._running.stdin is not None  # noqa: S101 - a pipe
        try:
            self._running.stdin.write(msgspec.json.encode(question) + b"\n")
            self._running.stdin.flush()
            line = self._line(begun + self._patience_s)
        except OSError:
            line = b""
        if line:
            return _decode(line)
        self.over = True
        late = time.monotonic() - begun >= self._patience_s
        return Answered(trouble="time" if late else "broken", took=int((time.monotonic() - begun) * 1000))

    def _line(self, until: float) -> bytes:
        """The next line; nothing where there is none by then."""
        assert self._running.stdout is not None  # noqa: S101 - a pipe
        out = self._running.stdout.fileno()
        while b"\n" not in self._rest:
            ready, _, _ = select.select([out], [], [], max(0.0, until - time.monotonic()))
            piece = os.read(out, _PIECE_BYTES) if ready else b""
            if not piece:
                return b""
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def end(self) -> None:
        """End the process at once: it changes nothing."""
        self.over = True
        self._running.kill()
        for pipe in (self._running.stdin, self._running.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what was not read any more
                    continue
        self._running.wait()
        shutil.rmtree(self._scratch, ignore_errors=True)
