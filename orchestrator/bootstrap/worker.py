"""The wiring of `worker`: engines of single partitions on Kafka, and the channels that their messages leave by."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from orchestrator.authoring import Workspace, load_workspace
from orchestrator.authoring.garbage import seldom_collected
from orchestrator.bootstrap.door import require_survey_key
from orchestrator.bootstrap.edge import build_channel
from orchestrator.bootstrap.engine import live_on
from orchestrator.config import Settings
from orchestrator.delivery.channel import Channel
from orchestrator.delivery.dispatch import Dispatcher
from orchestrator.delivery.governor import Governor
from orchestrator.delivery.limits import RATE
from orchestrator.delivery.links import SurveyLinks
from orchestrator.delivery.render import Renderer
from orchestrator.domain.input import Event, Outcome
from orchestrator.domain.outgoing import Outgoing
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.segment import parse
from orchestrator.metrics import ATTEMPTS, Counts
from orchestrator.partition.engine import home_of
from orchestrator.partition.live import Live
from orchestrator.stores.kafka.owner import Owner, Place, Surrounded, Tell
from orchestrator.stores.kafka.store import KafkaStore
from orchestrator.stores.kafka.topics import Topics, prepare
from orchestrator.stores.kafka.worker import Listening, Shared, run, shell


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker is told on its command line."""

    workspace: Path
    brokers: str
    topic: str
    name: str
    folder: Path
    outbox: Path
    listening: Listening
    development: bool
    instance: str | None = None
    """Its lasting name in the group: a restart under the same one moves no partition."""


def run_worker(worker: Worker, settings: Settings) -> None:
    """Work until told to stop. StoreError where the cluster's settings would lose data."""
    loaded = load_workspace(worker.workspace)
    require_survey_key(loaded, settings)
    topics = Topics.of(worker.name)
    partitions = asyncio.run(prepare(worker.brokers, worker.topic, topics, development=worker.development))
    worker.folder.mkdir(parents=True, exist_ok=True)
    place = Place(worker.brokers, worker.topic, worker.name, topics, worker.folder, partitions)
    surrounded = _surrounded(worker, loaded, settings, place.counts)

    def own(number: int) -> Owner:
        return Owner(place, number, surrounded)

    shared = Shared(place.brokers, place.topic, place.group, own, surrounded.close, place.counts, worker.instance)
    with seldom_collected():
        run(shell(shared, worker.folder / "shell", worker.listening))


def _surrounded(worker: Worker, loaded: Workspace, settings: Settings, counts: Counts) -> Surrounded:
    links = SurveyLinks(settings.public_url, lambda: (settings.survey_key,))
    catalogue, renderer = Catalogue(loaded.program.events), Renderer(loaded.templates, loaded.senders, links.url)
    doors = _Doors(settings, worker.outbox)

    def open_live(store: KafkaStore, number: int, partitions: int) -> Live:
        rates = {channel: max(1, settings.rates.get(channel, RATE) // partitions) for channel in settings.adapters}
        now = time.time_ns() // 1_000_000
        return live_on(
            store,
            store.file,
            worker.workspace,
            loaded.program,
            now,
            Governor(rates=rates),
            lambda raw: home_of(raw, partitions) != number,
        )

    def read(record: bytes, received_at: int, where: str) -> Event:
        event = parse(record or b"", received_at=received_at, source="kafka", ordinal=where, things=catalogue.things)
        catalogue.validate(event)
        return event

    def dispatch(tell: Tell) -> _Leaving:
        return _Leaving(doors, renderer, tell, counts)

    return Surrounded(open_live, read, dispatch, doors.close)


@dataclass(slots=True)
class _Doors:
    """The channels of this process, opened when the first message leaves: they need the running loop."""

    settings: Settings
    outbox: Path
    _channels: dict[str, Channel] = field(default_factory=dict)
    _session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def channels(self) -> dict[str, Channel]:
        if self._session is None:
            session = self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
            for name, adapter in self.settings.adapters.items():
                given = dict(self.settings.adapter_settings[adapter])
                if adapter == "file":
                    given.setdefault("folder", str(self.outbox))
                self._channels[name] = build_channel(adapter, given, session)
        return self._channels


@dataclass(slots=True)
class _Leaving:
    """The dispatcher of one partition."""

    doors: _Doors
    renderer: Renderer
    tell: Tell
    counts: Counts
    _dispatcher: Dispatcher | None = None
    _channels: dict[str, str] = field(default_factory=dict)
    """message → its channel, while its attempt is under way."""

    async def dispatch(self, messages: Sequence[Outgoing]) -> None:
        if not messages:
            return
        if self._dispatcher is None:
            self._dispatcher = Dispatcher(self.doors.channels(), self.renderer.render, self._told)
        self._channels |= {message.message_id: message.channel for message in messages}
        await self._dispatcher.dispatch(messages)

    async def finish(self) -> None:
        if self._dispatcher is not None:
            await self._dispatcher.finish()

    async def _told(self, key: int, outcome: Outcome) -> None:
        self.counts.add(ATTEMPTS, 1, self._channels.pop(outcome.message_id, ""), outcome.result)
        await self.tell(key, outcome)
