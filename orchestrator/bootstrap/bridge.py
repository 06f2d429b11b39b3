"""The wiring of `bridge`: which dialect is read, by which catalogue, from which topic into which."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestrator.authoring import load_workspace
from orchestrator.domain.input import Event
from orchestrator.errors import UsageError
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.dialects import from_cloud_event, from_posthog
from orchestrator.intake.segment import parse
from orchestrator.stores.kafka.bridge import Crossing, Span
from orchestrator.stores.kafka.shell import Listening, run
from orchestrator.stores.kafka.topics import examine, prepare_bridge
from orchestrator.stores.kafka.worker import Shared, shell

DIALECTS: dict[str, Callable[[bytes], bytes] | None] = {
    "segment": None,
    "cloudevents": from_cloud_event,
    "posthog": from_posthog,
}
"""dialect → what brings it into the Segment shape."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """What a bridge is told on its command line. `source` is NAME or NAME/DIALECT."""

    workspace: Path
    brokers: str
    foreign: str
    inputs: str
    source: str
    name: str
    listening: Listening
    development: bool


def run_bridge(bridge: Bridge) -> None:
    """Bring records over until told to stop. StoreError where the cluster's settings would lose data."""
    read = _reading(bridge)
    span = Span(bridge.brokers, bridge.foreign, bridge.name, bridge.inputs, asyncio.run(_inputs(bridge)), read)
    asyncio.run(prepare_bridge(bridge.brokers, bridge.foreign, span.topics(), development=bridge.development))
    shared = Shared(bridge.brokers, bridge.foreign, bridge.name, lambda number: Crossing(span, number), _nothing, span.counts)
    with tempfile.TemporaryDirectory(prefix="orchestrator-") as folder:
        run(shell(shared, Path(folder), bridge.listening))


async def _inputs(bridge: Bridge) -> int:
    return await examine(bridge.brokers, bridge.inputs, development=bridge.development)


def _reading(bridge: Bridge) -> Callable[[bytes, int, str], Event]:
    source, _, dialect = bridge.source.partition("/")
    if not source or (dialect or "segment") not in DIALECTS:
        message = f"--source {bridge.source}: write NAME or NAME/DIALECT; dialects are {', '.join(DIALECTS)}"
        raise UsageError(message)
    translate = DIALECTS[dialect or "segment"]
    catalogue = Catalogue(load_workspace(bridge.workspace).program.events)

    def read(record: bytes, received_at: int, where: str) -> Event:
        raw = record if translate is None else translate(record)
        event = parse(raw, received_at=received_at, source=source, ordinal=where, things=catalogue.things)
        catalogue.validate(event)
        return event

    return read


async def _nothing() -> None:
    """A bridge opens nothing but its partitions."""
