"""The wiring of what providers tell: which of them are listened to, and by which settings they are known."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from importlib.metadata import entry_points

from orchestrator.authoring import Workspace
from orchestrator.bootstrap.door import wall
from orchestrator.config import Settings
from orchestrator.delivery.dispatch import Dead
from orchestrator.domain.calls import CHANNEL as WEBHOOK
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.suppression import Word, hashed
from orchestrator.errors import StoreError, Unavailable
from orchestrator.intake.listener import Listener
from orchestrator.intake.receipts import ReceiptDoor, Receive, Tell
from orchestrator.intake.replies import Replies, Say, names_of

PATH = "/v1/receipts"
_OPTED_OUT = {"21610": "stop"}
"""Codes by which a provider says that the recipient has sent STOP, which a START takes back."""
_log = logging.getLogger(__name__)


def listeners_of(settings: Settings) -> dict[str, Listener]:
    """Those of the adapters that messages leave by."""
    found = entry_points(group="orchestrator.listeners")
    names = {adapter for channel, adapter in settings.adapters.items() if channel != WEBHOOK} & found.names
    return {name: found[name].load()(settings.adapter_settings[name]) for name in sorted(names)}


def with_callback(settings: Settings, url: str) -> Settings:
    """With where Twilio tells what became of a message, unless the settings say otherwise."""
    twilio = settings.adapter_settings.get("twilio")
    if twilio is None or "status_callback" in twilio or not url:
        return settings
    told = {**twilio, "status_callback": f"{url}{PATH}/twilio"}
    return replace(settings, adapter_settings={**settings.adapter_settings, "twilio": told})


def receipt_door(
    settings: Settings, loaded: Workspace, url: str, receive: Receive, say: Say, key: Callable[[], bytes], tell: Tell
) -> ReceiptDoor:
    """The door at that public address."""
    replies = Replies(key, say, names_of(loaded.senders), settings.stop)
    return ReceiptDoor(listeners_of(settings), url, receive, say, key, replies, tell, wall)


def listing(say: Callable[[Sequence[Word]], Awaitable[object]], key: Callable[[], bytes]) -> Dead:
    """Puts an address into the list that its provider refuses for good, if the list can be written."""

    async def dead(message: Outgoing, code: str) -> None:
        kind = _OPTED_OUT.get(code, "invalid")
        if not key():
            return
        word = Word(hashed(key(), message.channel, message.to), message.channel, kind, "", wall(), "provider", code)
        try:
            await say([word])
        except (Unavailable, StoreError) as error:
            _log.warning("an address that its provider refuses (%s) is not listed: %s", code, error)

    return dead


def not_listening(door: ReceiptDoor) -> list[str]:
    """What to tell whoever starts a process whose providers' word it could not tell from a stranger's."""
    return [
        f"nothing that {name} tells of messages is believed: set its webhook keys (see README, Receipts)"
        for name, listener in door.listeners.items()
        if not listener.ready
    ]
