"""What all partitions have counted for the alarms of campaigns, as each worker hears it; the owner of the first one speaks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from mode import Service

from orchestrator.domain.alarms import Watched
from orchestrator.errors import StoreError
from orchestrator.stores.kafka.clients import let_go
from orchestrator.stores.kafka.limits import AGAIN_S, ALARMS_LOOK_S, PATIENCE_MS
from orchestrator.stores.kafka.reaching import reaching
from orchestrator.stores.kafka.restore import reading
from orchestrator.stores.kafka.worker import Inputs


class Watching(Protocol):
    """Judges what partitions tell."""

    def hear(self, partition: int, told: bytes) -> None: ...

    def stands(self, now: int) -> list[Watched]: ...

    def news(self, every: Sequence[Watched]) -> list[str]: ...


class Listening(Service):
    """Reads what partitions tell, from the beginning on; each keeps little."""

    brokers: str
    topic: str
    partitions: int
    watch: Watching

    async def on_start(self) -> None:
        self.consumer = AIOKafkaConsumer(
            **reaching(self.brokers), isolation_level="read_committed", enable_auto_commit=False, fetch_max_wait_ms=PATIENCE_MS
        )
        await self.consumer.start()
        places = [TopicPartition(self.topic, number) for number in range(self.partitions)]
        self.consumer.assign(places)
        await self.consumer.seek_to_beginning(*places)
        self.add_future(self._hear())

    async def on_stop(self) -> None:
        await let_go(self.consumer)

    async def _hear(self) -> None:
        looked = time.monotonic()
        while not self.should_stop:
            try:
                found = await self.consumer.getmany(timeout_ms=int(ALARMS_LOOK_S * 1_000))
            except KafkaError as error:
                self.log.warning("what campaigns do cannot be heard: %r", error)
                await self.sleep(AGAIN_S)
                continue
            for place, records in found.items():
                for record in records:
                    self.watch.hear(place.partition, record.value)
            if leads() and time.monotonic() - looked >= ALARMS_LOOK_S:
                looked = time.monotonic()
                for line in self.watch.news(self.watch.stands(time.time_ns() // 1_000_000)):
                    self.log.warning(line)


async def read_tallies(brokers: str, topic: str, partitions: int) -> dict[int, bytes]:
    """What each partition has told last, by its number. StoreError where the topic cannot be read."""
    places = [TopicPartition(topic, number) for number in range(partitions)]
    told: dict[int, bytes] = {}
    try:
        async with reading(brokers) as reader:
            reader.assign(places)
            ends = await reader.end_offsets(places)
            await reader.seek_to_beginning(*places)
            while any([await reader.position(place) < ends[place] for place in places]):
                for place, records in (await reader.getmany(timeout_ms=PATIENCE_MS)).items():
                    told[place.partition] = records[-1].value
    except KafkaError as error:
        message = f"{topic}: what campaigns did cannot be read ({error!r}); has a worker of this version run there?"
        raise StoreError(message) from error
    return told


def leads() -> bool:
    """Whether this process owns the first partition: of several workers one tells what concerns all."""
    return any(place.partition == 0 for place in Inputs.owners)


def listening(brokers: str, topic: str, partitions: int, watch: Watching) -> type[Listening]:
    """What hears the partitions of a deployment."""
    given = {"brokers": brokers, "topic": topic, "partitions": partitions, "watch": watch}
    return type("ListeningForAlarms", (Listening,), given)
