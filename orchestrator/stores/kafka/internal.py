"""The topics that the brokers keep for themselves: what was committed, and how far each group has come, stands there."""

from __future__ import annotations

from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

_MADE_BY = {"__transaction_state": "transaction.state.log", "__consumer_offsets": "offsets.topic"}
"""topic → what the brokers' settings begin with by which it is made, when it is first needed."""
_KEPT_BY = {"__transaction_state": "transaction.state.log.min.isr"}
_IN_SYNC = "min.insync.replicas"


async def internal_wrong(admin: AIOKafkaAdminClient, copies: int) -> list[str]:
    """What must be changed, one line each: of the topic where it is there, else of the setting by which it will be made.

    What a cluster does not tell is not asked again: some that others run keep it to themselves.
    """
    described = {one["topic"]: one["partitions"] for one in await admin.describe_topics(list(_MADE_BY))}
    there = {name: partitions for name, partitions in described.items() if partitions}
    node = (await admin.describe_cluster())["brokers"][0]["node_id"]
    broker = await _told(admin, ConfigResourceType.BROKER, str(node))
    found = []
    for name, setting in _MADE_BY.items():
        by = f"{setting}.replication.factor"
        replicas = min(len(one["replicas"]) for one in there[name]) if name in there else int(broker.get(by, copies))
        if replicas < copies:
            found.append(f"{name}: keeps {replicas} copy; the brokers' {by} must be 3 (--development accepts one)")
    for name, setting in _KEPT_BY.items():
        own = await _told(admin, ConfigResourceType.TOPIC, name) if name in there else {}
        in_sync = own.get(_IN_SYNC, broker.get(setting, str(copies)))
        if int(in_sync) < copies:
            found.append(f"{name}: {_IN_SYNC} is {in_sync}; set it, and the brokers' {setting}, to 2")
    return found


async def _told(admin: AIOKafkaAdminClient, kind: ConfigResourceType, name: str) -> dict[str, str]:
    answers: list[Any] = await admin.describe_configs([ConfigResource(kind, name)])
    return {entry[0]: entry[1] for answer in answers for resource in answer.resources for entry in resource[4]}
