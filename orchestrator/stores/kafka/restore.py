"""A partition's state from its changelog: all of it, or what came since the cache was written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from orchestrator.stores.kafka.cache import Cache, Place
from orchestrator.stores.kafka.clients import let_go
from orchestrator.stores.kafka.limits import FETCH_BYTES, LOOK_BACK, RESTORE_ENTRIES
from orchestrator.stores.kafka.reaching import reaching
from orchestrator.stores.kafka.records import POSITION, Entry, Position, changes_of

_WAIT_MS = 200


@asynccontextmanager
async def reading(brokers: str, fetch_bytes: int = FETCH_BYTES) -> AsyncIterator[AIOKafkaConsumer]:
    """A reader of committed records that belongs to no group. `fetch_bytes`: of each partition in one read."""
    reader = AIOKafkaConsumer(
        **reaching(brokers),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=fetch_bytes,
    )
    try:
        await reader.start()
        yield reader
    finally:
        await let_go(reader)


Progress = Callable[[float], None]
"""Hears how much is read, from 0 to 1."""


async def restore(
    brokers: str, changelog: TopicPartition, cache: Cache, progress: Progress = lambda _ratio: None
) -> Position | None:
    """Bring the cache to the end of the changelog; gives the last position, None where there is none yet.

    The partition's writer must be open: only then is the end the end.
    """
    async with reading(brokers) as reader:
        reader.assign([changelog])
        start = (await reader.beginning_offsets([changelog]))[changelog]
        end = (await reader.end_offsets([changelog]))[changelog]
        if cache.place is not None and not await _agrees(reader, changelog, cache, end):
            cache.forget()
        if cache.place is None:
            reader.seek(changelog, start)
        await _follow(reader, changelog, cache, end, progress)
    progress(1)
    return cache.position


async def _agrees(reader: AIOKafkaConsumer, changelog: TopicPartition, cache: Cache, end: int) -> bool:
    """Whether the record that the cache stands at is still there: else this is another log, or the cache is too old for it."""
    assert cache.place is not None  # noqa: S101 - its only caller looks first
    if cache.place.offset >= end:
        return False
    reader.seek(changelog, cache.place.offset)
    while await reader.position(changelog) < end:
        found = (await reader.getmany(changelog, timeout_ms=_WAIT_MS, max_records=1)).get(changelog)
        if found:
            return (found[0].offset, found[0].key, found[0].value) == (cache.place.offset, POSITION, cache.place.position)
    return False


async def _follow(reader: AIOKafkaConsumer, changelog: TopicPartition, cache: Cache, end: int, progress: Progress) -> None:
    """Read to the end. What is put before the end has no place yet: read again, it says the same."""
    waiting: list[Entry] = []
    place: tuple[int, bytes] | None = None
    start = await reader.position(changelog)
    while (reached := await reader.position(changelog)) < end:
        progress((reached - start) / (end - start))
        for record in (await reader.getmany(changelog, timeout_ms=_WAIT_MS)).get(changelog, ()):
            if record.key == POSITION:
                place = record.offset, record.value
            else:
                waiting.append((record.key, record.value))
        if len(waiting) >= RESTORE_ENTRIES:
            cache.put([changes_of(cache.number, waiting)])
            waiting = []
    if place is not None:
        cache.put([changes_of(cache.number, waiting)], Place(*place))
        cache.settle()


async def beginning(brokers: str, place: TopicPartition) -> int:
    """The first offset that the broker still has."""
    async with reading(brokers) as reader:
        found: int = (await reader.beginning_offsets([place]))[place]
        return found


async def last_record(brokers: str, place: TopicPartition) -> bytes | None:
    """The value of the last committed record; None where there is none. As with `restore`, its writer must be open."""
    async with reading(brokers) as reader:
        reader.assign([place])
        first = (await reader.beginning_offsets([place]))[place]
        end = (await reader.end_offsets([place]))[place]
        back = LOOK_BACK
        while True:
            start = max(first, end - back)
            reader.seek(place, start)
            found: bytes | None = None
            while await reader.position(place) < end:
                for record in (await reader.getmany(place, timeout_ms=_WAIT_MS)).get(place, ()):
                    found = record.value
            if found is not None or start == first:
                return found
            back *= LOOK_BACK


async def count_records(brokers: str, place: TopicPartition, first: int, end: int) -> int:
    """Committed records between two offsets, at most a read of them: marks of transactions take offsets too."""
    found = 0
    async with reading(brokers) as reader:
        reader.assign([place])
        reader.seek(place, first)
        while await reader.position(place) < end and found < LOOK_BACK:
            found += len((await reader.getmany(place, timeout_ms=_WAIT_MS)).get(place, ()))
    return found
