"""How a command tells a running `serve` or `intake` something: an event, as any backend sends one."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from orchestrator.config import read_settings
from orchestrator.errors import OrchestratorError

DOOR = "http://127.0.0.1:8080"
PATIENCE_S = 10
"""How long it may take to answer."""
_ACCEPTED = 200


def tell(door: str, raw: str, name: str, message_id: str, properties: dict[str, Any]) -> None:
    """Return once the event of the customer `raw` is kept. Said twice under one id, it is one event."""
    who = {"userId" if raw.startswith("u:") else "anonymousId": raw[2:]}
    asyncio.run(_tell(door, {"messageId": message_id, "event": name, **who, "properties": properties}))


async def _tell(door: str, event: dict[str, Any]) -> None:
    keys = list(read_settings().keys.values())
    auth = aiohttp.BasicAuth(keys[0], "").encode() if keys else ""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE_S)) as session,
            session.post(f"{door}/v1/track", json=event, headers={"Authorization": auth} if auth else {}) as response,
        ):
            told = (await response.text()).strip()
            if response.status != _ACCEPTED:
                raise OrchestratorError(f"{door} answered {response.status}: {told}")
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        message = f"{door}: {type(error).__name__}; is `orchestrator serve` running? name its address by --door"
        raise OrchestratorError(message) from error
