"""`orchestrator bridge`: each record of another team's topic crosses once, whatever is killed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic

from orchestrator.domain.input import Event
from orchestrator.partition.engine import home_of
from orchestrator.partition.live import Arrival
from orchestrator.stores.kafka.inputs import brought
from orchestrator.stores.kafka.restore import last_record
from orchestrator.stores.kafka.topics import asking
from tests.integration.feeder import events
from tests.integration.workers import PARTITIONS, Place, Worker, records, until

FOREIGN = 2
"""Partitions of the other team's topic."""
EVENTS = 4_000
KILLS = 3
CHUNK = 20
RATE = 400
"""Events a second."""


@dataclass
class Bridge(Worker):
    """One bridge process."""

    more: tuple[str, ...] = ()

    def called(self) -> list[str]:
        return ["bridge", str(self.place.workspace), "--from", foreign(self.place), *self.more]


def foreign(place: Place) -> str:
    return f"{place.topic}-foreign"


async def made(place: Place) -> Place:
    async with asking(place.brokers) as admin:
        await admin.create_topics([NewTopic(foreign(place), FOREIGN, 1)])
    return place


async def emit(place: Place, values: list[bytes]) -> None:
    """Records without a key, wherever they come to stand."""
    producer = AIOKafkaProducer(bootstrap_servers=place.brokers)
    await producer.start()
    for ack in [await producer.send(foreign(place), value, partition=at % FOREIGN) for at, value in enumerate(values)]:
        await ack
    await producer.stop()


@dataclass
class Crossed:
    """What stands in the inputs, and what was put aside."""

    homes: dict[int, list[Event]] = field(default_factory=dict)
    aside: list[dict[str, Any]] = field(default_factory=list)

    def events(self) -> list[Event]:
        return [event for events in self.homes.values() for event in events]


def arrived(value: bytes) -> Event:
    found = brought(None, value)
    assert isinstance(found, Arrival)
    return found.event


def crossed(place: Place) -> Crossed:
    found = Crossed()
    for number, one in enumerate(place.places(place.topic)):
        found.homes[number] = [arrived(value) for value in asyncio.run(records(place.brokers, one))]
    for number in range(FOREIGN):
        aside = asyncio.run(records(place.brokers, TopicPartition(f"{foreign(place)}-bridge-rejected", number)))
        found.aside += map(json.loads, aside)
    return found


async def _noted(place: Place) -> int:
    noted = [
        await last_record(place.brokers, TopicPartition(f"{foreign(place)}-bridge-positions", at)) for at in range(FOREIGN)
    ]
    return sum(int(one or 0) for one in noted)


def noted(place: Place) -> int:
    """How many records have crossed, by what the bridges have noted."""
    return asyncio.run(_noted(place))


async def trickle(place: Place, values: list[bytes]) -> None:
    """Emit for a while, so that there is a while to be killed in."""
    producer = AIOKafkaProducer(bootstrap_servers=place.brokers)
    await producer.start()
    for begun in range(0, len(values), CHUNK):
        some = enumerate(values[begun : begun + CHUNK], begun)
        await asyncio.gather(*[await producer.send(foreign(place), value, partition=at % FOREIGN) for at, value in some])
        await asyncio.sleep(CHUNK / RATE)
    await producer.stop()


def test_killed_bridges_bring_everything_over_once(brokers: str, tmp_path: Path) -> None:
    place = asyncio.run(made(Place(brokers, tmp_path)))
    values = [json.dumps(event).encode() for _, event in events(1, EVENTS)]
    wrong = range(0, EVENTS, 100)
    for at in wrong:
        values[at] = b"no event %d" % at
    bridges = [Bridge(place, 0).ready(), Bridge(place, 1)]
    emitting = threading.Thread(target=lambda: asyncio.run(trickle(place, values)), daemon=True)
    try:
        emitting.start()
        for turn in range(KILLS):
            until(lambda part=turn: noted(place) > EVENTS * (part + 1) // (KILLS + 2), "some to cross")
            bridges[turn % 2].kill()
            bridges[turn % 2] = Bridge(place, turn % 2)
        emitting.join()
        until(lambda: noted(place) == EVENTS, "everything to cross")
        assert [bridge.ready().terminate() for bridge in bridges] == [0, 0], [bridge.said() for bridge in bridges]
    finally:
        for bridge in bridges:
            bridge.kill()
    found = crossed(place)
    times = Counter(event.message_id for event in found.events())
    assert set(times) == {f"m{at}" for at in range(EVENTS) if at not in wrong}
    assert set(times.values()) == {1}
    assert Counter(one["event"] for one in found.aside) == {f"no event {at}": 1 for at in wrong}
    assert all(home_of(f"u:{event.user_id}", PARTITIONS) == home for home, events in found.homes.items() for event in events)


CLOUD = {"specversion": "1.0", "id": "c1", "type": "Order Completed", "subject": "u1", "source": "/shop"}


def test_a_dialect_is_read_and_what_is_wrong_is_put_aside_with_its_place(brokers: str, tmp_path: Path) -> None:
    place = asyncio.run(made(Place(brokers, tmp_path)))
    right = {**CLOUD, "data": {"order_id": "O-1", "total": 3}}
    wrong = {**CLOUD, "id": "c2", "data": {"order_id": 1, "total": 3}}
    asyncio.run(emit(place, [json.dumps(right).encode(), b"", json.dumps(wrong).encode()]))
    bridge = Bridge(place, 0, more=("--source", "till/cloudevents")).ready()
    try:
        until(lambda: noted(place) == 3, "everything to cross")
        assert bridge.terminate() == 0
    finally:
        bridge.kill()
    found = crossed(place)
    (event,) = found.events()
    assert (event.message_id, event.name, event.user_id, event.source) == ("c1", "Order Completed", "u1", "till")
    assert [(one["topic"], one["partition"], one["offset"]) for one in found.aside] == [
        (foreign(place), 0, 1),
        (foreign(place), 1, 0),
    ]
    assert found.aside[0]["reason"].startswith("$.properties.order_id: ")
    assert json.loads(found.aside[0]["event"]) == wrong


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--source", "till/xml"], 2, "dialects are segment, cloudevents, posthog"),
        ([], 1, "there is no topic 'absent'"),
    ],
)
def test_what_cannot_be_read_is_told(brokers: str, tmp_path: Path, options: list[str], code: int, told: str) -> None:
    place = Place(brokers, tmp_path)
    command = [sys.executable, "-m", "orchestrator", "bridge", str(place.workspace), "--from", "absent", "--brokers", brokers]
    ran = subprocess.run(
        [*command, "--input", place.topic, "--development", *options], capture_output=True, text=True, check=False, timeout=120
    )
    assert (ran.returncode, told in ran.stderr) == (code, True), ran.stderr
