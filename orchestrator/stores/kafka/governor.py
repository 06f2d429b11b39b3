"""The governor on Kafka: reads what workers ask and operators switch, and answers under a transactional id of its own.

    permits (questions and switches) ─▶ account ─▶ one transaction ─▶ leases ─▶ workers

Whoever takes that id fences the one before, and workers read what is committed: nothing of a fenced governor is ever heard.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import faust
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced
from mode import Service

from orchestrator.metrics import CONTENT_TYPE, KILLED, PERMITS, READY, Reading, page
from orchestrator.stores.kafka.limits import AGAIN_S, GRANT_TRANSACTION_MS, PATIENCE_MS, RETRY_MS
from orchestrator.stores.kafka.restore import reading
from orchestrator.stores.kafka.shell import Listening, app_of
from orchestrator.stores.kafka.topics import DeploymentTopics


class Account(Protocol):
    """Decides what is granted to whom."""

    granted: int

    @property
    def killed(self) -> bool: ...

    def remember(self, record: bytes) -> None:
        """A record from before it took over."""
        ...

    def hear(self, record: bytes) -> None: ...

    def answer(self) -> bytes | None:
        """What is to be said now, if anything."""
        ...


class Governing(Service):
    """Answers until another one takes over: then this one's process ends."""

    brokers: str
    topics: DeploymentTopics
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
        producer = AIOKafkaProducer(
            bootstrap_servers=self.brokers,
            transactional_id=f"{self.topics.leases}-governor",
            transaction_timeout_ms=GRANT_TRANSACTION_MS,
            retry_backoff_ms=RETRY_MS,
        )
        await producer.start()
        try:
            account = self.open_account()
            async with reading(self.brokers) as reader:
                await self._learn(reader, account)
                Governing.account = account
                while not self.should_stop:
                    await self._answer(reader, producer, account)
        finally:
            await producer.stop()

    async def _learn(self, reader: AIOKafkaConsumer, account: Account) -> None:
        place = TopicPartition(self.topics.permits, 0)
        reader.assign([place])
        end = (await reader.end_offsets([place]))[place]
        while await reader.position(place) < end:
            for record in (await reader.getmany(place, timeout_ms=PATIENCE_MS)).get(place, ()):
                account.remember(record.value)

    async def _answer(self, reader: AIOKafkaConsumer, producer: AIOKafkaProducer, account: Account) -> None:
        for records in (await reader.getmany(timeout_ms=PATIENCE_MS)).values():
            for record in records:
                account.hear(record.value)
        said = account.answer()
        if said is None:
            return
        async with producer.transaction():
            await (await producer.send(self.topics.leases, said, partition=0))  # a commit tells nothing of a refusal


def governor_app(brokers: str, name: str, open_account: Callable[[], Account], folder: Path, listening: Listening) -> faust.App:
    """The app of the governor, with its pages `/health`, `/ready` and `/metrics`."""
    app = app_of(f"{name}-governor", brokers, folder, listening)
    given = {"brokers": brokers, "topics": DeploymentTopics.of(name), "open_account": staticmethod(open_account)}
    app.service(type("PlacedGoverning", (Governing,), given))

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
