"""A cluster of three brokers of which some fail under load, and what must be true of the topics afterwards.

    uv run python tests/integration/kill_brokers.py

In turn: one is restarted in order, one is killed, two are killed (then nothing can be written) and come back, then all three.
Two workers, without `--development`, and an emitter go on meanwhile. It takes some minutes and two gigabytes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from orchestrator.stores.kafka.cluster import Cluster
from tests.integration.kill_worker import PATIENCE_S, Feeder, Governor, Judged, Place, Worker, judge, settled

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


def main() -> int:
    """Run and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kill-brokers-") as folder:
        cluster = Cluster(Path(folder) / "cluster", 3)
        try:
            cluster.start()
            judged, feeder, more = run(cluster, Path(folder) / "run", given.events, given.seed)
        finally:
            cluster.stop()
    wrong = judged.wrong(feeder.taken)
    figures = {"events": len(feeder.taken), "refused": feeder.refused, "rows": judged.rows, "messages": judged.messages, **more}
    figures |= {"waiting": judged.waiting, "sent": len(judged.sent)}
    sys.stdout.write(json.dumps({**figures, "wrong": wrong}, indent=2) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
