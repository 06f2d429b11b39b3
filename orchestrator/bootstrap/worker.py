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
from orchestrator.bootstrap.addresses import senders_of
from orchestrator.bootstrap.departures import take_over
from orchestrator.bootstrap.door import require_survey_key, without_address_key
from orchestrator.bootstrap.edge import asked_senders, channel_of
from orchestrator.bootstrap.engine import Coming, go_live, live_on
from orchestrator.bootstrap.pages import links_of
from orchestrator.bootstrap.programs import Compiled, Programs
from orchestrator.bootstrap.rails import senders_by_template, told_of
from orchestrator.bootstrap.receipts import listing, with_callback
from orchestrator.config import Settings, traces_wanted
from orchestrator.delivery import breaker
from orchestrator.delivery.channel import Channel, RenderedMessage, close
from orchestrator.delivery.clock import monotone_ms
from orchestrator.delivery.departures import Departures
from orchestrator.delivery.dispatch import Dead, Dispatcher, Evidence
from orchestrator.delivery.leases import Leases
from orchestrator.delivery.limits import ASKED_AGAIN
from orchestrator.domain.calls import CHANNEL as WEBHOOK
from orchestrator.domain.input import Event
from orchestrator.domain.outgoing import Outgoing
from orchestrator.insight.alarms import Watch, readings_of
from orchestrator.intake.segment import parse
from orchestrator.metrics import ATTEMPTS, GOVERNOR_ANSWERS, KILLED, Counts, Reading
from orchestrator.partition.addresses import AddressList
from orchestrator.partition.engine import home_of
from orchestrator.partition.live import Live
from orchestrator.partition.standing import STANDING, standing_of
from orchestrator.partition.traces import Traces
from orchestrator.stores.kafka.addresses import STRANGE, Inputs, Replica, following, put_words
from orchestrator.stores.kafka.alarms import leads, listening
from orchestrator.stores.kafka.asking import asking
from orchestrator.stores.kafka.orders import content_of
from orchestrator.stores.kafka.owner import Owner, Place, Surrounded, Tell
from orchestrator.stores.kafka.shell import Listening, run
from orchestrator.stores.kafka.store import KafkaStore
from orchestrator.stores.kafka.topics import DeploymentTopics, Topics, prepare, prepare_deployment
from orchestrator.stores.kafka.worker import Shared, shell
from orchestrator.tracing import Tracing


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
    by: str
    instance: str | None = None
    """Its lasting name in the group: a restart under the same one moves no partition."""


def run_worker(worker: Worker, settings: Settings) -> None:
    """Work until told to stop. StoreError where the cluster's settings would lose data."""
    content = snapshot(worker.workspace)
    loaded = load_workspace(worker.workspace)
    _admit(settings, loaded)
    without_address_key(settings)
    topics = Topics.of(worker.name)
    partitions = asyncio.run(prepare(worker.brokers, worker.topic, topics, development=worker.development))
    ours = asyncio.run(prepare_deployment(worker.brokers, worker.name, development=worker.development))
    worker.folder.mkdir(parents=True, exist_ok=True)
    place = Place(worker.brokers, worker.topic, worker.name, topics, worker.folder, partitions)
    programs = _programs(worker, settings, ours)
    leases = Leases(uuid4().hex, monotone_ms, settings.rates, adapters=settings.adapters)
    doors = _Doors(with_callback(settings, settings.public_url), worker.outbox)
    doors.tracing = Tracing("worker") if traces_wanted() else None
    replica = Replica(settings.address_key)
    process = _Process(
        programs,
        programs.put(loaded, content),
        leases,
        doors,
        place.counts,
        settings.address_key,
        replica,
        _dead(worker, settings, ours, partitions),
        Watch(partitions),
        worker.by,
        [Departures(worker.folder / f"{worker.topic}-{number}.left") for number in range(partitions)],
    )
    surrounded = Surrounded(partial(_open, process), doors.close)
    shared = Shared(
        place.brokers,
        place.topic,
        place.group,
        lambda number: Owner(place, number, surrounded),
        surrounded.close,
        place.counts,
        worker.instance,
        beside=(
            following(worker.brokers, ours.addresses, replica),
            asking(worker.brokers, ours, leases),
            listening(worker.brokers, topics.alarms, partitions, process.watch),
        ),
        tells=process.tells,
        lacks=process.lacks,
        stands=process.stands,
    )
    with seldom_collected():
        run(shell(shared, worker.folder / "shell", worker.listening))


def _programs(worker: Worker, settings: Settings, ours: DeploymentTopics) -> Programs:
    """Those that may be live here, fetched from their topic as they are asked for."""
    return Programs(
        links_of(settings, settings.public_url, lambda: (settings.survey_key,), lambda: settings.address_key),
        partial(content_of, worker.brokers, ours),
        partial(_admit, settings),
    )


def _dead(worker: Worker, settings: Settings, ours: DeploymentTopics, partitions: int) -> Dead:
    """Who is told of an address that a channel calls dead: the list of all workers."""
    put = partial(put_words, worker.brokers, ours.addresses, settings.address_key, inputs=Inputs(worker.topic, partitions))
    return listing(put, lambda: settings.address_key)


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
    address_key: bytes
    replica: Replica
    dead: Dead
    watch: Watch
    by: str
    """Who starts it: of a program that nobody published, who let it go live."""
    departures: list[Departures]
    """Of each partition, beside its cache, whose lock guards them."""

    def goes_live(self, workspace: Workspace) -> None:
        """What its leave depends on, once a program is live in a partition."""
        self.leases.goes_live(told_of(workspace, self.by), senders_by_template(workspace))

    def addresses(self, workspace: Workspace) -> AddressList:
        """The address list as a partition with that program asks it."""
        return AddressList(
            self.address_key,
            self.replica.find,
            senders_of(workspace),
            whole=lambda: not self.replica.trouble,
            reaches=self.doors.settings.reaches,
        )

    def stands(self) -> list[Reading]:
        """What its page of metrics says beside its partitions."""
        now = time.time_ns() // 1_000_000
        alarms = readings_of(self.watch.stands(now)) if leads() else []
        left_alone = breaker.readings_of(breaker.lasting(self.leases.breakers.open(), now))
        return [Reading(GOVERNOR_ANSWERS, self.leases.answered), Reading(KILLED, self.leases.killed), *left_alone, *alarms]

    def lacks(self) -> str:
        """Why it sends nothing until somebody sets another key; all else comes back by itself."""
        return f"the address list: {STRANGE}" if self.replica.strange else ""

    def tells(self) -> dict[str, object]:
        """What its pages say beside its partitions."""
        told = {"governor": self.leases.answered, "killed": self.leases.killed, "waiting": self.programs.awaited()}
        return {**told, "addresses": self.replica.trouble or "known"}


async def _open(process: _Process, store: KafkaStore, number: int, partitions: int, tell: Tell) -> _Work:
    """A partition at work, with the program that is live in it."""
    programs, standing, providers = process.programs, standing_of(store.fact(STANDING)), process.doors.settings.adapters
    for each in {standing.program, *standing.earlier()} - {""}:
        await programs.load(each, store.file.program(each))
    compiled = programs.known(standing.program) if standing.program else process.first
    now, elsewhere = time.time_ns() // 1_000_000, partial(_elsewhere, number, partitions)
    addresses = process.addresses(compiled.workspace)
    coming = _coming(programs, compiled)
    live = live_on(store, coming, now, process.leases, elsewhere, addresses, providers, process.counts)
    live.accounts = process.leases
    take_over(process.departures[number], live, store)
    live.engine.ask_again(store.file.in_doubt(ASKED_AGAIN))
    process.goes_live(compiled.workspace)
    tracing = process.doors.tracing
    live.traces = Traces(tracing, number) if tracing is not None else None
    return _Work(process, compiled, live, tell, number)


def _elsewhere(number: int, partitions: int, raw: str) -> bool:
    return home_of(raw, partitions) != number


def _coming(programs: Programs, compiled: Compiled, by: str = "") -> Coming:
    return Coming(compiled.workspace.program, lambda: compiled.content, lambda name: programs.known(name).workspace.program, by)


class _Work:
    """One partition: its engine, the program that is live in it, and the messages that leave it."""

    def __init__(self, process: _Process, compiled: Compiled, live: Live, tell: Tell, number: int) -> None:
        self.live, self._process, self._compiled, self._tell, self._number = live, process, compiled, tell, number
        self._dispatcher: Dispatcher | None = None
        self._doors: dict[str, Channel] = {}

    def read(self, record: bytes, received_at: int, where: str) -> Event:
        catalogue = self._compiled.catalogue
        event = parse(record or b"", received_at=received_at, source="kafka", ordinal=where, things=catalogue.things)
        catalogue.validate(event)
        return event

    def lacks(self, program: str) -> bool:
        return self._process.programs.lacks(program)

    def activate(self, program: str, now: int, by: str) -> None:
        self._compiled = self._process.programs.known(program)
        if self._dispatcher is not None:
            self._doors |= self._process.doors.channels(self._compiled.workspace)
        self.live.engine.around.addresses = self._process.addresses(self._compiled.workspace)
        self._process.goes_live(self._compiled.workspace)
        go_live(self.live, _coming(self._process.programs, self._compiled, by), now)

    def _render(self, message: Outgoing) -> RenderedMessage:
        return self._compiled.renderer.render(message)

    async def dispatch(self, messages: Sequence[Outgoing]) -> None:
        if not messages:
            return
        if self._dispatcher is None:
            self._doors |= self._process.doors.channels(self._compiled.workspace)
            process, reaches = self._process, self._process.doors.settings.reaches
            holds = process.leases.holds
            self._dispatcher = Dispatcher(
                self._doors,
                self._render,
                self._tell,
                lambda one: holds(one.message_id),
                reaches,
                self._number,
                process.dead,
                Evidence(departures=process.departures[self._number]),
            )
            self._dispatcher.tracing = process.doors.tracing
            self._dispatcher.counted = partial(process.counts.add, ATTEMPTS, 1)
        await self._dispatcher.dispatch(messages)

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
    tracing: Tracing | None = None

    async def close(self) -> None:
        if self.tracing is not None:
            await asyncio.to_thread(self.tracing.close)
        await asyncio.gather(*map(close, self._channels.values()))
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
