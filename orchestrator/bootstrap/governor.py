"""The wiring of `governor`: the account of permits, on Kafka."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from orchestrator.config import Settings
from orchestrator.delivery.budget import Budget
from orchestrator.delivery.clock import monotone_ms
from orchestrator.stores.kafka.governor import governor_app
from orchestrator.stores.kafka.orders import Deployment
from orchestrator.stores.kafka.shell import Listening, run
from orchestrator.stores.kafka.topics import count_partitions, prepare_deployment


@dataclass(frozen=True, slots=True)
class GovernorOf:
    """What a governor is told on its command line."""

    brokers: str
    topic: str
    name: str
    listening: Listening
    development: bool


def run_governor(given: GovernorOf, settings: Settings) -> None:
    """Grant until told to stop, or until another one has taken over."""
    deployment = asyncio.run(_prepare(given))

    def open_account() -> Budget:
        return Budget(settings.rates, monotone_ms, _wall, providers=settings.adapters)

    with tempfile.TemporaryDirectory(prefix="orchestrator-") as folder:
        run(governor_app(deployment, open_account, Path(folder), given.listening))


async def _prepare(given: GovernorOf) -> Deployment:
    partitions = await count_partitions(given.brokers, given.topic)
    await prepare_deployment(given.brokers, given.name, development=given.development)
    return Deployment(given.brokers, given.topic, given.name, partitions)


def _wall() -> int:
    return time.time_ns() // 1_000_000
