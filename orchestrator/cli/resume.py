"""`orchestrator resume`: what was paused goes on."""

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


def resume(
    brokers: Brokers = "127.0.0.1:9092",
    topic: InputTopic = "events",
    name: StoreName = None,
    campaign: OfCampaign = None,
    channel: OfChannel = None,
    actor: Actor = "",
    reason: Reason = "",
    output: Output = Format.text,
) -> None:
    """End a pause: of everything, of that campaign or of that channel. What it held back is looked at again."""
    tell_switch(brokers, topic, name, Control("pause", False, campaign, channel, actor, reason), output)  # noqa: FBT003
