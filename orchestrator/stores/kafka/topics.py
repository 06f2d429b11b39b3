"""The topics of a store: made where they are absent, and refused where their settings would lose data."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from orchestrator.errors import StoreError
from orchestrator.stores.kafka.internal import internal_wrong
from orchestrator.stores.kafka.limits import (
    COMPACTION_LAG_MS,
    RECORD_MAX_BYTES,
    REJECTED_LOG_BYTES,
    REJECTED_SEGMENT_BYTES,
    REJECTED_SEGMENT_MS,
    SEGMENT_MS,
    TOPICS_SHOWN,
    TRIES,
    TRY_AGAIN_S,
)
from orchestrator.stores.kafka.reaching import reaching
from orchestrator.stores.rejects import KEPT_MS

LARGE = {"max.message.bytes": str(RECORD_MAX_BYTES)}
"""Of topics through which whole profiles go; among them the inputs, by which a profile comes to another partition."""
_OURS = "-orchestrator"
"""What stands in the names of the topics that workers make, unless they are named otherwise."""
REPLICAS = 3
"""Copies of our topics where the cluster has as many brokers."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as a store needs it. `cleanup`: what may happen to old records."""

    name: str
    cleanup: str
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one store, each with one partition for each of the inputs."""

    changelog: str
    journal: str
    rejected: str
    alarms: str
    """What each partition has counted for the alarms of campaigns, which are judged over all of them."""

    @classmethod
    def of(cls, name: str) -> Topics:
        return cls(f"{name}-changelog", f"{name}-journal", f"{name}-rejected", f"{name}-alarms")

    def all(self) -> list[Topic]:
        """As they must be."""
        return [
            Topic(self.changelog, "compact", {**LARGE, "min.compaction.lag.ms": str(COMPACTION_LAG_MS)}),
            Topic(self.journal, "delete", {**LARGE, "retention.ms": "-1", "retention.bytes": "-1"}),
            self.aside(),
            Topic(self.alarms, "compact", {"segment.ms": str(SEGMENT_MS)}),
        ]

    def aside(self) -> Topic:
        """The one of what is no event, which may speak of people: it keeps little, and not for long."""
        kept = {"retention.ms": KEPT_MS, "retention.bytes": REJECTED_LOG_BYTES}
        pieces = {"segment.ms": REJECTED_SEGMENT_MS, "segment.bytes": REJECTED_SEGMENT_BYTES}
        return Topic(self.rejected, "delete", {**LARGE, **{name: str(value) for name, value in (kept | pieces).items()}})


@dataclass(frozen=True, slots=True)
class DeploymentTopics:
    """The topics of one store that all its partitions share, of one partition each."""

    permits: str
    """Workers' questions and operators' switches, in one order."""
    leases: str
    """The governor's answers."""
    programs: str
    """The content of what was published."""
    addresses: str
    """The address list: of each entry how it stands."""
    accounts: str
    """The governor's: of each campaign how much it has sent."""

    @classmethod
    def of(cls, name: str) -> DeploymentTopics:
        return cls(*(f"{name}-{kind}" for kind in ("permits", "leases", "programs", "addresses", "accounts")))

    def all(self) -> list[Topic]:
        """As they must be. Of questions the last of each worker is kept, of switches how they stand."""
        return [
            Topic(self.permits, "compact", {"segment.ms": str(SEGMENT_MS)}),
            Topic(self.leases, "delete", {"retention.ms": str(SEGMENT_MS), "segment.ms": str(SEGMENT_MS)}),
            Topic(self.programs, "compact", {"max.message.bytes": str(RECORD_MAX_BYTES)}),
            Topic(self.addresses, "compact"),
            Topic(self.accounts, "compact", {"segment.ms": str(SEGMENT_MS), **LARGE}),
        ]


@asynccontextmanager
async def asking(brokers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """A client for questions about the cluster; StoreError where nobody answers."""
    admin = AIOKafkaAdminClient(**reaching(brokers))
    try:
        await admin.start()
    except KafkaError as error:
        await admin.close()
        message = f"{brokers}: no broker answers there or lets us in ({error!r}); name another, or `orchestrator kafka start`"
        raise StoreError(message) from error
    try:
        yield admin
    finally:
        await admin.close()


async def make_topics(admin: AIOKafkaAdminClient, topics: Sequence[Topic], partitions: int) -> None:
    """Make those that are absent, with as many copies as the cluster can keep safe."""
    brokers = len((await admin.describe_cluster())["brokers"])
    replicas = min(REPLICAS, brokers)
    safe = {"min.insync.replicas": str(max(1, replicas - 1)), "unclean.leader.election.enable": "false"}
    there = set(await admin.list_topics())
    wanted = [
        NewTopic(topic.name, partitions, replicas, topic_configs={"cleanup.policy": topic.cleanup, **safe, **topic.settings})
        for topic in topics
        if topic.name not in there
    ]
    if not wanted:
        return
    answer = await admin.create_topics(wanted)
    for name, code, *told in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            message = f"topic {name} could not be made: {error.__name__} {told[0] if told else ''}"
            raise StoreError(message)


async def make_inputs(brokers: str, name: str, partitions: int) -> int:
    """Make the topic that workers decide from, where it is absent; gives how many partitions it has."""
    async with asking(brokers) as admin:
        await make_topics(admin, [Topic(name, "delete", LARGE)], partitions)
        with suppress(KafkaError):
            await admin.find_coordinator(name)  # lets a new cluster make what groups need, before the first worker asks for it
        return await _partitions(admin, brokers, name)


async def make_rejected(brokers: str, name: str, partitions: int) -> None:
    """Make the topic of what is no event, where it is absent: a door may be there before any worker."""
    async with asking(brokers) as admin:
        await make_topics(admin, [Topics.of(name).aside()], partitions)


async def prepare(brokers: str, source: str, topics: Topics, *, development: bool) -> int:
    """Make our topics, look at all of them; gives how many partitions there are. StoreError says all that would lose data."""
    partitions = await examine(brokers, source, development=development)
    async with asking(brokers) as admin:
        await make_topics(admin, topics.all(), partitions)
        await _refuse(admin, topics.all(), partitions, development=development)
    return partitions


async def prepare_deployment(brokers: str, name: str, *, development: bool) -> DeploymentTopics:
    """Make the topics that all partitions share. StoreError says all that would lose data."""
    ours = DeploymentTopics.of(name)
    async with asking(brokers) as admin:
        await make_topics(admin, ours.all(), 1)
        await _refuse(admin, ours.all(), 1, development=development)
    return ours


async def examine(brokers: str, source: str, *, development: bool) -> int:
    """How many partitions the inputs have. StoreError where there are none, and says all that would lose data."""
    async with asking(brokers) as admin:
        partitions = await _partitions(admin, brokers, source)
        copies = 1 if development else 2
        inputs = Topic(source, "delete", LARGE)
        _raise(await _wrong(admin, [inputs], partitions, copies) + await internal_wrong(admin, copies))
    return partitions


async def count_partitions(brokers: str, source: str) -> int:
    """How many partitions a topic has. StoreError where it is not there."""
    async with asking(brokers) as admin:
        return await _partitions(admin, brokers, source)


async def prepare_bridge(brokers: str, source: str, topics: Sequence[Topic], *, development: bool) -> None:
    """Make a bridge's own topics beside the one that it reads, whose settings are others' business, and look at them."""
    async with asking(brokers) as admin:
        partitions = await _partitions(admin, brokers, source)
        await make_topics(admin, topics, partitions)
        await _refuse(admin, topics, partitions, development=development)


async def _partitions(admin: AIOKafkaAdminClient, brokers: str, source: str) -> int:
    """How many partitions a topic has. StoreError where it is not there, nor comes: one just made is not known everywhere."""
    there: list[str] = []
    for _ in range(TRIES):
        there = await admin.list_topics()
        if source in there:
            return len((await _described(admin, [source]))[0]["partitions"])
        await asyncio.sleep(TRY_AGAIN_S)
    foreign = [name for name in sorted(there) if not name.startswith("__") and f"{_OURS}-" not in name]
    others = ", ".join(foreign[:TOPICS_SHOWN])
    known = f" (there are {others})" if others else ""
    message = (
        f"{brokers}: there is no topic {source!r}{known}; `orchestrator kafka topic --input {source} --partitions N` makes it;"
        " its partitions are fixed for life"
    )
    raise StoreError(message)


async def _refuse(admin: AIOKafkaAdminClient, topics: Sequence[Topic], partitions: int, *, development: bool) -> None:
    _raise(await _wrong(admin, topics, partitions, 1 if development else 2))


def _raise(wrong: Sequence[str]) -> None:
    if wrong:
        message = "these settings would lose data:\n" + "\n".join(wrong)
        raise StoreError(message)


async def _described(admin: AIOKafkaAdminClient, names: list[str]) -> list[dict[str, Any]]:
    """As soon as they are known everywhere: a topic that was just made may take a moment."""
    for _ in range(TRIES):
        described = await admin.describe_topics(names)
        found: list[dict[str, Any]] = described["topics"] if isinstance(described, dict) else list(described)
        if all(one["partitions"] and not one["error_code"] for one in found):
            return found
        await asyncio.sleep(TRY_AGAIN_S)
    raise _silent(names)


async def _settings(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    """The settings in force of each topic; waits like `_described`, since a broker that does not know it yet names none."""
    for _ in range(TRIES):
        answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
        resources = [resource for answer in answers for resource in answer.resources]
        found = {name: {entry[0]: entry[1] for entry in entries} for _code, _told, _type, name, entries in resources}
        if all(found.get(name) for name in names):
            return found
        await asyncio.sleep(TRY_AGAIN_S)
    raise _silent(names)


def _silent(names: Sequence[str]) -> StoreError:
    return StoreError(f"{', '.join(names)}: the cluster does not say what they are like; look at its state, then start again")


async def _wrong(admin: AIOKafkaAdminClient, topics: Sequence[Topic], partitions: int, copies: int) -> list[str]:
    """What must be changed, one line each."""
    found = []
    names = [topic.name for topic in topics]
    described = {one["topic"]: one["partitions"] for one in await _described(admin, names)}
    configs = await _settings(admin, names)
    for topic in topics:
        there, set_to = described[topic.name], configs[topic.name]
        replicas = min(len(one["replicas"]) for one in there)
        if len(there) != partitions:
            found.append(f"{topic.name}: has {len(there)} partitions, needs {partitions}, as many as the inputs")
        if replicas < copies:
            found.append(f"{topic.name}: keeps {replicas} copy; it needs {REPLICAS} (--development accepts one)")
        if int(set_to["min.insync.replicas"]) < copies:
            found.append(f"{topic.name}: min.insync.replicas is {set_to['min.insync.replicas']}; set it to 2")
        if set_to["unclean.leader.election.enable"] != "false":
            found.append(f"{topic.name}: unclean.leader.election.enable is on; a stale copy would rule: set it to false")
        largest = int(topic.settings.get("max.message.bytes", 0))
        if int(set_to["max.message.bytes"]) < largest:
            found.append(f"{topic.name}: max.message.bytes is {set_to['max.message.bytes']}; set it to {largest}")
        if set_to["cleanup.policy"] != topic.cleanup:
            found.append(f"{topic.name}: cleanup.policy is {set_to['cleanup.policy']}; set it to {topic.cleanup}")
    return found
