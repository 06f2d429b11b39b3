"""The governor on a real broker: without it nothing leaves, there is only one, and rates are those of all workers together."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import pytest
from aiokafka import AIOKafkaProducer

from tests.integration.workers import PARTITIONS, Place, Worker, governed, sent, until

LEASE_S = 0.7
"""As promised; on purpose not read from the code."""
LOOK_S = 0.01


class Watch:
    """When messages were written: each first look at a file after a write tells by the file's own time."""

    def __init__(self, place: Place) -> None:
        self.at: list[float] = []
        self._files = lambda: sorted(place.folder.glob("worker-*/outbox/*.jsonl"))
        self._over = Event()
        self._thread = Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        seen: dict[Path, int] = {}
        while not self._over.wait(LOOK_S):
            for path in self._files():
                with suppress(OSError), path.open("rb") as file:
                    file.seek(seen.get(path, 0))
                    content = file.read()
                    seen[path] = seen.get(path, 0) + len(content)
                    if content:
                        self.at += [path.stat().st_mtime] * content.count(b"\n")

    def end(self) -> list[float]:
        self._over.set()
        self._thread.join()
        return sorted(self.at)


def letters(place: Place, count: int) -> None:
    """So many people order at once: each gets a receipt, which is transactional, and two offers."""

    async def send() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=place.brokers)
        await producer.start()
        for number in range(count):
            order = {"type": "track", "event": "Order Completed", "userId": f"u{number}", "messageId": f"m{number}"}
            order |= {"properties": {"order_id": f"O{number}", "total": 1}}
            order |= {"context": {"traits": {"email": f"u{number}@shop.example"}}}
            await producer.send(place.topic, json.dumps(order).encode(), partition=number % PARTITIONS)
        await producer.flush()
        await producer.stop()

    asyncio.run(send())


@contextmanager
def working(place: Place, count: int, first: int = 0) -> Iterator[list[Worker]]:
    workers = [Worker(place, first + number) for number in range(count)]
    try:
        yield [worker.ready() for worker in workers]
    finally:
        for worker in workers:
            worker.kill()


def last_written(place: Place) -> float:
    return max(path.stat().st_mtime for path in place.folder.glob("worker-*/outbox/*.jsonl"))


@pytest.fixture
def place(brokers: str, tmp_path: Path) -> Place:
    return Place(brokers, tmp_path)


def test_hand_offs_end_with_the_governor_and_go_on_with_the_next(place: Place, record_property: pytest.RecordProperty) -> None:
    with working(place, 1) as (worker,):
        until(lambda: worker.health().get("governor") is False, "it to say that there is no governor")
        letters(place, 200)
        until(place.drained, "the orders to be decided")
        assert sent(place) == []
        with governed(place, ORCHESTRATOR_EMAIL_RATE="40") as governor:
            until(lambda: len(sent(place)) > 60, "some messages")
            killed = time.time()
            governor.kill()
        until(lambda: time.time() - last_written(place) > 2, "hand-offs to end")
        record_property("last_hand_off_s", round(last_written(place) - killed, 3))
        assert last_written(place) - killed < LEASE_S
        until(lambda: "no governor answers, so nothing leaves" in worker.said(), "the log to say so")
        assert len(sent(place)) < 600
        with governed(place, ORCHESTRATOR_EMAIL_RATE="400"):
            until(lambda: len(sent(place)) == 600, "all messages")
    assert len({one["message_id"] for one in sent(place)}) == 600


def test_of_two_governors_the_one_before_is_fenced(place: Place) -> None:
    with governed(place) as first, governed(place) as second:
        until(lambda: first.process.poll() is not None, "the first to end")
        assert first.process.returncode == 1
        assert "another governor has taken over" in first.said()
        assert second.page("ready")[0] == 200
        with working(place, 1):
            letters(place, 5)
            until(lambda: len(sent(place)) == 15, "messages by the second")


def test_rates_are_those_of_all_workers_together_while_they_come_and_go(
    place: Place, record_property: pytest.RecordProperty
) -> None:
    """In any n seconds less a lease at most n rates leave."""
    rate, watch = 30, Watch(place)
    with governed(place, ORCHESTRATOR_EMAIL_RATE=str(rate)), working(place, 2):
        letters(place, 120)
        until(lambda: len(sent(place)) > 90, "some messages")
        with working(place, 1, first=2):
            until(lambda: len(sent(place)) == 360, "all messages")
    at = watch.end()
    for n in (1, 2, 5, 10):
        width = n - LEASE_S - 2 * LOOK_S
        most = max(sum(one - width < other <= one for other in at) for one in at)
        assert most <= n * rate, (n, most)
    record_property("a_second", round(len(at) / (at[-1] - at[0]), 1))
