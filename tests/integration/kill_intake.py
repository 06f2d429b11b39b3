"""Intakes and their broker that are killed and restarted under load, and what must be in the topic afterwards.

    uv run python tests/integration/kill_intake.py --kills 20

Every event that an intake answered with 200 must be in the topic and decided exactly once, however often it was sent.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from orchestrator.stores.kafka import broker
from orchestrator.stores.kafka.broker import Broker
from tests.integration.kill_worker import PATIENCE_S, Judged, Place, Worker, events, judge, until

CLIENTS = 4
BODY_EVENTS = 10
PAUSE_S = 0.15
ANSWER_S = 30.0
RETRY = {429, 503}
"""What an SDK sends again."""


@dataclass
class Intake(Worker):
    """One intake process."""

    number: int = 9

    def called(self) -> list[str]:
        return ["intake", str(self.place.workspace)]

    def listens(self) -> Intake:
        """Wait until it accepts events."""
        until(lambda: self.process.poll() is not None or "listening on" in self.said(), "an intake to listen")
        assert self.process.poll() is None, self.said()
        return self

    def post(self, body: Sequence[dict[str, Any]], patience: float = ANSWER_S) -> tuple[int, dict[str, str], dict[str, Any]]:
        """(status, headers, answer); OSError or HTTPException where none comes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=patience)
        try:
            connection.request("POST", "/v1/batch", json.dumps({"batch": list(body)}), {"content-type": "application/json"})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, json.loads(answer.read())
        finally:
            connection.close()


@dataclass
class Load:
    """Clients that send bodies, each again until it is answered with 200. `taken` are the events answered so."""

    intakes: list[Intake]
    count: int
    seed: int = 1
    taken: list[str] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    """How often each status came; 0: no answer."""

    def __post_init__(self) -> None:
        made = iter([event for _, event in events(self.seed, self.count)])
        self._bodies = iter(lambda: list(islice(made, BODY_EVENTS)), [])
        self._lock = threading.Lock()
        self.threads = [threading.Thread(target=self._send, args=(number,), daemon=True) for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def finished(self) -> None:
        for thread in self.threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()

    def _send(self, number: int) -> None:
        while body := self._next():
            turn = number
            while not self._taken(self.intakes[turn % len(self.intakes)], body):
                turn += 1
                time.sleep(PAUSE_S)
            time.sleep(PAUSE_S)

    def _next(self) -> list[dict[str, Any]]:
        with self._lock:
            return next(self._bodies, [])

    def _taken(self, intake: Intake, body: list[dict[str, Any]]) -> bool:
        try:
            status, _, answer = intake.post(body)
        except (OSError, http.client.HTTPException):
            status, answer = 0, {}
        with self._lock:
            self.answers[status] += 1
            if status == 200:
                assert answer["accepted"] == len(body)
                self.taken += [event["messageId"] for event in body]
                return True
        assert status in {0, *RETRY}, answer
        return False


@dataclass
class Ran:
    judged: Judged
    load: Load
    restarts: int


def run(folder: Path, running: Broker, kills: int, count: int, seed: int = 1) -> Ran:
    """Two intakes and a worker; at each turn an intake is killed, or the broker is restarted."""
    place, chance = Place(running.address, folder / "run"), random.Random(seed)
    worker, intakes, restarts = Worker(place, 0), [Intake(place), Intake(place)], 0
    try:
        worker.ready()
        for intake in intakes:
            intake.listens()
        load = Load(intakes, count, seed)
        for turn in range(kills):
            until(lambda part=turn: len(load.taken) > count * (part + 1) // (kills + 2), "some load")
            if turn % 2:
                assert all(intake.listens() for intake in intakes)
                restart(folder / "broker", running)
                restarts += 1
            else:
                victim = chance.randrange(2)
                intakes[victim].kill()
                intakes[victim] = Intake(place, port=intakes[victim].port)
        load.finished()
        until(place.drained, "all inputs to be decided")
        assert [intake.listens().terminate() for intake in intakes] == [0, 0], [intake.said() for intake in intakes]
        assert worker.terminate() == 0, worker.said()
    finally:
        for process in (worker, *intakes):
            process.kill()
    return Ran(judge(place), load, restarts)


def lasting_port() -> int:
    """A free port that no client is given as its own while nobody listens there."""
    return next(port for port in random.sample(range(20_000, 32_000), 100) if is_free(port))


def is_free(port: int) -> bool:
    """Whether it can be listened on."""
    with socket.socket() as probe, suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return True
    return False


def restart(folder: Path, running: Broker) -> None:
    """The same broker, killed and started again where it was."""
    killed = broker.found(folder)
    assert killed is not None
    os.kill(killed.running.pid, signal.SIGKILL)
    until(lambda: is_free(running.port), "the last of its threads to let go of the port")
    broker.start(folder, running.port)


def main() -> int:
    """Run and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kill-intake-") as name:
        folder = Path(name)
        running, _ = broker.start(folder / "broker", lasting_port())
        try:
            ran = run(folder, running, given.kills, given.events, given.seed)
        finally:
            broker.stop(folder / "broker")
    wrong = ran.judged.wrong(ran.load.taken)
    told = {"events": len(ran.load.taken), "answers": ran.load.answers, "broker restarts": ran.restarts}
    sys.stdout.write(json.dumps({**told, "rows": ran.judged.rows, "wrong": wrong}, indent=2) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
