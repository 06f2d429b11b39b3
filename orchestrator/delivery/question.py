"""A webhook's call → the request that asks it: the sender's URL, and the body exactly as the step's `send` has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from orchestrator.delivery.channel import RenderedMessage
from orchestrator.domain.calls import CHANNEL
from orchestrator.domain.outgoing import Outgoing
from orchestrator.errors import OrchestratorError

Senders = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""senders.yaml: name → channel → settings."""


def question(outgoing: Outgoing, senders: Senders) -> RenderedMessage:
    """What goes out. `sender` names the sender, by which the channel knows the secret: no secret travels in a message."""
    url = senders.get(outgoing.to, {}).get(CHANNEL, {}).get("url")
    if not isinstance(url, str):
        raise OrchestratorError(f"senders.yaml has no webhook `{outgoing.to}`; add it, with its `url`")
    return RenderedMessage(
        message_id=outgoing.message_id,
        channel=CHANNEL,
        to=url,
        body_text=json.dumps(outgoing.context["send"], separators=(",", ":")),
        campaign=outgoing.campaign,
        sender={"name": outgoing.to},
    )


def samples(senders: Senders) -> dict[str, dict[str, Any]]:
    """What each webhook answers where nothing is really asked: the `sample` of senders.yaml, else an empty object."""
    return {name: dict(found[CHANNEL].get("sample") or {}) for name, found in senders.items() if CHANNEL in found}
