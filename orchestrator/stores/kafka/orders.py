"""What operators tell a running deployment: switches and programs, as inputs of every partition in one transaction.

A switch that stops goes to the governor first, which is quick; one that lets go again goes there last.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from orchestrator.domain.input import Activation, Control
from orchestrator.errors import StoreError
from orchestrator.stores.kafka.clients import started, transaction, transactional
from orchestrator.stores.kafka.inputs import command
from orchestrator.stores.kafka.limits import ORDER_TRANSACTION_MS, PATIENCE_MS, RECORD_MAX_BYTES
from orchestrator.stores.kafka.reaching import reaching
from orchestrator.stores.kafka.restore import reading
from orchestrator.stores.kafka.topics import DeploymentTopics

_RAILS_KEY = b"rails"


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

    @property
    def inputs(self) -> list[TopicPartition]:
        """Every partition."""
        return [TopicPartition(self.topic, number) for number in range(self.partitions)]


async def switch(given: Deployment, control: Control) -> None:
    """Turn a switch for the governor and in every partition. StoreError: run it again, it may be turned for some only."""
    _, record = command(control)
    with _told():
        if control.on:
            await _put(given.brokers, given.topics.permits, _key_of(control), record)
        await _tell_all(given, control)
        if not control.on:
            await _put(given.brokers, given.topics.permits, _key_of(control), record)


async def mend(given: Deployment, partition: int, control: Control) -> None:
    """Tell one partition to mend something of its customer. StoreError: it was not told, so say it again."""
    key, record = command(control)
    with _told():
        await _put(given.brokers, given.topic, key, record, partition)


async def publish(given: Deployment, program: str, content: bytes, rails: bytes, by: str = "") -> None:
    """Let a program go live, as `by` says: its content first, so that no partition waits longer than it takes to fetch it.

    The governor hears of its rails before any partition does, and of nobody else's in between: two that publish at once fence
    one another, so whoever told the partitions last told the governor last.
    """
    with _told():
        await _put(given.brokers, given.topics.programs, program.encode(), content)
        async with _telling(given) as producer:
            async with transaction(producer):
                await producer.send_and_wait(given.topics.permits, rails, key=_RAILS_KEY, partition=0)
            await _tell_each(given, producer, Activation(program, by))


async def content_of(brokers: str, topics: DeploymentTopics, program: str) -> bytes | None:
    """The content of a program that was published last under that name."""
    return await _latest(brokers, topics.programs, program)


async def noted(brokers: str, topics: DeploymentTopics, name: str) -> bytes | None:
    """What a governor has noted under that name."""
    return await _latest(brokers, topics.accounts, name)


async def _latest(brokers: str, topic: str, name: str) -> bytes | None:
    place, found, key = TopicPartition(topic, 0), None, name.encode()
    async with reading(brokers) as reader:
        reader.assign([place])
        await reader.seek_to_beginning(place)
        async for each, value in _records(reader, place):
            found = value if each == key else found
    return found


async def _records(reader: AIOKafkaConsumer, place: TopicPartition) -> AsyncIterator[tuple[bytes, bytes]]:
    end = (await reader.end_offsets([place]))[place]
    while await reader.position(place) < end:
        for record in (await reader.getmany(place, timeout_ms=PATIENCE_MS)).get(place, ()):
            yield record.key, record.value


async def _put(brokers: str, topic: str, key: bytes, value: bytes, partition: int = 0) -> None:
    idempotent = AIOKafkaProducer(**reaching(brokers), enable_idempotence=True, max_request_size=RECORD_MAX_BYTES)
    async with started(idempotent) as producer:
        await producer.send_and_wait(topic, value, key=key, partition=partition)


def _telling(given: Deployment) -> AbstractAsyncContextManager[AIOKafkaProducer]:
    """Commands of one deployment exclude each other: one that began before this can tell nothing more."""
    name = f"{given.name}-{given.topic}-operator"
    return started(transactional(given.brokers, name, ORDER_TRANSACTION_MS, max_request_size=RECORD_MAX_BYTES))


async def _tell_all(given: Deployment, what: Control | Activation) -> None:
    async with _telling(given) as producer:
        await _tell_each(given, producer, what)


async def _tell_each(given: Deployment, producer: AIOKafkaProducer, what: Control | Activation) -> None:
    """One record in every partition, or in none."""
    key, value = command(what)
    async with transaction(producer):
        sent = [await producer.send(given.topic, value, key=key, partition=n) for n in range(given.partitions)]
        for each in sent:
            await each  # a commit tells nothing of a refusal


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except KafkaError as error:
        message = f"Kafka did not take the command: {error!r}; it may stand in part, so run it again"
        raise StoreError(message) from error


def _key_of(control: Control) -> bytes:
    """Of one switch: the log of permits keeps how it stands."""
    named = (control.campaign, control.channel, control.profile, control.provider)
    return "/".join((control.switch, *(name or "" for name in named))).rstrip("/").encode()
