"""The wiring of operators' commands to a deployment on Kafka."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from orchestrator.authoring import load_snapshot, load_workspace, snapshot
from orchestrator.domain.input import Control
from orchestrator.errors import UsageError
from orchestrator.stores.kafka import orders
from orchestrator.stores.kafka.topics import examine, prepare_deployment


@dataclass(frozen=True, slots=True)
class Told:
    """What a deployment was told: how many partitions there are, and which program goes live, if one does."""

    partitions: int
    program: str = ""


def turn_switch(brokers: str, topic: str, name: str, control: Control) -> Told:
    """Turn a switch; it is durable when this returns, and holds over every restart."""
    return asyncio.run(_switch(brokers, topic, name, control))


async def _switch(brokers: str, topic: str, name: str, control: Control) -> Told:
    deployment = await _deployment(brokers, topic, name)
    await orders.switch(deployment, control)
    return Told(deployment.partitions)


def publish_workspace(brokers: str, topic: str, name: str, workspace: Path) -> Told:
    """Let a workspace go live in every partition. WorkspaceError where its check finds errors: then nothing was told."""
    program = load_workspace(workspace).program.name
    content = snapshot(workspace)
    if load_snapshot(content).program.name != program:
        message = f"{workspace}: its files changed meanwhile; publish it again"
        raise UsageError(message)
    return asyncio.run(_publish(brokers, topic, name, program, content))


async def _publish(brokers: str, topic: str, name: str, program: str, content: bytes) -> Told:
    deployment = await _deployment(brokers, topic, name)
    await orders.publish(deployment, program, content)
    return Told(deployment.partitions, program)


async def _deployment(brokers: str, topic: str, name: str) -> orders.Deployment:
    """Whether its settings are safe is looked at by those who work on it."""
    partitions = await examine(brokers, topic, development=True)
    await prepare_deployment(brokers, name, development=True)
    return orders.Deployment(brokers, topic, name, partitions)
