"""A worker's questions to the governor, and the answers; neither side waits for the other."""

from __future__ import annotations

from typing import Any, Protocol
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from mode import Service

from orchestrator.stores.kafka.clients import let_go
from orchestrator.stores.kafka.limits import AGAIN_S, BETWEEN_ASKS_S, PATIENCE_MS
from orchestrator.stores.kafka.reaching import reaching
from orchestrator.stores.kafka.topics import DeploymentTopics

_BACK = "a governor answers"
_GONE = "no governor answers, so nothing leaves: start `orchestrator governor`"


class Asker(Protocol):
    """Who wants leave to send."""

    @property
    def answered(self) -> bool:
        """Whether there is a governor."""
        ...

    @property
    def killed(self) -> bool: ...

    def request(self) -> bytes | None:
        """The question to ask now, if any."""
        ...

    def hear(self, said: bytes) -> None: ...


class Asking(Service):
    """Carries questions out and answers in. What is lost is asked again; a fault only means that leave runs out."""

    brokers: str
    topics: DeploymentTopics
    asker: Asker
    key: bytes
    """Of this worker's questions: the log keeps the last one only."""

    async def on_start(self) -> None:
        """Listen before anything is asked."""
        self.producer = AIOKafkaProducer(**reaching(self.brokers), acks=1)
        await self.producer.start()
        self.consumer = AIOKafkaConsumer(**reaching(self.brokers), isolation_level="read_committed")
        await self.consumer.start()
        place = TopicPartition(self.topics.leases, 0)
        self.consumer.assign([place])
        await self.consumer.seek_to_end(place)
        await self.consumer.position(place)
        self.add_future(self._ask())
        self.add_future(self._hear())

    async def on_stop(self) -> None:
        await let_go(self.consumer)
        await let_go(self.producer)

    async def _ask(self) -> None:
        there = True
        while not self.should_stop:
            said = self.asker.request()
            if said is not None:
                await self._send(said)
            await self.sleep(BETWEEN_ASKS_S)
            if self.asker.answered is not there:
                there = self.asker.answered
                self.log.warning(_BACK if there else _GONE)

    async def _send(self, said: bytes) -> None:
        try:
            sent = await self.producer.send(self.topics.permits, said, key=self.key, partition=0)
            sent.add_done_callback(_hear_of_it)
        except KafkaError as error:
            self.log.warning("a question to the governor is lost: %r", error)

    async def _hear(self) -> None:
        while not self.should_stop:
            try:
                found = await self.consumer.getmany(timeout_ms=PATIENCE_MS)
            except KafkaError as error:
                self.log.warning("the governor's answers cannot be read: %r", error)
                await self.sleep(AGAIN_S)
                continue
            for records in found.values():
                for record in records:
                    self.asker.hear(record.value)


def asking(brokers: str, topics: DeploymentTopics, asker: Asker) -> type[Asking]:
    """What works beside a worker's partitions."""
    return type("AskingFor", (Asking,), {"brokers": brokers, "topics": topics, "asker": asker, "key": uuid4().bytes})


def _hear_of_it(sent: Any) -> None:
    """A question that did not arrive is asked again."""
    if not sent.cancelled():
        sent.exception()
