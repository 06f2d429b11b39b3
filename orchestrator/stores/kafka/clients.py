"""Producers and consumers: how those that write in transactions are made, and how any is let go of.

aiokafka waits for brokers that are gone, for ever, where a transaction or a record is under way as it is stopped or aborted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from orchestrator.stores.kafka.limits import CLOSE_S, RETRY_MS
from orchestrator.stores.kafka.reaching import reaching


def transactional(brokers: str, name: str, timeout_ms: int, **more: Any) -> AIOKafkaProducer:
    """A producer under that transactional id; the broker aborts what it leaves open for so long."""
    return AIOKafkaProducer(
        **reaching(brokers), transactional_id=name, transaction_timeout_ms=timeout_ms, retry_backoff_ms=RETRY_MS, **more
    )


@asynccontextmanager
async def started(producer: AIOKafkaProducer) -> AsyncIterator[AIOKafkaProducer]:
    """A producer that works while this lasts."""
    try:
        await producer.start()
        yield producer
    finally:
        await let_go(producer)


@asynccontextmanager
async def transaction(producer: AIOKafkaProducer) -> AsyncIterator[None]:
    """Commit what is sent in here, or nothing of it; an abort that takes longer than `CLOSE_S` is left to the broker."""
    failure: BaseException | None = None
    try:
        async with asyncio.timeout(None) as bound, producer.transaction():
            try:
                yield
            except BaseException as error:
                failure = error
                bound.reschedule(asyncio.get_running_loop().time() + CLOSE_S)
                raise
    except TimeoutError:
        raise failure or TimeoutError from None


async def let_go(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    """End it in order, or after `CLOSE_S` as it is: what a producer has not sent by then is not sent.

    It tells of no failure. A task of its own stops it: what aiokafka cancels in there is not whoever waits here. Where that one
    is cancelled, it goes on.
    """
    stopping = asyncio.ensure_future(client.stop())
    await asyncio.wait({stopping}, timeout=CLOSE_S)
    if stopping.done() and not stopping.cancelled() and stopping.exception() is None:
        return
    stopping.cancel()
    inner = client.client if isinstance(client, AIOKafkaProducer) else client._client  # noqa: SLF001 - it has no other name
    await inner.close()
