"""What the cluster says of its topics is waited for: one that was just made is not known to every broker at once."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.errors import StoreError
from orchestrator.stores.kafka import topics
from orchestrator.stores.kafka.topics import Topic

SAFE = [
    ("min.insync.replicas", "2"),
    ("unclean.leader.election.enable", "false"),
    ("cleanup.policy", "compact"),
    ("max.message.bytes", "1048588"),
]


class Cluster:
    """Answers for one topic of one partition, first as a broker that has not heard of it, then with these settings."""

    def __init__(self, settings: list[tuple[str, str]], ignorant: int) -> None:
        self.settings = settings
        self.ignorant = ignorant

    async def list_topics(self) -> list[str]:
        knows, self.ignorant = not self.ignorant, max(0, self.ignorant - 1)
        return ["events"] if knows else []

    async def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        return [{"topic": name, "error_code": 0, "partitions": [{"replicas": [1, 2, 3]}]} for name in names]

    async def describe_configs(self, asked: list[Any]) -> list[Any]:
        knows, self.ignorant = not self.ignorant, max(0, self.ignorant - 1)
        entries = self.settings if knows else []
        return [SimpleNamespace(resources=[(0 if knows else 3, None, 2, one.name, entries) for one in asked])]


def wrong(cluster: Cluster) -> list[str]:
    return asyncio.run(topics._wrong(cluster, [Topic("changes", "compact")], 1, 2))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "TRY_AGAIN_S", 0)


def test_settings_that_come_late_are_waited_for() -> None:
    assert wrong(Cluster(SAFE, ignorant=2)) == []


def test_a_setting_that_loses_data_is_told_with_its_topic() -> None:
    unsafe = [("min.insync.replicas", "1"), *SAFE[1:]]
    assert wrong(Cluster(unsafe, ignorant=1)) == ["changes: min.insync.replicas is 1; set it to 2"]


def test_a_cluster_that_never_tells_is_an_error() -> None:
    with pytest.raises(StoreError, match="changes: the cluster does not say"):
        wrong(Cluster(SAFE, ignorant=10_000))


def test_a_topic_just_made_is_waited_for_and_one_that_is_not_there_is_told() -> None:
    def partitions(ignorant: int) -> int:
        return asyncio.run(topics._partitions(Cluster(SAFE, ignorant), "host:1", "events"))  # type: ignore[arg-type]

    assert partitions(2) == 1
    with pytest.raises(StoreError, match=r"host:1: there is no topic 'events'.*; `orchestrator kafka topic"):
        partitions(10_000)
