"""`orchestrator pause`: campaigns take no more steps, or a channel no more messages."""

from __future__ import annotations

from orchestrator.cli.options import (
    Actor,
    Brokers,
    Format,
    InputTopic,
    OfCampaign,
    OfChannel,
    Output,
    Reason,
    StoreName,
    tell_switch,
)
from orchestrator.domain.input import Control


def pause(
    brokers: Brokers = "127.0.0.1:9092",
    topic: InputTopic = "events",
    name: StoreName = None,
    campaign: OfCampaign = None,
    channel: OfChannel = None,
    actor: Actor = "",
    reason: Reason = "",
    output: Output = Format.text,
) -> None:
    """Pause everything, a campaign or a channel: entries and exits go on, steps do not. `resume` ends it."""
    tell_switch(brokers, topic, name, Control("pause", True, campaign, channel, actor, reason), output)  # noqa: FBT003
