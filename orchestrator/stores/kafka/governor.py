"""The governor on Kafka: reads what workers ask and operators switch, and answers under a transactional id of its own.

    permits (questions and switches) ─▶ account ─▶ one transaction ─▶ leases ─▶ workers
                                                                  ├─▶ accounts: what the next governor must know
                                                                  └─▶ inputs, every partition: what a breaker switches

Whoever takes that id fences the one before, and workers read what is committed: nothing of a fenced governor is ever heard.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import faust
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced
from mode import Service

from orchestrator.domain.input import Control
from orchestrator.metrics import CONTENT_TYPE, KILLED, PERMITS, READY, Reading, page
from orchestrator.stores.kafka.clients import started, transaction, transactional
from orchestrator.stores.kafka.inputs import command
from orchestrator.stores.kafka.limits import AGAIN_S, GRANT_TRANSACTION_MS, PATIENCE_MS, RECORD_MAX_BYTES
from orchestrator.stores.kafka.orders import Deployment
from orchestrator.stores.kafka.restore import reading
from orchestrator.stores.kafka.shell import Listening, app_of
from orchestrator.stores.kafka.topics import DeploymentTopics


class Saying(Protocol):
    """What is told and made durable together."""

    @property
    def answer(self) -> bytes: ...

    @property
    def notes(self) -> Sequence[tuple[str, bytes]]:
        """What the next governor must know, by name: the last of each."""
        ...

    @property
    def trips(self) -> Sequence[Control]:
        """Switches for every partition."""
        ...


class Account(Protocol):
    """Decides what is granted to whom."""

    granted: int

    @property
    def killed(self) -> bool: ...

    def recall(self, name: str, value: bytes) -> None:
        """A note of the governor before; all of them come first."""
        ...

    def remember(self, record: bytes, offset: int) -> None:
        """A record from before it took over."""
        ...

    def hear(self, record: bytes, offset: int) -> None: ...

    def answer(self) -> Saying | None:
        """What is to be said now, if anything."""
        ...


class Governing(Service):
    """Answers until another one takes over: then this one's process ends."""

    brokers: str
    topics: DeploymentTopics
    inputs: Sequence[TopicPartition]
    """Every partition that a switch is told to."""
    open_account: Callable[[], Account]
    account: Account | None = None

    async def on_start(self) -> None:
        self.add_future(self._govern())

    async def _govern(self) -> None:
        while not self.should_stop:
            try:
                await self._serve()
            except ProducerFenced:
                self.log.error("another governor has taken over; this one ends")  # noqa: TRY400 - its trace says nothing more
                raise
            except KafkaError as error:
                Governing.account = None
                self.log.warning("nothing is granted until Kafka answers again: %r", error)
                await self.sleep(AGAIN_S)

    async def _serve(self) -> None:
        """Take over: fence, learn what is switched, and only then answer."""
        name = f"{self.topics.leases}-governor"
        async with started(
            transactional(self.brokers, name, GRANT_TRANSACTION_MS, max_request_size=RECORD_MAX_BYTES)
        ) as producer:
            account = self.open_account()
            async with reading(self.brokers) as reader:
                await self._learn(reader, account)
                Governing.account = account
                while not self.should_stop:
                    await self._answer(reader, producer, account)

    async def _learn(self, reader: AIOKafkaConsumer, account: Account) -> None:
        """Notes first, then the log: its reader stands at the end of what was there."""
        async for record in _records(reader, TopicPartition(self.topics.accounts, 0)):
            account.recall(record.key.decode(), record.value)
        async for record in _records(reader, TopicPartition(self.topics.permits, 0)):
            account.remember(record.value, record.offset)

    async def _answer(self, reader: AIOKafkaConsumer, producer: AIOKafkaProducer, account: Account) -> None:
        for records in (await reader.getmany(timeout_ms=PATIENCE_MS)).values():
            for record in records:
                account.hear(record.value, record.offset)
        said = account.answer()
        if said is not None:
            await self._say(producer, said)

    async def _say(self, producer: AIOKafkaProducer, said: Saying) -> None:
        async with transaction(producer):
            sent = [await producer.send(self.topics.leases, said.answer, partition=0)]
            for name, value in said.notes:
                sent.append(await producer.send(self.topics.accounts, value, key=name.encode(), partition=0))
            for trip in said.trips:
                key, value = command(trip)
                sent += [await producer.send(place.topic, value, key=key, partition=place.partition) for place in self.inputs]
                self.log.warning("%s pauses %s: %s", trip.actor, trip.campaign, trip.reason)
            for each in sent:
                await each  # a commit tells nothing of a refusal


async def _records(reader: AIOKafkaConsumer, place: TopicPartition) -> AsyncIterator[Any]:
    """All that stands in it now."""
    reader.assign([place])
    end = (await reader.end_offsets([place]))[place]
    while await reader.position(place) < end:
        for record in (await reader.getmany(place, timeout_ms=PATIENCE_MS)).get(place, ()):
            yield record


def governor_app(given: Deployment, open_account: Callable[[], Account], folder: Path, listening: Listening) -> faust.App:
    """The app of the governor, with its pages `/health`, `/ready` and `/metrics`."""
    app = app_of(f"{given.name}-governor", given.brokers, folder, listening)
    place = {"brokers": given.brokers, "topics": given.topics, "inputs": given.inputs}
    app.service(type("PlacedGoverning", (Governing,), {**place, "open_account": staticmethod(open_account)}))

    @app.page("/health")
    async def health(web: Any, request: Any) -> Any:
        del request
        account = Governing.account
        return web.json({"alive": True, "killed": account is not None and account.killed})

    @app.page("/ready")
    async def ready(web: Any, request: Any) -> Any:
        """Only while it is the one that grants."""
        del request
        there = Governing.account is not None
        return web.json({"ready": there}, status=200 if there else 503)

    @app.page("/metrics")
    async def metrics(web: Any, request: Any) -> Any:
        del request
        account = Governing.account
        granted, killed = (account.granted, account.killed) if account is not None else (0, False)
        told = [Reading(READY, account is not None), Reading(PERMITS, granted), Reading(KILLED, killed)]
        return web.bytes(page(told), headers={"Content-Type": CONTENT_TYPE})

    return app
