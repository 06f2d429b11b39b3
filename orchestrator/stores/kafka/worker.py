"""A worker or a bridge: a Faust app around a service that owns the consumer of a topic.

Faust gives the process its life, its pages and its signals. Inputs do not go through its agents, which cost more than deciding,
nor through its transactions, which lose or double updates when a worker is killed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import faust
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced
from mode import Service

from orchestrator.logs import say
from orchestrator.metrics import (
    CLOCK_LAG,
    CONTENT_TYPE,
    FENCED,
    LAG,
    OPENED_AGAIN,
    PARTITIONS,
    READY,
    REBALANCES,
    Counts,
    Reading,
    page,
)
from orchestrator.partition.live import BATCH
from orchestrator.stores.kafka.cache import CacheTaken
from orchestrator.stores.kafka.clients import let_go
from orchestrator.stores.kafka.limits import (
    FINISH_S,
    HEARTBEAT_MS,
    LEAVE_S,
    PATIENCE_MS,
    REBALANCE_MS,
    SESSION_MS,
    STATIC_SESSION_MS,
)
from orchestrator.stores.kafka.reaching import reaching
from orchestrator.stores.kafka.shell import Listening, app_of


class Owning(Protocol):
    """Works on one partition. `busy` is held by whoever changes it; `next` is the first record that it has not taken."""

    busy: asyncio.Lock
    next: int

    async def open(self) -> None: ...

    async def turn(self, records: Sequence[Any], wall: int, *, caught_up: bool) -> None: ...

    async def finish(self, wall: int, within_s: float) -> None: ...

    async def close(self) -> None: ...

    def patience_ms(self, wall: int) -> int: ...

    def late_ms(self, wall: int) -> int: ...

    def stands(self) -> Sequence[Reading]:
        """What its page of metrics says of this partition beside that."""
        ...


@dataclass(frozen=True, slots=True)
class Shared:
    """A topic whose partitions are shared by a group of processes, and what each does with those that it has."""

    brokers: str
    topic: str
    group: str
    own: Callable[[int], Owning]
    close: Callable[[], Awaitable[None]]
    """Called once nothing more leaves."""
    counts: Counts
    instance: str | None = None
    """A lasting name in the group: who comes back by it within `STATIC_SESSION_MS` has its partitions again, and nobody else's
    move. One that does not come back is missed for so long."""
    beside: Sequence[type[Service]] = ()
    """What else works in the process."""
    tells: Callable[[], dict[str, object]] = dict
    """What `/health` and `/ready` say beside the partitions."""
    lacks: Callable[[], str] = str
    """Why it does nothing of use although all is recovered, and will not by itself; empty where it does."""
    stands: Callable[[], Sequence[Reading]] = tuple
    """What `/metrics` says beside them."""


class Inputs(Service, ConsumerRebalanceListener):  # type: ignore[misc]  # it has no types
    """One task for each partition that this process owns.

    A fault in one ends the process: whoever supervises it starts it again.
    """

    shared: Shared
    owners: dict[TopicPartition, Owning] = {}
    tasks: dict[TopicPartition, Any] = {}
    joined = False
    consumer: Any = None

    async def on_start(self) -> None:
        """Join the group."""
        Inputs.consumer = AIOKafkaConsumer(
            **reaching(self.shared.brokers),
            group_id=self.shared.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            group_instance_id=self.shared.instance,
            session_timeout_ms=SESSION_MS if self.shared.instance is None else STATIC_SESSION_MS,
            rebalance_timeout_ms=REBALANCE_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            fetch_max_wait_ms=PATIENCE_MS,
        )
        self.consumer.subscribe([self.shared.topic], listener=self)
        await self.consumer.start()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Start a task for each; what fails in a task ends the worker, what fails in a listener is lost."""
        Inputs.joined = True
        self.shared.counts.add(REBALANCES, 1)
        for place in assigned:
            Inputs.tasks[place] = self.add_future(self.run(place))

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Let running turns end, then let go of all.

        No task is waited for: it may sit in `getmany`, which waits for the new assignment, which waits for this.
        """
        del revoked
        await self._let_go(None)

    async def on_stop(self) -> None:
        """Let go in order, then leave the group; where the brokers are gone, without what they did not take."""
        await self._let_go(LEAVE_S)
        await let_go(self.consumer)
        await self.shared.close()

    async def _let_go(self, within_s: float | None) -> None:
        """A turn that takes longer is cut off: whether it was committed, whoever has the partition next reads there."""
        Inputs.joined = False
        stopping, tasks = list(Inputs.owners.values()), list(Inputs.tasks.values())
        Inputs.owners, Inputs.tasks = {}, {}
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                for owner in stopping:
                    await owner.busy.acquire()  # kept for ever: no other turn may start
        for task in tasks:
            task.cancel()
        await asyncio.gather(*(_close(owner, within_s) for owner in stopping))

    async def run(self, place: TopicPartition) -> None:
        """Own one partition until the next rebalance."""
        tasks = Inputs.tasks
        while tasks is Inputs.tasks:
            owner = self.shared.own(place.partition)
            try:
                await self._own(place, owner, tasks)
            except (KafkaError, CacheTaken) as error:
                self.shared.counts.add(OPENED_AGAIN, 1)
                self.shared.counts.add(FENCED, isinstance(error, ProducerFenced))
                self.log.warning("partition %s is opened again: %r", place.partition, error)
                if Inputs.owners.get(place) is owner:
                    del Inputs.owners[place]
                await owner.close()
                await self.sleep(HEARTBEAT_MS / 1_000)  # a zombie hears of its rebalance first

    async def _own(self, place: TopicPartition, owner: Owning, tasks: object) -> None:
        """Open it, and turn by turn while nothing was reassigned; aiokafka's `stop` may have swallowed a cancellation."""
        try:
            await owner.open()
        except asyncio.CancelledError:
            await owner.close()
            raise
        if tasks is not Inputs.tasks:
            await owner.close()
            return
        Inputs.owners[place] = owner
        if _ready():
            say(f"works on partitions {', '.join(str(one.partition) for one in sorted(Inputs.owners))} of {place.topic}")
        self.consumer.seek(place, owner.next)  # our position, not the group's
        while tasks is Inputs.tasks:
            patience_ms = owner.patience_ms(_wall())
            records = (await self.consumer.getmany(place, timeout_ms=patience_ms, max_records=BATCH)).get(place, [])
            reached = await self.consumer.position(place)
            async with owner.busy:
                if tasks is Inputs.tasks:
                    heard, caught_up = self._heard(place, reached)
                    await owner.turn(records, heard, caught_up=caught_up)
                    if records and owner.next <= records[-1].offset:
                        self.consumer.seek(place, owner.next)
            if records and owner.next == records[0].offset:
                await self.sleep(PATIENCE_MS / 1_000)  # it waits before this record

    def _heard(self, place: TopicPartition, reached: int) -> tuple[int, bool]:
        """(until when it is known what the broker has, whether all of that is here)"""
        heard, end = self.consumer.last_poll_timestamp(place), self.consumer.last_stable_offset(place)
        return min(_wall(), heard or 0), bool(heard) and end is not None and reached >= end


async def _close(owner: Owning, within_s: float | None) -> None:
    try:
        async with asyncio.timeout(within_s):
            await owner.finish(_wall(), FINISH_S)
    except (KafkaError, TimeoutError):
        pass  # fenced already, or no broker: whoever owns it next calls what is open in doubt
    finally:
        await owner.close()


def shell(shared: Shared, folder: Path, listening: Listening) -> faust.App:
    """The app of one process, with its pages `/health`, `/ready` and `/metrics`. `folder` is Faust's to write in."""
    app = app_of(shared.group, shared.brokers, folder, listening)
    for service in (*shared.beside, type("SharedInputs", (Inputs,), {"shared": shared})):
        app.service(service)

    @app.page("/health")
    async def health(web: Any, request: Any) -> Any:
        del request
        return web.json({"alive": True, **shared.tells()})

    @app.page("/ready")
    async def ready(web: Any, request: Any) -> Any:
        """Only once everything that is owned is recovered, and where nothing is lacking that somebody must mend."""
        del request
        owned = {str(place.partition): owner.next for place, owner in sorted(Inputs.owners.items())}
        ready, lacks = _ready() and not shared.lacks(), shared.lacks()
        told = {"ready": ready, "partitions": owned, **({"lacks": lacks} if lacks else {}), **shared.tells()}
        return web.json(told, status=200 if ready else 503)

    @app.page("/metrics")
    async def metrics(web: Any, request: Any) -> Any:
        del request
        readings = [*shared.counts.readings(), *shared.stands(), *await _standing(ready=_ready() and not shared.lacks())]
        return web.bytes(page(readings), headers={"content-type": CONTENT_TYPE})

    return app


def _ready() -> bool:
    return Inputs.joined and len(Inputs.owners) == len(Inputs.tasks)


async def _standing(*, ready: bool) -> list[Reading]:
    """What is so at this moment."""
    found = [Reading(READY, ready), Reading(PARTITIONS, len(Inputs.tasks))]
    for place, owner in sorted(Inputs.owners.items()):
        number = {"partition": str(place.partition)}
        found.append(Reading(LAG, await _behind(place), number))
        found.append(Reading(CLOCK_LAG, owner.late_ms(_wall()) / 1_000, number))
        found += owner.stands()
    return found


async def _behind(place: TopicPartition) -> int:
    """Records that the broker has and this process has not taken."""
    consumer = Inputs.consumer
    if consumer is None or place not in consumer.assignment():
        return 0
    behind: int = (consumer.last_stable_offset(place) or 0) - await consumer.position(place)
    return max(0, behind)


def _wall() -> int:
    return time.time_ns() // 1_000_000
