"""One Kafka transaction a batch, by the one owner of a partition."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from orchestrator.metrics import COMMIT_SECONDS, COMMITS, Counts
from orchestrator.stores.kafka.clients import let_go, transaction, transactional
from orchestrator.stores.kafka.limits import BATCH_BYTES, TRANSACTION_MS
from orchestrator.stores.kafka.records import Entry

_Sent = tuple[TopicPartition, "asyncio.Future[Any]", int]
"""(place, what the broker will say, how many records)"""


@dataclass(slots=True)
class Batch:
    """What one transaction carries."""

    records: dict[TopicPartition, list[Entry]] = field(default_factory=dict)
    offsets: dict[TopicPartition, int] = field(default_factory=dict)
    """Of the first inputs that are not decided yet."""

    def add(self, place: TopicPartition, entries: Sequence[Entry]) -> None:
        """Put records behind those that are there already."""
        if entries:
            self.records.setdefault(place, []).extend(entries)


class Writer:
    """Commits batches under one transactional id. A second one with the same id ends this one's transaction and fences it."""

    def __init__(self, brokers: str, transactional_id: str, group: str | None = None) -> None:
        self._group = group
        self._failed = False
        self._producer = transactional(brokers, transactional_id, TRANSACTION_MS, max_batch_size=BATCH_BYTES)

    async def open(self) -> None:
        """Once this returns, whatever an owner before has committed is readable, and it can commit nothing more."""
        await self._producer.start()

    async def close(self) -> None:
        """Let go; tells of no failure."""
        await let_go(self._producer)

    async def commit(self, batch: Batch) -> dict[TopicPartition, int]:
        """Make the batch durable, whole or not at all; gives the offset of the last record of each place.

        Raises KafkaError: then it is not known whether it is, and this writer is of no use any more.
        """
        if self._failed:
            raise KafkaError("this writer has failed before")
        self._failed = True
        last = await self._commit(batch)
        self._failed = False
        return last

    async def _commit(self, batch: Batch) -> dict[TopicPartition, int]:
        async with transaction(self._producer):
            sent = [one for place, entries in batch.records.items() for one in await self._send(place, entries)]
            # a commit succeeds although a batch in it was refused: only its future tells
            acks = await asyncio.gather(*(ack for _, ack, _ in sent))
            if batch.offsets and self._group is not None:
                await self._producer.send_offsets_to_transaction(batch.offsets, self._group)
        return {place: ack.offset + count - 1 for (place, _, count), ack in zip(sent, acks, strict=True)}

    async def _send(self, place: TopicPartition, entries: Sequence[Entry]) -> list[_Sent]:
        sent, batch = [], self._producer.create_batch()
        for key, value in entries:
            if batch.append(key=key, value=value, timestamp=None) is None:
                sent.append(await self._send_batch(place, batch))
                batch = self._producer.create_batch()
                batch.append(key=key, value=value, timestamp=None)
        return [*sent, await self._send_batch(place, batch)]

    async def _send_batch(self, place: TopicPartition, batch: Any) -> _Sent:
        ack = await self._producer.send_batch(batch, place.topic, partition=place.partition)
        return place, ack, batch.record_count()


async def timed(writer: Writer, batch: Batch, counts: Counts, number: int) -> dict[TopicPartition, int]:
    """Commit, and count that it was and how long it took."""
    began = time.perf_counter()
    last = await writer.commit(batch)
    counts.add(COMMITS, 1, str(number))
    counts.add(COMMIT_SECONDS, time.perf_counter() - began, str(number))
    return last
