"""The wiring of `governor`: the account of permits, on Kafka."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from orchestrator.config import Settings
from orchestrator.delivery.budget import Budget
from orchestrator.delivery.clock import monotone_ms
from orchestrator.stores.kafka.governor import governor_app
from orchestrator.stores.kafka.shell import Listening, run
from orchestrator.stores.kafka.topics import prepare_deployment


@dataclass(frozen=True, slots=True)
class GovernorOf:
    """What a governor is told on its command line."""

    brokers: str
    name: str
    listening: Listening
    development: bool


def run_governor(given: GovernorOf, settings: Settings) -> None:
    """Grant until told to stop, or until another one has taken over."""
    asyncio.run(prepare_deployment(given.brokers, given.name, development=given.development))

    def open_account() -> Budget:
        return Budget(settings.rates, monotone_ms)

    with tempfile.TemporaryDirectory(prefix="orchestrator-") as folder:
        run(governor_app(given.brokers, given.name, open_account, Path(folder), given.listening))
