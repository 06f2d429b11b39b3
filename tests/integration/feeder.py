"""Who emits events into the inputs of workers, and what they emit."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from orchestrator.stores.kafka.reaching import reaching
from tests.integration.workers import PATIENCE_S, Place

USERS = 60
RATE = 150
"""Events a second."""
AT_ONCE = 10
"""Events that are under way to the broker together."""
Emitted = tuple[str, dict[str, Any]]
"""(key, event in the Segment shape)"""


@dataclass
class Feeder:
    """Emits events until it has emitted so many; `taken` are those that the broker has. What is refused is sent again."""

    place: Place
    count: int
    seed: int = 1
    rate: int = RATE
    refused: int = 0
    taken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self.thread.start()

    def finished(self, within_s: float = PATIENCE_S) -> None:
        self.thread.join(within_s)
        assert not self.thread.is_alive()

    async def _run(self) -> None:
        coming = events(self.seed, self.count)
        waiting = list(islice(coming, AT_ONCE))
        while waiting:
            # one of which a record was refused has a gap in its numbers: a new one follows it
            async with AIOKafkaProducer(**reaching(self.place.brokers), enable_idempotence=True) as producer:
                while waiting and not (refused := await self._sent(producer, waiting)):
                    await asyncio.sleep(AT_ONCE / self.rate)
                    waiting = list(islice(coming, AT_ONCE))
            waiting = refused
            self.refused += len(refused)

    async def _sent(self, producer: AIOKafkaProducer, together: list[Emitted]) -> list[Emitted]:
        """Gives those that the broker did not take."""
        sends = [producer.send_and_wait(self.place.topic, json.dumps(event).encode(), key.encode()) for key, event in together]
        answers = await asyncio.gather(*sends, return_exceptions=True)
        refused = [one for one, answer in zip(together, answers, strict=True) if isinstance(answer, KafkaError)]
        self.taken += [event["messageId"] for key, event in together if (key, event) not in refused]
        return refused


def events(seed: int, count: int) -> Iterator[Emitted]:
    """People who say where they are, order, pay and want letters."""
    chance = random.Random(seed)
    for number in range(count):
        user = f"user-{number if number < USERS else chance.randrange(USERS)}"
        event: dict[str, Any] = {"messageId": f"m{number}", "userId": user, "type": "track", "properties": {}}
        kind = chance.random()
        if number < USERS:
            event |= {"type": "identify", "traits": {"email": f"{user}@shop.example", "first_name": user}}
        elif kind < 0.1:
            event |= {"event": "Consent Given", "properties": {"topic": "news"}}
        elif kind < 0.2:
            event |= {"event": "Letter Wanted"}
        elif kind < 0.6:
            event |= {"event": "Order Paid", "properties": {"order_id": f"O-{chance.randrange(max(1, number))}"}}
        else:
            event |= {"event": "Order Completed", "properties": {"order_id": f"O-{number}", "total": 10.5}}
        yield user, event
