"""One partition of the inputs while this worker owns it: opened, turned batch by batch, let go.

inputs ─▶ Live.turn ─▶ one transaction (state, journal, position, what is passed on, offset) ─▶ cache ─▶ hand over
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from aiokafka import TopicPartition

from orchestrator.domain.identity import about_a_thing
from orchestrator.domain.input import Event, Outcome
from orchestrator.domain.outgoing import Outgoing
from orchestrator.errors import RejectedEvent
from orchestrator.metrics import DEAD_LETTERS, INPUTS, REJECTED, RESTORED, Counts
from orchestrator.partition.engine import home_of
from orchestrator.partition.host import NoLeave
from orchestrator.partition.identities import Passed
from orchestrator.partition.live import Answered, Arrival, Live
from orchestrator.stores.kafka.cache import Cache
from orchestrator.stores.kafka.inputs import brought, entry, rejected, told, was_read
from orchestrator.stores.kafka.limits import PATIENCE_MS, REST_MS
from orchestrator.stores.kafka.restore import beginning, restore
from orchestrator.stores.kafka.store import KafkaStore, Keeper
from orchestrator.stores.kafka.topics import Topics
from orchestrator.stores.kafka.writer import Batch, Writer, timed

Tell = Callable[[int, Outcome], Awaitable[None]]


class Dispatch(Protocol):
    """Hands messages over, and tells what became of each."""

    async def dispatch(self, messages: Sequence[Outgoing]) -> None: ...

    async def finish(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Surrounded:
    """What the store cannot know: how an engine is made, how an input is read, where messages go."""

    open_live: Callable[[KafkaStore, int, int], Live]
    """(store, number of the partition, how many there are) → its engine, live."""
    read: Callable[[bytes, int, str], Event]
    """(record, when it came, what tells it from others) → event; raises RejectedEvent."""
    dispatch: Callable[[Tell], Dispatch]
    close: Callable[[], Awaitable[None]]
    """Called once nothing more leaves."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker works."""

    brokers: str
    topic: str
    group: str
    topics: Topics
    folder: Path
    partitions: int
    counts: Counts = field(default_factory=Counts)


@dataclass(slots=True)
class Owner:
    """Works on one partition. `busy` is held by whoever changes it."""

    place: Place
    number: int
    surrounded: Surrounded
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    next: int = 0
    """The first input that is not decided yet."""
    _answers: deque[Answered] = field(default_factory=deque)
    _dead: int = 0
    _live: Live = field(init=False)
    _keeper: Keeper = field(init=False)
    _writer: Writer = field(init=False)
    _dispatch: Dispatch = field(init=False)

    def __post_init__(self) -> None:
        place = self.place
        self._writer = Writer(place.brokers, f"{place.group}-{place.topic}-{self.number}", place.group)
        self._dispatch = self.surrounded.dispatch(self._answered)

    async def open(self) -> None:
        """Fence the owner before, take over what it has committed, go live."""
        place = self.place
        await self._writer.open()
        self._keeper = Keeper(Cache(place.folder / f"{place.topic}-{self.number}.sqlite", 0), place.topics, self.number)
        position = await restore(place.brokers, self._keeper.changelog, self._keeper.cache, self._restored)
        source = TopicPartition(place.topic, self.number)
        self.next = await beginning(place.brokers, source) if position is None else position.offset
        self._live = self.surrounded.open_live(self._keeper.store(), self.number, place.partitions)
        await self._commit(Batch())

    async def turn(self, records: Sequence[Any], wall: int, *, caught_up: bool) -> None:
        """Decide these inputs, fire what is due by `wall` where nothing else waits, commit, and hand over."""
        batch, arrivals = Batch(), list[Arrival | Passed]()
        for record in records:
            try:
                arrivals.append(brought(record.key, record.value) if was_read(record.value) else self._read(batch, record))
            except RejectedEvent as rejection:
                batch.add(TopicPartition(self.place.topics.rejected, self.number), [rejected(record, rejection)])
                self.place.counts.add(REJECTED, 1, str(self.number))
        if records:
            self.next = records[-1].offset + 1
        answers = [self._answers.popleft() for _ in range(len(self._answers))]
        turn = self._live.turn(arrivals, answers, wall, caught_up=caught_up)
        await self._commit(batch)
        self._count(len(records))
        await self._dispatch.dispatch(turn.outgoing)

    async def finish(self, wall: int, within_s: float) -> None:
        """Give no more leave; wait so long for attempts under way, and make durable what became of them."""
        self._live.engine.around.permits = NoLeave()
        try:
            async with asyncio.timeout(within_s):
                await self._dispatch.finish()
        except TimeoutError:
            pass
        if self._answers:
            await self.turn((), wall, caught_up=False)

    async def close(self) -> None:
        """Let go; never raises."""
        await self._writer.close()
        self.place.counts.drop(RESTORED, str(self.number))
        keeper = getattr(self, "_keeper", None)
        if keeper is not None:
            keeper.cache.close()

    def late_ms(self, wall: int) -> int:
        """How late the earliest timer is; 0 where none is due."""
        due = self._live.next_due()
        return 0 if due is None else max(0, wall - due)

    def patience_ms(self, wall: int) -> int:
        """How long nothing but an input needs doing; never nothing at all, for others share the loop."""
        if self._answers or self._live.busy:
            return REST_MS
        due = self._live.next_due()
        return PATIENCE_MS if due is None else max(REST_MS, min(PATIENCE_MS, due - wall))

    async def _answered(self, key: int, outcome: Outcome) -> None:
        self._answers.append(Answered(key, outcome))

    def _read(self, batch: Batch, record: Any) -> Arrival:
        """An event as another team wrote it."""
        event = self.surrounded.read(record.value, record.timestamp, f"{record.topic}/{record.partition}/{record.offset}")
        if about_a_thing(event):
            self._tell_all(batch, event)
        return Arrival(0, event)

    def _tell_all(self, batch: Batch, event: Event) -> None:
        """What happens to nobody concerns the customers of every partition."""
        for number in range(self.place.partitions):
            if number != self.number:
                batch.add(TopicPartition(self.place.topic, number), [told(event)])

    async def _commit(self, batch: Batch) -> None:
        """Everything of the turn in one transaction, then into the cache."""
        source = TopicPartition(self.place.topic, self.number)
        for passed in self._live.engine.take_passed():
            home = TopicPartition(self.place.topic, home_of(passed.to, self.place.partitions))
            batch.add(home, [entry(passed)])
        if self._keeper.fill(batch, self.next):
            batch.offsets[source] = self.next
            self._keeper.settle(await timed(self._writer, batch, self.place.counts, self.number))

    def _restored(self, ratio: float) -> None:
        self.place.counts.put(RESTORED, ratio, str(self.number))

    def _count(self, records: int) -> None:
        dead, self._dead = self._dead, self._live.engine.dead
        for metric, more in ((INPUTS, records), (DEAD_LETTERS, self._dead - dead)):
            self.place.counts.add(metric, more, str(self.number))
