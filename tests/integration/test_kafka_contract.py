"""What the distributed store relies on in Kafka, aiokafka and Faust, on a real broker: read this before an upgrade.

The letters are those of the traps that were found by running into them.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import faust
import mode
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import MessageSizeTooLargeError, ProducerFenced

SOON_S = 90


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), SOON_S))


def fresh(name: str) -> str:
    return f"{name}-{uuid4().hex[:8]}"


async def made_topic(brokers: str, configs: dict[str, str] | None = None) -> TopicPartition:
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    name = fresh("topic")
    await admin.create_topics([NewTopic(name, 1, 1, topic_configs=configs or {})])
    await admin.close()
    return TopicPartition(name, 0)


@asynccontextmanager
async def producing(brokers: str, transactional_id: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=brokers, transactional_id=transactional_id, retry_backoff_ms=20)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@asynccontextmanager
async def consuming(
    brokers: str, isolation: str = "read_committed", group: str | None = None
) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers,
        group_id=group,
        enable_auto_commit=False,
        isolation_level=isolation,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def values(brokers: str, place: TopicPartition, isolation: str = "read_committed") -> list[bytes]:
    """What a reader sees up to the end that it is told."""
    async with consuming(brokers, isolation) as consumer:
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        found: list[bytes] = []
        while await consumer.position(place) < end:
            found += [record.value for record in (await consumer.getmany(timeout_ms=200)).get(place, ())]
        return found


async def seen(brokers: str, place: TopicPartition, expected: list[bytes]) -> None:
    """Wait until a committed reader sees exactly this, and nothing less but nothing."""
    while (found := await values(brokers, place)) != expected:
        assert found == []


def test_a_batch_is_one_transaction_across_topics_and_offsets(brokers: str) -> None:
    """Nothing of it is seen before its commit: not the changes, not the position, not the group's offset.

    A commit that returned is certain, and seen soon: its marks are written after the answer.
    """

    async def test() -> None:
        changelog, source, group = await made_topic(brokers), await made_topic(brokers), fresh("group")
        async with producing(brokers, fresh("id")) as producer, consuming(brokers, group=group) as reader:
            await producer.begin_transaction()
            for place, value in ((changelog, b"profile"), (changelog, b"position"), (source, b"forwarded")):
                await (await producer.send(place.topic, value, partition=0))
            await producer.send_offsets_to_transaction({source: 7}, group)
            assert await values(brokers, changelog) + await values(brokers, source) == []
            await producer.commit_transaction()
            await seen(brokers, changelog, [b"profile", b"position"])
            await seen(brokers, source, [b"forwarded"])
            while (offset := await reader.committed(source)) != 7:
                assert offset is None

    run(test)


def test_what_was_aborted_is_hidden_from_committed_readers_only(brokers: str) -> None:
    async def test() -> None:
        place = await made_topic(brokers)
        async with producing(brokers, fresh("id")) as producer:
            await producer.begin_transaction()
            await (await producer.send(place.topic, b"aborted", partition=0))
            await producer.abort_transaction()
            async with producer.transaction():
                await (await producer.send(place.topic, b"kept", partition=0))
        await seen(brokers, place, [b"kept"])
        assert await values(brokers, place, "read_uncommitted") == [b"aborted", b"kept"]

    run(test)


def test_a_second_owner_ends_the_transaction_of_the_first_and_fences_it(brokers: str) -> None:
    """S7: once `start` returns, the end of the changelog is stable; the zombie can neither write nor commit."""

    async def test() -> None:
        place, ident = await made_topic(brokers), fresh("id")
        async with producing(brokers, ident) as zombie:
            await zombie.begin_transaction()
            await (await zombie.send(place.topic, b"open", partition=0))
            async with producing(brokers, ident) as owner:
                async with consuming(brokers) as consumer:
                    open_end = (await consumer.end_offsets([place]))[place]
                assert open_end == 2  # the record and the mark that it was aborted
                async with owner.transaction():
                    await (await owner.send(place.topic, b"owner's", partition=0))
                with pytest.raises(ProducerFenced):
                    await zombie.commit_transaction()
        await seen(brokers, place, [b"owner's"])

    run(test)


def test_the_next_owner_waits_for_what_the_one_before_has_committed(brokers: str) -> None:
    """S7: `start` returns once the marks of a commit are written, so a read to the end misses nothing."""

    async def test() -> None:
        place, ident = await made_topic(brokers), fresh("id")
        for number in range(5):
            async with producing(brokers, ident) as owner:
                assert len(await values(brokers, place)) == number
                async with owner.transaction():
                    await (await owner.send(place.topic, b"%d" % number, partition=0))

    run(test)


def test_a_commit_succeeds_although_a_batch_in_it_was_refused(brokers: str) -> None:
    """S1: the refusal is in the future of the send and nowhere else; so every one is awaited before the commit."""

    async def test() -> None:
        place = await made_topic(brokers, {"max.message.bytes": "1000"})
        async with producing(brokers, fresh("id")) as producer:
            await producer.begin_transaction()
            batch = producer.create_batch()
            batch.append(key=b"k", value=b"x" * 5_000, timestamp=None)
            refused = await producer.send_batch(batch, place.topic, partition=0)
            await producer.commit_transaction()
            with pytest.raises(MessageSizeTooLargeError):
                await refused
        assert await values(brokers, place) == []

    run(test)


def test_a_full_batch_takes_no_more(brokers: str) -> None:
    async def test() -> None:
        async with producing(brokers, fresh("id")) as producer:
            batch = producer.create_batch()
            assert batch.append(key=b"k", value=b"x" * 10_000, timestamp=None) is not None
            assert batch.append(key=b"k", value=b"x" * 10_000, timestamp=None) is None
            assert batch.record_count() == 1

    run(test)


def test_a_committed_reader_is_told_the_last_stable_end(brokers: str) -> None:
    async def test() -> None:
        place = await made_topic(brokers)
        async with producing(brokers, fresh("id")) as producer, consuming(brokers) as reader:
            await producer.begin_transaction()
            await (await producer.send(place.topic, b"open", partition=0))
            assert (await reader.end_offsets([place]))[place] == 0
            async with consuming(brokers, "read_uncommitted") as other:
                assert (await other.end_offsets([place]))[place] == 1
            await producer.commit_transaction()
            while (end := (await reader.end_offsets([place]))[place]) != 2:  # with the mark of the commit
                assert end == 0

    run(test)


def test_the_settings_of_a_topic_can_be_read(brokers: str) -> None:
    """What a start looks at before it trusts a topic with anything."""

    async def test() -> None:
        place = await made_topic(brokers, {"cleanup.policy": "compact", "min.insync.replicas": "1"})
        admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
        await admin.start()
        try:
            (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, place.topic)])
            found = {entry[0]: entry[1] for entry in answer.resources[0][4]}
            (described,) = await admin.describe_topics([place.topic])
        finally:
            await admin.close()
        assert found["cleanup.policy"] == "compact"
        assert {"min.insync.replicas", "unclean.leader.election.enable", "retention.ms", "max.message.bytes"} <= set(found)
        assert [len(partition["replicas"]) for partition in described["partitions"]] == [1]

    run(test)


def test_the_public_names_of_faust_and_mode_are_there() -> None:
    """The shell uses these and none that begins with an underscore."""
    for name in ("service", "page", "agent", "topic", "main"):
        assert callable(getattr(faust.App, name)), name
    for name in ("add_future", "sleep", "on_start", "on_stop", "crash", "stop"):
        assert callable(getattr(mode.Service, name)), name
    assert {"on_partitions_assigned", "on_partitions_revoked"} <= set(vars(ConsumerRebalanceListener))
    assert list(inspect.signature(AIOKafkaProducer.send_offsets_to_transaction).parameters) == ["self", "offsets", "group_id"]
