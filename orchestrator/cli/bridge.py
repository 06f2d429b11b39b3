"""`orchestrator bridge`: from another team's topic into the one that workers decide from."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.options import Brokers, Development, InputTopic, PageHost, PagePort, Workspace
from orchestrator.stores.kafka import require_extra


def bridge(
    workspace: Workspace,
    foreign: Annotated[str, typer.Option("--from", help="The topic to read: one event a record, in JSON.", metavar="TOPIC")],
    brokers: Brokers = "127.0.0.1:9092",
    topic: InputTopic = "events",
    source: Annotated[
        str | None,
        typer.Option(
            help="What the source of its events is called, and how they are written: segment (default), cloudevents, posthog."
            " The topic's name by default.",
            metavar="NAME/DIALECT",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Group of the bridges, and what their topics begin with; `<from>-bridge` by default.")
    ] = None,
    host: PageHost = "127.0.0.1",
    port: PagePort = 6066,
    development: Development = False,  # noqa: FBT002
) -> None:
    """Bring each record of a topic over once: checked as at the HTTP door, keyed by its customer; what is wrong is put aside.

    Start as many as you like, up to the partitions of the topic that is read.
    """
    require_extra()
    from orchestrator.bootstrap.bridge import Bridge, run_bridge  # noqa: PLC0415 - it needs the extra
    from orchestrator.cli.pages import pages_at  # noqa: PLC0415

    run_bridge(
        Bridge(
            workspace,
            brokers,
            foreign,
            topic,
            source or foreign,
            name or f"{foreign}-bridge",
            pages_at(host, port),
            development,
        )
    )
