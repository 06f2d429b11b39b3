"""`orchestrator worker`: one of the processes that share the partitions of a Kafka topic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.options import (
    Brokers,
    Development,
    Environment,
    InputTopic,
    PageHost,
    PagePort,
    Publisher,
    StoreName,
    Workspace,
    store_name,
    system_user,
)
from orchestrator.config import sending_settings
from orchestrator.stores.kafka import require_extra


def worker(
    workspace: Workspace,
    brokers: Brokers = "127.0.0.1:9092",
    topic: InputTopic = "events",
    name: StoreName = None,
    folder: Annotated[Path, typer.Option("--dir", help="Where this worker keeps its cache.", metavar="DIR")] = Path("worker"),
    outbox: Annotated[Path | None, typer.Option(help="Folder of the file channel; in the cache's by default.")] = None,
    host: PageHost = "127.0.0.1",
    port: PagePort = 6066,
    instance: Annotated[
        str | None,
        typer.Option(
            help="A lasting name in the group, such as the pod's: a restart under it moves no partition, but a crash is noticed"
            " after two minutes instead of 6 s."
        ),
    ] = None,
    by: Publisher = "",
    development: Development = False,  # noqa: FBT002
    environment: Environment = None,
) -> None:
    """Work on partitions of a topic: decide, keep the state in Kafka, send. Start as many as you like, up to its partitions."""
    require_extra()
    settings = sending_settings(environment)
    from orchestrator.bootstrap.worker import Worker, run_worker  # noqa: PLC0415 - it needs the extra
    from orchestrator.cli.pages import pages_at  # noqa: PLC0415

    told = Worker(
        workspace,
        brokers,
        topic,
        name or store_name(topic),
        folder,
        outbox or folder / "outbox",
        pages_at(host, port),
        development,
        by or system_user(),
        instance,
    )
    run_worker(told, settings)
