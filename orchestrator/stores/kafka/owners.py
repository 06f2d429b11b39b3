"""Which worker has which partition, as the group's coordinator tells it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import KafkaError


async def owners(admin: AIOKafkaAdminClient, group: str, topic: str) -> dict[int, str]:
    """partition → its worker: its lasting name, or else how its client is called and where it is. Nothing where nobody says."""
    found: dict[int, str] = {}
    with suppress(KafkaError, ValueError):
        for answer in await admin.describe_consumer_groups([group]):
            for members in (group["members"] for group in answer.to_object()["groups"]):
                for member in members:
                    found |= dict.fromkeys(_assigned(member, topic), _name_of(member))
    return found


def _name_of(member: dict[str, Any]) -> str:
    return member.get("group_instance_id") or f"{member['client_id']} at {member['client_host'].lstrip('/')}"


def _assigned(member: dict[str, Any], topic: str) -> Iterator[int]:
    if member["member_assignment"]:
        for each, partitions in ConsumerProtocolMemberAssignment.decode(member["member_assignment"]).assignment:
            if each == topic:
                yield from partitions
