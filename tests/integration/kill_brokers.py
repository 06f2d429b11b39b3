"""A cluster of three brokers of which some fail under load, and what must be true of the topics afterwards.

    uv run python tests/integration/kill_brokers.py

In turn: one is restarted in order, one is killed, two are killed (then nothing can be written) and come back, then all three.
Two workers, without `--development`, and an emitter go on meanwhile. It takes some minutes and two gigabytes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from orchestrator.stores.kafka.cluster import Cluster
from tests.integration.driving import drive
from tests.integration.feeder import Feeder
from tests.integration.kafka_judge import Judged, judge
from tests.integration.workers import PATIENCE_S, Governor, Place, Worker, settled

AWAY_S = 12.0
"""How long brokers stay away: twice a worker's session."""
APART_S = 8.0
"""Between two failures."""
SAFE = {"min.insync.replicas": "2", "unclean.leader.election.enable": "false"}
FAILURES: Sequence[tuple[str, tuple[int, ...]]] = (
    ("one is restarted", (1,)),
    ("one is killed", (2,)),
    ("two are killed", (1, 3)),
    ("all are killed", (1, 2, 3)),
)


def fail(cluster: Cluster, what: str, numbers: tuple[int, ...]) -> None:
    """Let these fail, and come back."""
    if what.endswith("restarted"):
        cluster.stop(*numbers)
    else:
        cluster.kill(*numbers)
        time.sleep(AWAY_S)
    cluster.start(*numbers)


def run(cluster: Cluster, folder: Path, count: int, seed: int = 1) -> tuple[Judged, Feeder, dict[str, int]]:
    """Two workers and a governor while brokers fail; gives the judgement, the emitter, and how many processes had to follow."""
    place = Place(cluster.address, folder, settings=SAFE, copies=3)
    workers, replaced = [Governor(place, 2, ()), Worker(place, 0, ()), Worker(place, 1, ())], 0
    try:
        workers[1].ready()
        feeder = Feeder(place, count, seed)
        for what, numbers in FAILURES:
            time.sleep(APART_S)
            fail(cluster, what, numbers)
            for number, worker in enumerate(workers):
                if worker.process.poll() is not None:
                    replaced += 1
                    workers[number] = type(worker)(place, worker.number, ())
        feeder.finished(PATIENCE_S * len(FAILURES))
        settled(place)
        codes = [worker.terminate() for worker in workers]
        assert not any(codes), [worker.said() for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    return judge(place), feeder, {"processes replaced": replaced}


def driven(folder: Path, events: int, seed: int) -> dict[str, object]:
    """Run, and give the figures."""
    cluster = Cluster(folder / "cluster", 3)
    try:
        cluster.start()
        judged, feeder, more = run(cluster, folder / "run", events, seed)
    finally:
        cluster.stop()
    figures = {"events": len(feeder.taken), "refused": feeder.refused, "rows": judged.rows, "messages": judged.messages, **more}
    return {**figures, "waiting": judged.waiting, "sent": len(judged.sent), "wrong": judged.wrong(feeder.taken)}


if __name__ == "__main__":
    sys.exit(drive(__doc__, driven, events=10_000, seed=1))
