"""`orchestrator intake`: the HTTP door of `serve` as a process of its own, in front of a Kafka topic."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import Annotated

import typer

from orchestrator.cli.options import Brokers, Development, InputTopic, StoreName, Workspace, store_name
from orchestrator.config import read_settings
from orchestrator.intake.listening import listening
from orchestrator.stores.kafka import require_extra


def intake(
    workspace: Workspace,
    brokers: Brokers = "127.0.0.1:9092",
    topic: InputTopic = "events",
    name: StoreName = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 picks a free one.", min=0, max=65_535)] = 8080,
    development: Development = False,  # noqa: FBT002
) -> None:
    """Accept events over HTTP into the topic that workers decide from. An answer of 200 means that the brokers have them.

    Start as many as you like. What is refused is told to its sender and counted in /metrics; how it begins goes to the topic
    NAME-rejected, as what workers cannot read does, at most 100 a second. The console shows both.
    """
    require_extra()
    from orchestrator.bootstrap.intake import Intake, run_intake  # noqa: PLC0415 - it needs the extra

    with ExitStack() as doors:
        sockets = [doors.enter_context(one) for one in listening(host, port)]
        asyncio.run(
            run_intake(Intake(workspace, brokers, topic, development, name or store_name(topic)), read_settings(), sockets)
        )
