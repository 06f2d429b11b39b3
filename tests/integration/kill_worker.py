"""Workers on a real broker that are killed under load, and what must be true of the topics afterwards.

    uv run python tests/integration/kill_worker.py --kills 20 --sleeps 3 --joins 3

A worker is killed and replaced; it sleeps for longer than its session and wakes; a third one joins and leaves in order.

Every event that the broker took must be decided exactly once, every profile's rows must lead back to its first without a gap
and decide again to the same bytes, its messages must add up, and no marketing message may have left twice.
"""

from __future__ import annotations

import random
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from orchestrator.stores.kafka.limits import SESSION_MS
from tests.integration.driving import drive, lone_broker
from tests.integration.feeder import RATE, Feeder
from tests.integration.kafka_judge import Judged, judge
from tests.integration.workers import PATIENCE_S, Place, Worker, governed, settled

ASLEEP_S = SESSION_MS / 1_000 * 1.5
JOINED_S = 5.0


@dataclass(frozen=True)
class Plan:
    """What happens to the workers, each so many times, in an order and at moments that the seed chooses."""

    kills: int = 0
    sleeps: int = 0
    joins: int = 0
    events: int = 0
    seed: int = 1
    rate: int = RATE

    def steps(self, chance: random.Random) -> list[str]:
        found = ["kill"] * self.kills + ["sleep"] * self.sleeps + ["join"] * self.joins
        chance.shuffle(found)
        return found


def run(brokers: str, folder: Path, plan: Plan) -> tuple[Judged, list[str], list[str]]:
    """Two workers under load; gives the judgement, what was emitted, what was said."""
    place = Place(brokers, folder)
    with governed(place):
        return _run(place, plan)


def _run(place: Place, plan: Plan) -> tuple[Judged, list[str], list[str]]:
    chance, said = random.Random(plan.seed), list[str]()
    workers = [Worker(place, 0), Worker(place, 1)]
    try:
        workers[0].ready()
        feeder = Feeder(place, plan.events, plan.seed, plan.rate)
        for step in plan.steps(chance):
            time.sleep(0.5 + chance.random() * 3)
            said.append(_suffer(step, workers, chance.randrange(2)))
        feeder.finished(PATIENCE_S + plan.events / plan.rate * 3)
        settled(place)
        codes = [worker.ready().terminate() for worker in workers]
        said += [worker.said() for worker in workers]
        assert codes == [0, 0], said
    finally:
        for worker in workers:
            worker.kill()
    return judge(place), feeder.taken, said


def _suffer(step: str, workers: list[Worker], victim: int) -> str:
    """One of them has bad luck, or gets company; gives what it said where it is gone."""
    chosen = workers[victim]
    match step:
        case "kill":
            chosen.kill()
            workers[victim] = Worker(chosen.place, victim)
            return chosen.said()
        case "sleep":
            chosen.process.send_signal(signal.SIGSTOP)
            time.sleep(ASLEEP_S)
            chosen.process.send_signal(signal.SIGCONT)
            return ""
        case _:
            third = Worker(chosen.place, len(workers)).ready()
            time.sleep(JOINED_S)
            assert third.terminate() == 0, third.said()
            return third.said()


def driven(folder: Path, **options: int) -> dict[str, object]:
    """Run, and give the figures."""
    with lone_broker(folder / "broker") as running:
        judged, taken, said = run(running.address, folder / "run", Plan(**options))
    told = {"events": len(taken), "rows": judged.rows, "profiles": judged.profiles, "messages": judged.messages}
    told |= {"waiting": judged.waiting, "sent": len(judged.sent), "fenced": sum(text.count("ProducerFenced") for text in said)}
    return {**told, "wrong": judged.wrong(taken)}


if __name__ == "__main__":
    sys.exit(drive(__doc__, driven, kills=20, sleeps=0, joins=0, events=20_000, seed=1, rate=RATE))
