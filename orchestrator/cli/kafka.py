"""`orchestrator kafka`: a broker for development and tests, on this machine only."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator.cli.options import Format, Output, print_json
from orchestrator.stores.kafka import require_extra

PORT = 9092
"""Kafka's own."""


class Action(StrEnum):
    start = "start"
    stop = "stop"
    status = "status"


def kafka(
    action: Annotated[Action, typer.Argument(help="What to do.")],
    port: Annotated[
        int | None, typer.Option(help=f"Port to listen on, {PORT} by default; 0 picks a free one.", min=0, max=65_535)
    ] = None,
    folder: Annotated[Path, typer.Option("--dir", help="Where it keeps its records.", metavar="DIR")] = Path("kafka"),
    output: Output = Format.text,
) -> None:
    """Start, stop or look at a development broker: one node of Apache Kafka, from package registries alone."""
    require_extra("kafka-broker")
    from orchestrator.stores.kafka import broker  # noqa: PLC0415 - it needs the extra

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
