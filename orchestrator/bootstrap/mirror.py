"""The wiring of a mirror of workers on Kafka, and of the orders that are given beside it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import structs

from orchestrator.bootstrap.orders import deployment_of, turn_switch
from orchestrator.bootstrap.rails import PUBLISHED
from orchestrator.delivery.lending import RAILS
from orchestrator.delivery.permits import rails
from orchestrator.delivery.volume import FACTS
from orchestrator.domain.input import Control
from orchestrator.errors import StoreError
from orchestrator.partition.engine import home_of
from orchestrator.partition.mending import REDRIVE, is_of_one
from orchestrator.stores.kafka import orders
from orchestrator.stores.kafka.limits import AGAIN_S
from orchestrator.stores.kafka.mirroring import Mirrored, follow
from orchestrator.stores.kafka.topics import count_partitions
from orchestrator.stores.lock import claimed
from orchestrator.stores.reader import open_reader
from orchestrator.stores.spread import Spread

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Workers:
    """A deployment on Kafka, as a console beside a mirror of it knows it."""

    brokers: str
    topic: str
    name: str

    def tell(self, mirror: Path, control: Control) -> None:
        """Give an order; it is durable when this returns. StoreError where Kafka did not take it.

        What mends something of one customer goes to the partition that has them, under the numbers that it knows itself.
        """
        if not is_of_one(control):
            turn_switch(self.brokers, self.topic, self.name, control)
            return
        with open_reader(mirror) as reader:
            spread, raw = reader.spread, control.profile or ""
            home = reader.redirect(raw) or raw
        number, control = addressed(spread, home, control)
        asyncio.run(self._mend(number, control))

    async def _mend(self, number: int, control: Control) -> None:
        await orders.mend(await deployment_of(self.brokers, self.topic, self.name), number, control)

    def mirror(self, path: Path, stop: Callable[[], bool]) -> None:
        """Keep a mirror in that file until `stop` says so; what Kafka refuses is tried again. StoreError where it is taken."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with claimed(path, "orchestrator console --input"):
            while not stop():
                try:
                    asyncio.run(self._mirror(path, stop))
                except StoreError as error:
                    _log.warning("the mirror waits: %s", error)
                    asyncio.run(asyncio.sleep(AGAIN_S))

    async def _mirror(self, path: Path, stop: Callable[[], bool]) -> None:
        partitions = await count_partitions(self.brokers, self.topic)
        await follow(Mirrored(self.brokers, self.topic, self.name, partitions, path, facts_of), stop)


def addressed(spread: Spread, home: str, control: Control) -> tuple[int, Control]:
    """(partition, order) as that partition numbers what it is about; `home` is the id that the customer has now."""
    if control.switch != REDRIVE:
        return home_of(home, spread.partitions), structs.replace(control, profile=home)
    letter, key = spread.own(control.letter), spread.own(control.key)
    return letter.partition, structs.replace(control, letter=letter.number, key=key.number)


def facts_of(name: str, note: bytes) -> dict[str, bytes]:
    """What a governor has noted, as the facts of a state file that say the same."""
    if name == RAILS:
        published = {rail.campaign: (rail.content, rail.publisher) for rail in rails(note).rails}
        return {PUBLISHED: msgspec.json.encode(published)}
    return {name: note} if name.startswith(FACTS) else {}
