"""`orchestrator publish`: a workspace goes live in a running deployment, without a restart."""

from __future__ import annotations

from orchestrator.cli.options import (
    Brokers,
    Format,
    InputTopic,
    Output,
    Publisher,
    StoreName,
    Workspace,
    print_json,
    store_name,
    system_user,
)
from orchestrator.stores.kafka import require_extra


def publish(
    workspace: Workspace,
    brokers: Brokers = "127.0.0.1:9092",
    topic: InputTopic = "events",
    name: StoreName = None,
    by: Publisher = "",
    output: Output = Format.text,
) -> None:
    """Let a workspace go live: every partition changes to it at one place of its inputs. People in flight keep their steps."""
    require_extra()
    from orchestrator.bootstrap.orders import publish_workspace  # noqa: PLC0415 - it needs the extra

    told = publish_workspace(brokers, topic, name or store_name(topic), workspace, by or system_user())
    if output is Format.json:
        print_json({"program": told.program, "partitions": told.partitions})
    else:
        print(f"program {told.program} goes live in {told.partitions} partitions")  # noqa: T201 - the command line's own voice
