"""A replay on Kafka: one engine with all partitions, each commit one transaction over all of them.

What a replay reports of its profiles is read back from the changelogs, so its digest is that of what the broker holds.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from orchestrator.errors import StoreError
from orchestrator.partition.ports import Changes, Stored
from orchestrator.stores.kafka.cache import Cache
from orchestrator.stores.kafka.records import POSITION, Position, changelog_of, encode_position, hot, journal_of
from orchestrator.stores.kafka.restore import restore
from orchestrator.stores.kafka.store import KafkaStore
from orchestrator.stores.kafka.topics import Topics, asking, make_topics
from orchestrator.stores.kafka.writer import Batch, Writer
from orchestrator.stores.sqlite import SqliteFile

T = TypeVar("T")
_NO_INPUT = -1


class Background:
    """An event loop in a thread of its own, for a caller that has none."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for it; what Kafka refuses is a StoreError."""
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except KafkaError as error:
            message = f"Kafka did not do it: {error!r}; start the replay again"
            raise StoreError(message) from error

    def close(self) -> None:
        """End the loop and its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@dataclass(slots=True)
class Rehearsal:
    """The stores of one replay."""

    brokers: str
    folder: Path
    partitions: int
    name: str
    """Of the topics, and of whoever writes to them."""
    background: Background
    writer: Writer
    topics: Topics
    file: SqliteFile = field(init=False)

    def __post_init__(self) -> None:
        self.file = SqliteFile(self.folder / "all.sqlite", partitions=self.partitions, synchronous="OFF")

    def stores(self) -> list[KafkaStore]:
        """One for each partition."""
        return [KafkaStore(self.file, number, self._commit) for number in range(self.partitions)]

    def every_profile(self) -> Iterator[tuple[int, Stored]]:
        """All profiles, read back from the changelogs. Nothing can be written after that."""
        # a commit that returned may be readable a moment later only; once a next writer is open, all of them are
        self.background.run(_succeed(self.writer, self.brokers, self.name))
        for number in range(self.partitions):
            cache = Cache(self.folder / f"{number}.sqlite", number)
            asyncio.run(restore(self.brokers, TopicPartition(self.topics.changelog, number), cache))
            yield from cache.file.every_profile()
            cache.close()

    def _commit(self, changes: list[Changes]) -> None:
        batch = Batch()
        for one in changes:
            position = Position(b"", _NO_INPUT, one.clock, self.file.keys, self.file.seqs)
            entries = [*changelog_of(one), (POSITION, encode_position(position))]
            batch.add(TopicPartition(self.topics.changelog, one.partition), entries)
            batch.add(TopicPartition(self.topics.journal, one.partition), journal_of(one))
        if changes:
            self.background.run(self.writer.commit(batch))
            self.file.commit(list(hot(changes)))


@contextmanager
def rehearse(brokers: str, partitions: int, folder: Path) -> Iterator[Rehearsal]:
    """Stores on topics of their own, which go when this ends."""
    name = f"replay-{uuid4().hex[:12]}"
    background, topics = Background(), Topics.of(name)
    writer = background.run(_writer(brokers, name))
    try:
        background.run(_prepare(brokers, topics, partitions, writer))
        rehearsal = Rehearsal(brokers, folder, partitions, name, background, writer, topics)
        try:
            yield rehearsal
        finally:
            rehearsal.file.close()
    finally:
        background.run(_clear(brokers, topics, writer))
        background.close()


async def _writer(brokers: str, name: str) -> Writer:
    return Writer(brokers, name)


async def _prepare(brokers: str, topics: Topics, partitions: int, writer: Writer) -> None:
    async with asking(brokers) as admin:
        await make_topics(admin, topics.all(), partitions)
    await writer.open()


async def _succeed(writer: Writer, brokers: str, name: str) -> None:
    await writer.close()
    following = Writer(brokers, name)
    await following.open()
    await following.close()


async def _clear(brokers: str, topics: Topics, writer: Writer) -> None:
    await writer.close()
    async with asking(brokers) as admin:
        await admin.delete_topics([topic.name for topic in topics.all()])
