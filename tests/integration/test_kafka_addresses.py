"""The address list on a real broker: what is listed is written to by no worker; who has another key sends nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from typer.testing import CliRunner

from orchestrator.cli import app
from tests.integration.workers import PARTITIONS, Place, Worker, governed, sent, until

KEY = {"ORCHESTRATOR_ADDRESS_KEY": "0123456789abcdef"}
runner = CliRunner()


@pytest.fixture
def place(brokers: str, tmp_path: Path) -> Place:
    return Place(brokers, tmp_path)


@contextmanager
def working(place: Place, number: int = 0, **settings: str) -> Iterator[Worker]:
    worker = Worker(place, number, settings=settings)
    try:
        yield worker.ready()
    finally:
        worker.kill()


def orders(place: Place, first: int, count: int = 4) -> None:
    """So many people order: each gets a receipt, which is transactional, and two offers."""

    async def send() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=place.brokers)
        await producer.start()
        for number in range(first, first + count):
            user = f"u{number % 2}"
            order = {"type": "track", "event": "Order Completed", "userId": user, "messageId": f"m{number}"}
            order |= {"properties": {"order_id": f"O{number}", "total": 1}}
            order |= {"context": {"traits": {"email": f"{user}@shop.example"}}}
            await producer.send(place.topic, json.dumps(order).encode(), partition=number % PARTITIONS)
        await producer.flush()
        await producer.stop()

    asyncio.run(send())


def suppressions(place: Place, *given: str, key: str = KEY["ORCHESTRATOR_ADDRESS_KEY"]) -> str:
    command = ["suppressions", "--brokers", place.brokers, "--input", place.topic, *given]
    result = runner.invoke(app, command, env={"ORCHESTRATOR_ADDRESS_KEY": key}, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def ready(worker: Worker) -> tuple[int, dict[str, Any]]:
    """(status, what it says)"""
    status, text = worker.page("ready")
    return status, json.loads(text or "{}")


def written_to(place: Place) -> set[str]:
    return {one["to"] for one in sent(place)}


def test_a_list_that_stands_and_one_that_comes_meanwhile_are_obeyed(place: Place) -> None:
    assert "1 listed" in suppressions(place, "--add", "u0@shop.example", "--kind", "bounce")
    with governed(place), working(place, **KEY) as worker:
        assert worker.health()["addresses"] == "known"
        orders(place, 0)
        until(lambda: "u1@shop.example" in written_to(place), "a message to who is not listed")
        until(place.drained, "the orders to be decided")
        assert written_to(place) == {"u1@shop.example"}
        suppressions(place, "--remove", "u0@shop.example", "--kind", "bounce", "--reason", "a new mailbox")
        suppressions(place, "--add", "u1@shop.example", "--kind", "bounce")
        asyncio.run(asyncio.sleep(1))
        before = len([one for one in sent(place) if one["to"] == "u1@shop.example"])
        orders(place, 4)
        until(lambda: "u0@shop.example" in written_to(place), "a message to who is listed no more")
        until(place.drained, "the orders to be decided")
        assert len([one for one in sent(place) if one["to"] == "u1@shop.example"]) == before
    assert "1 entries, 1 taken back" in suppressions(place)


def test_who_has_another_key_or_none_sends_nothing_and_says_so(place: Place) -> None:
    suppressions(place, "--add", "somebody@shop.example", "--kind", "bounce")
    with governed(place):
        for number, key in enumerate(("", "another key of 16")):
            worker = Worker(place, number, settings={"ORCHESTRATOR_ADDRESS_KEY": key})
            try:
                until(lambda: len(ready(worker)[1].get("partitions", ())) == PARTITIONS, "it to own all")  # noqa: B023
                orders(place, number * 4)
                until(place.drained, "the orders to be decided")
                status, told = ready(worker)
                assert (status, told["ready"]) == (503, False)
                assert told["lacks"].startswith("the address list: it is written with another key")
                assert "ORCHESTRATOR_ADDRESS_KEY" in worker.health()["addresses"]
                assert "the address list: it is written with another key" in worker.said()
                assert sent(place) == []
            finally:
                worker.kill()
        with working(place, 2, **KEY):
            until(lambda: len(written_to(place)) == 2, "what waited to leave with the right key")
