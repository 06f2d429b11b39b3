"""One development broker for a run of the tests, whoever of its processes comes first, and never longer than they live.

Each process that uses it holds a shared lock. Who can have that lock alone knows that nobody uses the broker any more: the last
test process does so as it ends, and beside it a watcher, which outlives even a run that is killed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from pathlib import Path
from typing import IO

from orchestrator.stores.kafka import broker
from orchestrator.stores.kafka.broker import Broker

WATCHER = """
import sys
from fcntl import LOCK_EX, flock
from pathlib import Path
from orchestrator.stores.kafka import broker
with open(sys.argv[1]) as users:
    flock(users, LOCK_EX)
    broker.stop(Path(sys.argv[2]))
"""


@contextmanager
def shared_broker(folder: Path) -> Iterator[Broker]:
    """The broker that runs in this folder while anybody is in here."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "users").open("a+") as users:
        flock(users, LOCK_SH)
        try:
            running, now = broker.start(folder / "broker", 0)
            if now:
                watch(users, folder / "broker")
            yield running
        finally:
            if alone(users):
                broker.stop(folder / "broker")


def alone(users: IO[str]) -> bool:
    """Whether nobody else uses it."""
    try:
        flock(users, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def watch(users: IO[str], folder: Path) -> None:
    """Let another process end the broker once nobody uses it; it is nobody's child, so that it outlives all."""
    command = ["/bin/sh", "-c", '"$@" >/dev/null 2>&1 </dev/null &', "sh", sys.executable, "-c", WATCHER]
    subprocess.run([*command, users.name, str(folder)], check=True, start_new_session=True)
