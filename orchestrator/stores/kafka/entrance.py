"""The HTTP door's way into the inputs topic: an event is accepted once every broker that must have it has it.

It takes the place that the link to the engine has in `serve`. Nothing is decided here, so a repeated event is accepted again;
its customer's partition knows it by its message id.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from orchestrator.domain.input import Event
from orchestrator.domain.suppression import Listed, Word
from orchestrator.errors import Overloaded, StoreError, Unavailable
from orchestrator.metrics import ACKNOWLEDGE_SECONDS, ACKNOWLEDGED, UNACKNOWLEDGED, Counts, Reading
from orchestrator.partition.identities import Addressed, Passed, keyed
from orchestrator.stores.kafka.clients import let_go
from orchestrator.stores.kafka.inputs import entry, routed, texted
from orchestrator.stores.kafka.limits import ACKNOWLEDGE_S, BATCH_BYTES, UNACKNOWLEDGED_BYTES
from orchestrator.stores.kafka.reaching import reaching
from orchestrator.stores.kafka.records import Entry

_AGAIN_S = 1.0
Put = Callable[[Sequence[Word]], Awaitable[Sequence[Listed]]]
_Record = tuple[int, Entry]
"""(partition, record)"""

_log = logging.getLogger(__name__)


class Entrance:
    """Produces to the inputs topic. `run` keeps a producer; `submit` waits for the brokers."""

    def __init__(self, brokers: str, topic: str, partitions: int, put: Put | None = None) -> None:
        """`put` writes words about addresses to the list of the deployment."""
        self._brokers, self._topic, self._partitions, self._put = brokers, topic, partitions, put
        self._counts = Counts(ACKNOWLEDGED, ACKNOWLEDGE_SECONDS)
        self._producer: AIOKafkaProducer | None = None
        self._opened, self._broken = asyncio.Event(), asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._overdue = 0
        """Submissions that waited longer than they may and are still not acknowledged."""
        self.waiting_bytes = 0
        """Of records that the brokers have not acknowledged, those of requests that were given up among them."""

    @property
    def ready(self) -> bool:
        """Whether what is submitted now can be expected to be acknowledged in time."""
        return self._producer is not None and not self._overdue

    async def opened(self) -> None:
        """Return once the brokers have answered for the first time."""
        await self._opened.wait()

    async def run(self) -> None:
        """Keep a producer until cancelled. One whose records were refused has a gap in its numbers: a new one follows it."""
        while True:
            producer = AIOKafkaProducer(
                **reaching(self._brokers),
                enable_idempotence=True,
                acks="all",
                max_batch_size=BATCH_BYTES,
            )
            try:
                await producer.start()
                self._producer = producer
                self._opened.set()
                await self._broken.wait()
            except KafkaError as error:
                _log.warning("%s: no producer: %r", self._brokers, error)
            finally:
                self._producer = None
                self._broken.clear()
                await let_go(producer)
            await asyncio.sleep(_AGAIN_S)

    async def submit(self, events: Sequence[Event]) -> list[str]:
        """Return once all in-sync copies have every event. Raises Overloaded, and Unavailable where that takes too long.

        What was not acknowledged in time may still come to be: whoever sent it sends it again, and it counts once.
        """
        await self._submit([one for event in events for one in routed(event, self._partitions)])
        return ["accepted"] * len(events)

    async def receive(self, heard: Sequence[Addressed]) -> None:
        """Return once all in-sync copies have every receipt, where its message came from. Raises as `submit`."""
        here = [one for one in heard if one.home < self._partitions]
        passed = ((one.home, Passed(keyed(one.key), one.receipt, one.receipt.received_at)) for one in here)
        await self._submit([(home, entry(each)) for home, each in passed])

    async def say(self, words: Sequence[Word]) -> list[bool]:
        """Return once these words stand in the address list; of each, whether it changed anything. Raises Unavailable."""
        if self._put is None:
            raise Unavailable
        try:
            changed = {(one.address, one.kind) for one in await self._put(words)}
        except StoreError as error:
            _log.warning("words about addresses were not kept: %s", error)
            raise Unavailable from None
        return [(word.address, word.kind) in changed for word in words]

    async def tell(self, address: bytes, event: Event) -> None:
        """Return once all in-sync copies have it, at the home of its address, which knows whose that is. Raises as `submit`."""
        await self._submit([texted(address, event, self._partitions)])

    async def _submit(self, records: Sequence[_Record]) -> None:
        if not self.ready:
            raise Unavailable
        if not records:
            return
        size = sum(len(key) + len(value) for _, (key, value) in records)
        if self.waiting_bytes and self.waiting_bytes + size > UNACKNOWLEDGED_BYTES:
            raise Overloaded
        task = asyncio.create_task(self._produce(records, size))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        began = time.perf_counter()
        try:
            await asyncio.wait_for(asyncio.shield(task), ACKNOWLEDGE_S)
        except TimeoutError:
            self._begin_overdue(task)
            raise Unavailable from None
        except KafkaError as error:
            _log.warning("events were not acknowledged: %r", error)
            raise Unavailable from None
        self._counts.add(ACKNOWLEDGED, 1)
        self._counts.add(ACKNOWLEDGE_SECONDS, time.perf_counter() - began)

    def readings(self) -> list[Reading]:
        """What the page `/metrics` tells of it."""
        return [*self._counts.readings(), Reading(UNACKNOWLEDGED, self.waiting_bytes)]

    async def finish(self, within_s: float) -> None:
        """Wait for what is under way."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=within_s)

    async def _produce(self, records: Sequence[_Record], size: int) -> None:
        """Send, and wait for every acknowledgement; the first failure is raised once all are known."""
        producer = self._producer
        assert producer is not None  # noqa: S101 - its only caller has looked
        self.waiting_bytes += size
        try:
            acks = [await producer.send(self._topic, value, key, partition) for partition, (key, value) in records]
            failures = [one for one in await asyncio.gather(*acks, return_exceptions=True) if isinstance(one, BaseException)]
            if failures:
                raise failures[0]
        except KafkaTimeoutError:
            raise
        except KafkaError:
            if producer is self._producer:
                self._broken.set()
            raise
        finally:
            self.waiting_bytes -= size

    def _begin_overdue(self, task: asyncio.Task[None]) -> None:
        if not self._overdue:
            _log.warning(
                "%s: nothing was acknowledged for %g s; events are turned away until it is", self._brokers, ACKNOWLEDGE_S
            )
        self._overdue += 1
        task.add_done_callback(self._end_overdue)

    def _end_overdue(self, task: asyncio.Task[None]) -> None:
        self._overdue -= 1
        failure = None if task.cancelled() else task.exception()
        if not self._overdue:
            _log.warning("%s: what waited is %s", self._brokers, "acknowledged" if failure is None else f"refused: {failure!r}")
