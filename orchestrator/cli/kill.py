"""`orchestrator kill`: nothing leaves any more, anywhere, within a second."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.options import Actor, Brokers, Format, InputTopic, Output, Reason, StoreName, tell_switch
from orchestrator.domain.input import Control


def kill(
    brokers: Brokers = "127.0.0.1:9092",
    topic: InputTopic = "events",
    name: StoreName = None,
    off: Annotated[bool, typer.Option("--off", help="End it: what it held back is looked at again.")] = False,  # noqa: FBT002
    actor: Actor = "",
    reason: Reason = "",
    output: Output = Format.text,
) -> None:
    """Hold everything back, transactional messages too; customers go on being understood, and nothing is lost."""
    tell_switch(brokers, topic, name, Control("kill", not off, actor=actor, reason=reason), output)
