"""What operators tell a running deployment: switches and programs, as inputs of every partition in one transaction.

A switch that stops goes to the governor first, which is quick; one that lets go again goes there last.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from orchestrator.domain.input import Activation, Control
from orchestrator.errors import StoreError
from orchestrator.stores.kafka.inputs import command
from orchestrator.stores.kafka.limits import ORDER_TRANSACTION_MS, PATIENCE_MS, RECORD_MAX_BYTES, RETRY_MS
from orchestrator.stores.kafka.restore import reading
from orchestrator.stores.kafka.topics import DeploymentTopics


@dataclass(frozen=True, slots=True)
class Deployment:
    """Workers on one inputs topic, by the name that their topics begin with."""

    brokers: str
    topic: str
    name: str
    partitions: int

    @property
    def topics(self) -> DeploymentTopics:
        return DeploymentTopics.of(self.name)


async def switch(given: Deployment, control: Control) -> None:
    """Turn a switch for the governor and in every partition. StoreError: run it again, it may be turned for some only."""
    _, record = command(control)
    with _told():
        if control.on:
            await _put(given.brokers, given.topics.permits, _key_of(control), record)
        await _tell_all(given, control)
        if not control.on:
            await _put(given.brokers, given.topics.permits, _key_of(control), record)


async def publish(given: Deployment, program: str, content: bytes) -> None:
    """Let a program go live: its content first, so that no partition waits longer than it takes to fetch it."""
    with _told():
        await _put(given.brokers, given.topics.programs, program.encode(), content)
        await _tell_all(given, Activation(program))


async def content_of(brokers: str, topics: DeploymentTopics, program: str) -> bytes | None:
    """The content of a program that was published last under that name."""
    place, found, name = TopicPartition(topics.programs, 0), None, program.encode()
    async with reading(brokers) as reader:
        reader.assign([place])
        await reader.seek_to_beginning(place)
        async for key, value in _records(reader, place):
            found = value if key == name else found
    return found


async def _records(reader: AIOKafkaConsumer, place: TopicPartition) -> AsyncIterator[tuple[bytes, bytes]]:
    end = (await reader.end_offsets([place]))[place]
    while await reader.position(place) < end:
        for record in (await reader.getmany(place, timeout_ms=PATIENCE_MS)).get(place, ()):
            yield record.key, record.value


async def _put(brokers: str, topic: str, key: bytes, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=brokers, enable_idempotence=True, max_request_size=RECORD_MAX_BYTES)
    await producer.start()
    try:
        await producer.send_and_wait(topic, value, key=key, partition=0)
    finally:
        await producer.stop()


async def _tell_all(given: Deployment, what: Control | Activation) -> None:
    """One record in every partition, or in none. Commands of one deployment exclude each other."""
    key, value = command(what)
    producer = AIOKafkaProducer(
        bootstrap_servers=given.brokers,
        transactional_id=f"{given.name}-{given.topic}-operator",
        transaction_timeout_ms=ORDER_TRANSACTION_MS,
        retry_backoff_ms=RETRY_MS,
    )
    await producer.start()
    try:
        async with producer.transaction():
            sent = [await producer.send(given.topic, value, key=key, partition=n) for n in range(given.partitions)]
            for each in sent:
                await each  # a commit tells nothing of a refusal
    finally:
        await producer.stop()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except KafkaError as error:
        message = f"Kafka did not take the command: {error!r}; it may stand in part, so run it again"
        raise StoreError(message) from error


def _key_of(control: Control) -> bytes:
    """Of one switch: the log of permits keeps how it stands."""
    return f"{control.switch}/{control.campaign or ''}/{control.channel or ''}".encode()
