"""The wiring of `worker`: engines of single partitions on Kafka, and the channels that their messages leave by."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import uuid4

import aiohttp

from orchestrator.authoring import Workspace, load_workspace, snapshot
from orchestrator.authoring.garbage import seldom_collected
from orchestrator.bootstrap.door import require_survey_key
from orchestrator.bootstrap.edge import asked_senders, channel_of
from orchestrator.bootstrap.engine import Coming, go_live, live_on
from orchestrator.bootstrap.programs import Compiled, Programs
from orchestrator.config import Settings
from orchestrator.delivery.channel import Channel, RenderedMessage
from orchestrator.delivery.clock import monotone_ms
from orchestrator.delivery.dispatch import Dispatcher
from orchestrator.delivery.leases import Leases
from orchestrator.delivery.links import SurveyLinks
from orchestrator.domain.calls import CHANNEL as WEBHOOK
from orchestrator.domain.input import Event, Outcome
from orchestrator.domain.outgoing import Outgoing
from orchestrator.intake.segment import parse
from orchestrator.metrics import ATTEMPTS, GOVERNOR_ANSWERS, KILLED, Counts, Reading
from orchestrator.partition.engine import home_of
from orchestrator.partition.live import Live
from orchestrator.partition.standing import STANDING, standing_of
from orchestrator.stores.kafka.asking import asking
from orchestrator.stores.kafka.orders import content_of
from orchestrator.stores.kafka.owner import Owner, Place, Surrounded, Tell
from orchestrator.stores.kafka.shell import Listening, run
from orchestrator.stores.kafka.store import KafkaStore
from orchestrator.stores.kafka.topics import Topics, prepare, prepare_deployment
from orchestrator.stores.kafka.worker import Shared, shell


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
    content = snapshot(worker.workspace)
    loaded = load_workspace(worker.workspace)
    _admit(settings, loaded)
    topics = Topics.of(worker.name)
    partitions = asyncio.run(prepare(worker.brokers, worker.topic, topics, development=worker.development))
    ours = asyncio.run(prepare_deployment(worker.brokers, worker.name, development=worker.development))
    worker.folder.mkdir(parents=True, exist_ok=True)
    place = Place(worker.brokers, worker.topic, worker.name, topics, worker.folder, partitions)
    programs = Programs(
        SurveyLinks(settings.public_url, lambda: (settings.survey_key,)),
        partial(content_of, worker.brokers, ours),
        partial(_admit, settings),
    )
    leases, doors = Leases(uuid4().hex, monotone_ms, settings.rates), _Doors(settings, worker.outbox)
    process = _Process(programs, programs.put(loaded, content), leases, doors, place.counts)
    surrounded = Surrounded(partial(_open, process), doors.close)
    shared = Shared(
        place.brokers,
        place.topic,
        place.group,
        lambda number: Owner(place, number, surrounded),
        surrounded.close,
        place.counts,
        worker.instance,
        beside=(asking(worker.brokers, ours, leases),),
        tells=process.tells,
        stands=process.stands,
    )
    with seldom_collected():
        run(shell(shared, worker.folder / "shell", worker.listening))


def _admit(settings: Settings, workspace: Workspace) -> None:
    """OrchestratorError where this process lacks a setting that the workspace needs."""
    require_survey_key(workspace, settings)
    asked_senders(workspace.senders)


@dataclass(frozen=True, slots=True)
class _Process:
    """What the partitions of this worker share. `first` is the program of one in which none was ever live."""

    programs: Programs
    first: Compiled
    leases: Leases
    doors: _Doors
    counts: Counts

    def stands(self) -> list[Reading]:
        """What its page of metrics says beside its partitions."""
        return [Reading(GOVERNOR_ANSWERS, self.leases.answered), Reading(KILLED, self.leases.killed)]

    def tells(self) -> dict[str, object]:
        """What its pages say beside its partitions."""
        return {"governor": self.leases.answered, "killed": self.leases.killed, "waiting": self.programs.awaited()}


async def _open(process: _Process, store: KafkaStore, number: int, partitions: int, tell: Tell) -> _Work:
    """A partition at work, with the program that is live in it."""
    programs, standing = process.programs, standing_of(store.fact(STANDING))
    for each in {standing.program, *standing.earlier()} - {""}:
        await programs.load(each, store.file.program(each))
    compiled = programs.known(standing.program) if standing.program else process.first
    now, elsewhere = time.time_ns() // 1_000_000, partial(_elsewhere, number, partitions)
    return _Work(process, compiled, live_on(store, _coming(programs, compiled), now, process.leases, elsewhere), tell)


def _elsewhere(number: int, partitions: int, raw: str) -> bool:
    return home_of(raw, partitions) != number


def _coming(programs: Programs, compiled: Compiled) -> Coming:
    return Coming(compiled.workspace.program, lambda: compiled.content, lambda name: programs.known(name).workspace.program)


class _Work:
    """One partition: its engine, the program that is live in it, and the messages that leave it."""

    def __init__(self, process: _Process, compiled: Compiled, live: Live, tell: Tell) -> None:
        self.live, self._process, self._compiled, self._tell = live, process, compiled, tell
        self._dispatcher: Dispatcher | None = None
        self._doors: dict[str, Channel] = {}
        self._channels: dict[str, str] = {}
        """message → its channel, while its attempt is under way."""

    def read(self, record: bytes, received_at: int, where: str) -> Event:
        catalogue = self._compiled.catalogue
        event = parse(record or b"", received_at=received_at, source="kafka", ordinal=where, things=catalogue.things)
        catalogue.validate(event)
        return event

    def lacks(self, program: str) -> bool:
        return self._process.programs.lacks(program)

    def activate(self, program: str, now: int) -> None:
        self._compiled = self._process.programs.known(program)
        if self._dispatcher is not None:
            self._doors |= self._process.doors.channels(self._compiled.workspace)
        go_live(self.live, _coming(self._process.programs, self._compiled), now)

    def _render(self, message: Outgoing) -> RenderedMessage:
        return self._compiled.renderer.render(message)

    async def dispatch(self, messages: Sequence[Outgoing]) -> None:
        if not messages:
            return
        if self._dispatcher is None:
            self._doors |= self._process.doors.channels(self._compiled.workspace)
            self._dispatcher = Dispatcher(self._doors, self._render, self._told, self._process.leases.holds)
        self._channels |= {message.message_id: message.channel for message in messages}
        await self._dispatcher.dispatch(messages)

    async def _told(self, key: int, outcome: Outcome) -> None:
        self._process.counts.add(ATTEMPTS, 1, self._channels.pop(outcome.message_id, ""), outcome.result)
        await self._tell(key, outcome)

    async def finish(self) -> None:
        if self._dispatcher is not None:
            await self._dispatcher.finish()


@dataclass(slots=True)
class _Doors:
    """The channels of this process, opened when the first message leaves: they need the running loop."""

    settings: Settings
    outbox: Path
    _channels: dict[tuple[str, str], Channel] = field(default_factory=dict)
    """(adapter, program where it depends on that) → channel"""
    _session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def channels(self, workspace: Workspace) -> dict[str, Channel]:
        """channel → where its messages leave; whom a webhook asks is the workspace's."""
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        return {name: self._door(adapter, workspace) for name, adapter in self.settings.adapters.items()}

    def _door(self, adapter: str, workspace: Workspace) -> Channel:
        key = adapter, workspace.program.name if adapter == WEBHOOK else ""
        if key not in self._channels:
            assert self._session is not None  # noqa: S101 - its only caller has opened it
            self._channels[key] = channel_of(self.settings, self.outbox, self._session, workspace.senders, adapter)
        return self._channels[key]
