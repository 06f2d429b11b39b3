"""What is no event, in the topic NAME-rejected: what workers could not read, and what doors refused.

A door tells it off the way of its requests: so much a second and no more, so that a flood of bad events costs good ones
nothing. What is not told is lost, but for its sender, who was answered. Nothing is decided by it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from orchestrator.errors import StoreError
from orchestrator.stores.kafka.clients import started
from orchestrator.stores.kafka.limits import ACKNOWLEDGE_S, REJECTS_TOLD, REJECTS_TOLD_S
from orchestrator.stores.kafka.reaching import reaching
from orchestrator.stores.kafka.records import Entry
from orchestrator.stores.kafka.topics import Topics, make_rejected
from orchestrator.stores.rejects import SENT_CHARS, Told, told_of

_log = logging.getLogger(__name__)


class _Rejected(msgspec.Struct):
    """A record of the topic. A worker's has the place of what it could not read, a door's who sent it and when."""

    reason: str
    event: str
    source: str = ""
    at: int = 0
    topic: str = ""
    partition: int = 0


_decode = msgspec.json.Decoder(_Rejected).decode


def refused(one: Told) -> Entry:
    """The record of what a door refused."""
    told = {"at": one.at, "source": one.source, "reason": one.reason, "event": one.sent}
    return one.source.encode(), msgspec.json.encode(told)


def reject_of(record: Any) -> Told | None:
    """What a record of the topic tells; None where it is none of ours. What came by no door has its place as source."""
    try:
        found = _decode(record.value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    source = found.source or f"{found.topic}/{found.partition}"
    return Told(found.at or record.timestamp, source, found.reason, found.event[:SENT_CHARS])


@dataclass(slots=True)
class Rejects:
    """A door's side. `run` tells what waits; the topic is made when something is refused first, where no worker has made it."""

    brokers: str
    name: str
    partitions: int
    _waiting: list[Told] = field(default_factory=list)
    _some: asyncio.Event = field(default_factory=asyncio.Event)
    _made: bool = False

    def put(self, at: int, source: str, refused: Sequence[tuple[bytes, str]]) -> None:
        """Note these, each as it was sent and why; where too much waits, do not."""
        self._waiting += told_of(at, source, refused[: REJECTS_TOLD - len(self._waiting)])
        self._some.set()

    async def run(self) -> None:
        """Tell what waits, until cancelled."""
        while True:
            await self._some.wait()
            self._some.clear()
            waiting, self._waiting = self._waiting, []
            try:
                async with asyncio.timeout(ACKNOWLEDGE_S):
                    await self._tell(waiting)
            except (KafkaError, StoreError, TimeoutError) as error:
                _log.warning("%d refused events are told to their senders alone: %r", len(waiting), error)
            await asyncio.sleep(REJECTS_TOLD_S)

    async def _tell(self, waiting: Sequence[Told]) -> None:
        if not self._made:
            await make_rejected(self.brokers, self.name, self.partitions)
            self._made = True
        async with started(AIOKafkaProducer(**reaching(self.brokers))) as producer:
            for key, value in map(refused, waiting):
                await producer.send(Topics.of(self.name).rejected, value, key)
            await producer.flush()
