"""The topics of a store: made where they are absent, and refused where their settings would lose data."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from orchestrator.errors import StoreError
from orchestrator.stores.kafka.limits import RECORD_MAX_BYTES

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

    @classmethod
    def of(cls, name: str) -> Topics:
        return cls(f"{name}-changelog", f"{name}-journal")

    def all(self) -> list[Topic]:
        """As they must be."""
        large = {"max.message.bytes": str(RECORD_MAX_BYTES)}
        return [
            Topic(self.changelog, "compact", large),
            Topic(self.journal, "delete", {**large, "retention.ms": "-1", "retention.bytes": "-1"}),
        ]


@asynccontextmanager
async def asking(brokers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """A client for questions about the cluster; StoreError where nobody answers."""
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    try:
        await admin.start()
    except KafkaError as error:
        await admin.close()
        message = f"{brokers}: no broker answers there ({error!r}); name another with --brokers, or `orchestrator kafka start`"
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
