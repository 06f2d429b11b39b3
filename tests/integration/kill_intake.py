"""Intakes and their broker that are killed and restarted under load, and what must be in the topic afterwards.

    uv run python tests/integration/kill_intake.py --kills 20

Every event that an intake answered with 200 must be in the topic and decided exactly once, however often it was sent.
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from orchestrator.stores.kafka import broker
from orchestrator.stores.kafka.broker import Broker
from tests.integration.driving import drive, lone_broker
from tests.integration.feeder import events
from tests.integration.kafka_judge import Judged, judge
from tests.integration.workers import PATIENCE_S, Intake, Place, Worker, until
from tests.ports import is_free, lasting_port

CLIENTS = 4
BODY_EVENTS = 10
PAUSE_S = 0.15
RETRY = {429, 503}
"""What an SDK sends again."""


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


def restart(folder: Path, running: Broker) -> None:
    """The same broker, killed and started again where it was."""
    killed = broker.found(folder)
    assert killed is not None
    os.kill(killed.running.pid, signal.SIGKILL)
    until(lambda: is_free(running.port), "the last of its threads to let go of the port")
    broker.start(folder, running.port)


def driven(folder: Path, kills: int, events: int, seed: int) -> dict[str, object]:
    """Run, and give the figures."""
    with lone_broker(folder / "broker", lasting_port()) as running:
        ran = run(folder, running, kills, events, seed)
    told = {"events": len(ran.load.taken), "answers": ran.load.answers, "broker restarts": ran.restarts}
    return {**told, "rows": ran.judged.rows, "wrong": ran.judged.wrong(ran.load.taken)}


if __name__ == "__main__":
    sys.exit(drive(__doc__, driven, kills=20, events=20_000, seed=1))
