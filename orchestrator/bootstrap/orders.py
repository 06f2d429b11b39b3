"""The wiring of operators' commands to a deployment on Kafka."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from orchestrator.authoring import load_snapshot, load_workspace, snapshot
from orchestrator.bootstrap.rails import told_of
from orchestrator.delivery.lending import RAILS
from orchestrator.delivery.permits import Rails, encode, rails
from orchestrator.domain.alarms import Watched
from orchestrator.domain.input import Control
from orchestrator.domain.suppression import Listed, Word
from orchestrator.errors import UsageError
from orchestrator.insight.alarms import Watch
from orchestrator.stores.kafka import orders
from orchestrator.stores.kafka.addresses import Replica, put_words, read_list
from orchestrator.stores.kafka.alarms import read_tallies
from orchestrator.stores.kafka.topics import Topics, count_partitions, examine, prepare_deployment


@dataclass(frozen=True, slots=True)
class Told:
    """What a deployment was told: how many partitions there are, and which program goes live, if one does."""

    partitions: int
    program: str = ""


def turn_switch(brokers: str, topic: str, name: str, control: Control) -> Told:
    """Turn a switch; it is durable when this returns, and holds over every restart."""
    return asyncio.run(_switch(brokers, topic, name, control))


async def _switch(brokers: str, topic: str, name: str, control: Control) -> Told:
    deployment = await deployment_of(brokers, topic, name)
    await orders.switch(deployment, control)
    return Told(deployment.partitions)


def alarms_of(brokers: str, topic: str, name: str, now: int) -> list[Watched]:
    """How the campaigns of a deployment stand against what is expected of them."""
    return asyncio.run(_alarms(brokers, topic, name, now))


async def _alarms(brokers: str, topic: str, name: str, now: int) -> list[Watched]:
    partitions = await count_partitions(brokers, topic)
    watch = Watch(partitions)
    for number, told in (await read_tallies(brokers, Topics.of(name).alarms, partitions)).items():
        watch.hear(number, told)
    return watch.stands(now)


def publish_workspace(brokers: str, topic: str, name: str, workspace: Path, by: str) -> Told:
    """Let a workspace go live in every partition. WorkspaceError where its check finds errors: then nothing was told."""
    loaded = load_workspace(workspace)
    content = snapshot(workspace)
    if load_snapshot(content).program.name != loaded.program.name:
        message = f"{workspace}: its files changed meanwhile; publish it again"
        raise UsageError(message)
    return asyncio.run(_publish(brokers, topic, name, content, told_of(loaded, by, published=True)))


async def _publish(brokers: str, topic: str, name: str, content: bytes, told: Rails) -> Told:
    deployment = await deployment_of(brokers, topic, name)
    await orders.publish(deployment, told.program, content, encode(told), told.by)
    return Told(deployment.partitions, told.program)


def publisher_of(brokers: str, name: str, campaign: str) -> str:
    """Who let a campaign go live as it is, by the governor's notes; nobody where it has none yet."""
    return asyncio.run(_publisher(brokers, name, campaign))


async def _publisher(brokers: str, name: str, campaign: str) -> str:
    found = await orders.noted(brokers, await prepare_deployment(brokers, name, development=True), RAILS)
    known = rails(found).rails if found is not None else []
    return next((rail.publisher for rail in known if rail.campaign == campaign), "")


@dataclass(frozen=True, slots=True)
class AddressOrders:
    """The address list of a deployment, from outside."""

    brokers: str
    name: str
    key: bytes

    def read(self) -> Replica:
        """The list as it stands. StoreError where it is written with another key."""
        return asyncio.run(self._read())

    def hear(self, words: list[Word]) -> list[Listed]:
        """Write what these words say; every worker has it within a moment."""
        return asyncio.run(self._hear(words))

    async def _read(self) -> Replica:
        topics = await prepare_deployment(self.brokers, self.name, development=True)
        return await read_list(self.brokers, topics.addresses, self.key)

    async def _hear(self, words: list[Word]) -> list[Listed]:
        topics = await prepare_deployment(self.brokers, self.name, development=True)
        return await put_words(self.brokers, topics.addresses, self.key, words)


async def deployment_of(brokers: str, topic: str, name: str) -> orders.Deployment:
    """The deployment of that name. Whether its settings are safe is looked at by those who work on it."""
    partitions = await examine(brokers, topic, development=True)
    await prepare_deployment(brokers, name, development=True)
    return orders.Deployment(brokers, topic, name, partitions)
