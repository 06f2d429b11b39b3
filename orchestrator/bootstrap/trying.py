"""A test of a message, to an address of one's own: by the configured channel, marked, and in nobody's record."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

import aiohttp

from orchestrator.bootstrap.edge import channel_of
from orchestrator.config import Settings
from orchestrator.delivery.channel import Accepted, Answer, InDoubt, NotSent, Refused, RenderedMessage, close
from orchestrator.errors import UsageError
from orchestrator.insight.preview.shown import Shown

MARK = "[Test] "
CAMPAIGN = "preview"
"""What a test is told to be of: no campaign."""


def send_test(settings: Settings, outbox: Path, message: Shown, to: str) -> dict[str, str]:
    """Send it once; what became of it. UsageError where the address is not one of the safe list, if there is one."""
    if not settings.reaches(to):
        raise UsageError(f"--to {to}: ORCHESTRATOR_SAFE_LIST does not name it, and nothing is sent to others")
    return _told(asyncio.run(_sent(settings, outbox, marked(message, to))))


def marked(message: Shown, to: str) -> RenderedMessage:
    """The message as a test: nobody who gets it can take it for a real one, nor a program for one of its own."""
    sms = message.channel == "sms"
    return RenderedMessage(
        message_id=secrets.token_hex(12),
        channel=message.channel,
        to=to,
        body_text=f"{MARK}{message.text}" if sms else message.text,
        campaign=CAMPAIGN,
        sender=message.sender,
        subject="" if sms else f"{MARK}{message.subject}",
        body_html=message.html,
        headers={} if sms else {"X-Orchestrator-Test": "true"},
    )


async def _sent(settings: Settings, outbox: Path, message: RenderedMessage) -> Answer:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        channel = channel_of(settings, outbox, session, {}, settings.adapters[message.channel])
        try:
            return await channel.send(message)
        finally:
            await close(channel)


def _told(answer: Answer) -> dict[str, str]:
    match answer:
        case Accepted(provider_id, _):
            return {"result": "accepted", "detail": provider_id or ""}
        case Refused(_, code, detail):
            return {"result": "refused", "detail": f"{code} {detail}".strip()}
        case NotSent(_, detail):
            return {"result": "not sent", "detail": detail}
        case InDoubt(detail):
            return {"result": "in doubt", "detail": detail}
