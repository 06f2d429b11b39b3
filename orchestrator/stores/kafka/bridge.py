"""From another team's topic into the inputs: read, checked, keyed by the raw id; what is no event is put aside.

One transaction a batch carries the events, what is put aside, and how far the bridge has come, so each record crosses once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition

from orchestrator.domain.input import Event
from orchestrator.errors import RejectedEvent
from orchestrator.metrics import INPUTS, REJECTED, Counts, Reading
from orchestrator.stores.kafka.inputs import rejected, routed
from orchestrator.stores.kafka.limits import PATIENCE_MS
from orchestrator.stores.kafka.restore import beginning, last_record
from orchestrator.stores.kafka.topics import Topic
from orchestrator.stores.kafka.writer import Batch, Writer, timed

Read = Callable[[bytes, int, str], Event]
"""(record, when it came, what tells it from others) → event; raises RejectedEvent."""

_KEY = b"@"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Span:
    """What a bridge joins. `name` is its group, and what its own topics begin with."""

    brokers: str
    source: str
    name: str
    inputs: str
    partitions: int
    """Of the inputs."""
    read: Read
    counts: Counts = field(default_factory=Counts)

    @property
    def positions(self) -> str:
        """Where it notes how far it has come."""
        return f"{self.name}-positions"

    @property
    def rejected(self) -> str:
        """Where it puts aside what is no event."""
        return f"{self.name}-rejected"

    def topics(self) -> list[Topic]:
        """Its own, each with one partition for each of the source's."""
        return [Topic(self.positions, "compact"), Topic(self.rejected, "delete")]


@dataclass(slots=True)
class Crossing:
    """One partition of the source while this process owns it."""

    span: Span
    number: int
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    next: int = 0
    _writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        span = self.span
        self._writer = Writer(span.brokers, f"{span.name}-{span.source}-{self.number}", span.name)

    async def open(self) -> None:
        """Fence the owner before, and go on where its last transaction ended."""
        await self._writer.open()
        source = TopicPartition(self.span.source, self.number)
        first = await beginning(self.span.brokers, source)
        noted = await last_record(self.span.brokers, TopicPartition(self.span.positions, self.number))
        self.next = first if noted is None else int(noted)
        if first > self.next:
            _log.warning("%s/%d: the records from %d on are gone, before they crossed", *source, self.next)
            self.next = first

    async def turn(self, records: Sequence[Any], wall: int, *, caught_up: bool) -> None:
        """Bring these records over, all or none."""
        del caught_up
        if not records:
            return
        batch = Batch()
        for record in records:
            self._cross(batch, record, wall)
        self.next = records[-1].offset + 1
        batch.add(TopicPartition(self.span.positions, self.number), [(_KEY, b"%d" % self.next)])
        batch.offsets[TopicPartition(self.span.source, self.number)] = self.next  # for whoever measures the lag
        await timed(self._writer, batch, self.span.counts, self.number)
        self.span.counts.add(INPUTS, len(records), str(self.number))

    def _cross(self, batch: Batch, record: Any, wall: int) -> None:
        came = min(record.timestamp, wall) if record.timestamp > 0 else wall
        try:
            event = self.span.read(record.value or b"", came, f"{record.topic}/{record.partition}/{record.offset}")
        except RejectedEvent as rejection:
            batch.add(TopicPartition(self.span.rejected, self.number), [rejected(record, rejection)])
            self.span.counts.add(REJECTED, 1, str(self.number))
            return
        for home, entry in routed(event, self.span.partitions):
            batch.add(TopicPartition(self.span.inputs, home), [entry])

    async def finish(self, wall: int, within_s: float) -> None:
        """Nothing is under way between two turns."""

    async def close(self) -> None:
        """Let go; never raises."""
        await self._writer.close()

    def late_ms(self, wall: int) -> int:
        """It has no timers."""
        del wall
        return 0

    def stands(self) -> Sequence[Reading]:
        """It decides nothing."""
        return ()

    def patience_ms(self, wall: int) -> int:
        """How long to wait for records."""
        del wall
        return PATIENCE_MS
