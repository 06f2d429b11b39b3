"""The history's follower beside the console: a process of its own at low priority, so that pages show what was just decided.

    python -m orchestrator.console.following STATE

It ends when whoever started it has; where another process follows already, it only waits to take over.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.errors import StoreError
from orchestrator.history import follow

_NICE = 10


@contextmanager
def followed(state: Path) -> Iterator[None]:
    """Follow the state file as long as this block lasts."""
    command = [sys.executable, "-m", "orchestrator.console.following", str(state), str(os.getpid())]
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own program
    try:
        yield
    finally:
        running.terminate()
        running.wait()


def main() -> None:
    """Follow until whoever started this is gone; a batch that is not finished then was not begun."""
    state, parent = Path(sys.argv[1]), int(sys.argv[2])
    os.nice(_NICE)
    try:
        follow(state, lambda: os.getppid() != parent)
    except (KeyboardInterrupt, StoreError):
        sys.exit(1)


if __name__ == "__main__":
    main()
