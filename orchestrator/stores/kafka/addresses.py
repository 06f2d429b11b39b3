"""The address list on Kafka: a compacted topic that every worker reads to its end before anything leaves, and follows.

A record is an entry as it stands; one more says by which key addresses are hashed. Who has another key finds nothing in the
list, and so sends nothing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from mode import Service

from orchestrator.domain.suppression import Listed, Word, decode_listed, encode_listed, follows, mark_of
from orchestrator.errors import StoreError
from orchestrator.stores.kafka.clients import let_go, started
from orchestrator.stores.kafka.inputs import heard
from orchestrator.stores.kafka.limits import AGAIN_S, LIST_BATCH, LIST_STALE_MS, PATIENCE_MS
from orchestrator.stores.kafka.reaching import reaching
from orchestrator.stores.kafka.records import Entry
from orchestrator.stores.kafka.restore import reading

MARK = b"@"
STRANGE = "it is written with another key: set ORCHESTRATOR_ADDRESS_KEY to that of whoever wrote it"


class Replica:
    """A copy of the whole list. `key` is this process's own."""

    def __init__(self, key: bytes) -> None:
        self._mark = mark_of(key)
        self._theirs: bytes | None = None
        self._entries: dict[bytes, dict[bytes, Listed]] = {}
        self.complete = False
        """Whether it has been read to its end."""
        self.polled_ms = 0
        """When the broker was last heard of, by the wall."""

    def take(self, key: bytes, value: bytes) -> None:
        """The next record."""
        if key == MARK:
            self._theirs = value
        elif value:
            entry = decode_listed(value)
            self._entries.setdefault(entry.address, {})[entry.name] = entry

    def find(self, address: bytes) -> list[Listed]:
        """What it knows of an address."""
        return list(self._entries.get(address, {}).values())

    def every(self) -> list[Listed]:
        """All entries."""
        return [one for names in self._entries.values() for one in names.values()]

    @property
    def strange(self) -> bool:
        """Whether the list is written with another key than this process has."""
        return self._theirs not in (None, self._mark)

    @property
    def new(self) -> bool:
        """Whether nobody has written to it yet."""
        return self._theirs is None

    @property
    def trouble(self) -> str:
        """Why it cannot be trusted now; empty where it can."""
        if self.strange:
            return STRANGE
        if not self.complete:
            return "it is still being read"
        return "the broker is silent" if _wall() - self.polled_ms > LIST_STALE_MS else ""


class Following(Service):
    """Reads the list to its end, then keeps up with it."""

    brokers: str
    topic: str
    replica: Replica

    async def on_start(self) -> None:
        """Read to the end before anything else begins."""
        self.consumer = AIOKafkaConsumer(
            **reaching(self.brokers),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=PATIENCE_MS,
        )
        await self.consumer.start()
        place = TopicPartition(self.topic, 0)
        self.consumer.assign([place])
        await self.consumer.seek_to_beginning(place)
        end = (await self.consumer.end_offsets([place]))[place]
        while await self.consumer.position(place) < end:
            await self._poll(place)
        self.replica.complete = True
        self.add_future(self._follow(place))

    async def on_stop(self) -> None:
        await let_go(self.consumer)

    async def _follow(self, place: TopicPartition) -> None:
        told = ""
        while not self.should_stop:
            try:
                await self._poll(place)
            except KafkaError as error:
                self.log.warning("the address list cannot be read: %r", error)
                await self.sleep(AGAIN_S)
            if told != (told := self.replica.trouble):
                self.log.warning("the address list: %s", f"{told}; nothing leaves" if told else "it is whole again")

    async def _poll(self, place: TopicPartition) -> None:
        for record in (await self.consumer.getmany(place, timeout_ms=PATIENCE_MS)).get(place, ()):
            self.replica.take(record.key, record.value)
        self.replica.polled_ms = self.consumer.last_poll_timestamp(place) or self.replica.polled_ms


def following(brokers: str, topic: str, replica: Replica) -> type[Following]:
    """What keeps a worker's copy."""
    return type("FollowingTheList", (Following,), {"brokers": brokers, "topic": topic, "replica": replica})


async def read_list(brokers: str, topic: str, key: bytes) -> Replica:
    """The list as it stands. StoreError where it is written with another key."""
    replica, place = Replica(key), TopicPartition(topic, 0)
    try:
        async with reading(brokers) as reader:
            reader.assign([place])
            await reader.seek_to_beginning(place)
            end = (await reader.end_offsets([place]))[place]
            while await reader.position(place) < end:
                for record in (await reader.getmany(place, timeout_ms=PATIENCE_MS)).get(place, ()):
                    replica.take(record.key, record.value)
    except KafkaError as error:
        message = f"the address list cannot be read: {error!r}; try again"
        raise StoreError(message) from error
    if replica.strange:
        message = f"{topic}: {replica.trouble}"
        raise StoreError(message)
    return replica


@dataclass(frozen=True, slots=True)
class Inputs:
    """Where customers hear of the list: the topic that workers decide from."""

    topic: str
    partitions: int


async def put_words(brokers: str, topic: str, key: bytes, words: Sequence[Word], inputs: Inputs | None = None) -> list[Listed]:
    """Write what follows from these words; durable when this returns. Gives the entries that are new or changed.

    What they do to consents is in the `inputs` before the list has them: words that are said again, since this was not
    finished, change the list again.
    """
    if not key:
        message = "the address list on Kafka needs a key that all share: set ORCHESTRATOR_ADDRESS_KEY"
        raise StoreError(message)
    replica = await read_list(brokers, topic, key)
    changed: list[Listed] = []
    for word in words:
        for entry in follows(word, replica.find(word.address)):
            replica.take(entry.name, encode_listed(entry))
            changed.append(entry)
    if inputs is not None:
        await _produce(brokers, inputs.topic, heard(changed, inputs.partitions, _wall()))
    records = [(MARK, mark_of(key))] if replica.new else []
    records += ((one.name, encode_listed(one)) for one in changed)
    await _produce(brokers, topic, [(0, record) for record in records])
    return changed


async def _produce(brokers: str, topic: str, records: Sequence[tuple[int, Entry]]) -> None:
    """Each into its partition."""
    if not records:
        return
    idempotent = AIOKafkaProducer(**reaching(brokers), enable_idempotence=True, acks="all")
    try:
        async with started(idempotent) as producer:
            for first in range(0, len(records), LIST_BATCH):
                some = records[first : first + LIST_BATCH]
                for sent in [await producer.send(topic, value, name, number) for number, (name, value) in some]:
                    await sent
    except KafkaError as error:
        message = f"Kafka did not take all of the address list: {error!r}; run it again, what stands already stays"
        raise StoreError(message) from error


def _wall() -> int:
    return time.time_ns() // 1_000_000
