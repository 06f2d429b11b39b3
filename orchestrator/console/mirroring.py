"""The mirror beside the console of workers on Kafka: a process of its own, which the console starts and does not outlive.

python -m orchestrator.console.mirroring BROKERS TOPIC NAME MIRROR PARENT
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.config import kafka_settings
from orchestrator.errors import OrchestratorError
from orchestrator.logs import say
from orchestrator.stores.kafka.reaching import Brokers

if TYPE_CHECKING:
    from orchestrator.bootstrap.mirror import Workers

STOP_S = 10.0
"""How long it may take to end in order; whenever it ends, it goes on where it was."""


@contextmanager
def mirrored(workers: Workers, mirror: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Keep a mirror of these workers as long as this block lasts."""
    told = [workers.brokers, workers.topic, workers.name, str(mirror), str(os.getpid())]
    running = subprocess.Popen([sys.executable, "-m", "orchestrator.console.mirroring", *told], stdin=subprocess.DEVNULL)  # noqa: S603 - our own program
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(STOP_S)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def main() -> None:
    """Mirror until whoever started this is gone. What opens the brokers comes by the environment, as it came to that one."""
    from orchestrator.bootstrap.mirror import Workers  # noqa: PLC0415 - it needs the extra

    addresses, topic, name, mirror, parent = sys.argv[1:]
    try:
        brokers = Brokers.of(addresses, kafka_settings())
        Workers(brokers, topic, name).mirror(Path(mirror), lambda: os.getppid() != int(parent))
    except KeyboardInterrupt:
        sys.exit(1)
    except OrchestratorError as error:
        say(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
