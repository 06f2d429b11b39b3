"""The adapters that the conformance suite runs, one `ChannelCase` each.

A third party's adapter joins with its own case, in a pytest plugin; channels/ADDING_A_CHANNEL.md shows one. `http_provider`
serves any HTTP API: give it the answers of yours and a reader of its requests.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import aiohttp

from channels.file import FileChannel
from channels.sendgrid import SendGridChannel
from channels.smtp import SmtpChannel
from channels.twilio import TwilioChannel
from channels.webhook import WebhookChannel
from orchestrator.delivery.channel import Accepted, Answer, Channel, InDoubt, NotSent, Refused, RenderedMessage
from tests.conformance.channel_faults import Answers, Provider, Received, http_provider, smtp_provider

Expected = tuple[type[Answer], ...]

FAULTS: dict[str, Expected] = {
    "accept": (Accepted,),
    "refuse_connection": (NotSent,),
    "hang": (InDoubt,),
    "reset_at_once": (InDoubt, NotSent),
    "reset_after_request": (InDoubt,),
    "throttle": (NotSent,),
    "bad_request": (Refused,),
    "unauthorised": (Refused,),
    "server_error": (InDoubt,),
    "drip": (InDoubt,),
    "flood": (Accepted,),
}
"""What every provider over a network can do, and what an adapter may answer. A case says where its protocol differs."""


@dataclass(frozen=True)
class ChannelCase:
    """One adapter under test."""

    name: str
    make: Callable[[Mapping[str, Any], aiohttp.ClientSession], Channel]
    provider: Callable[[str, Path], AbstractAsyncContextManager[Provider]]
    """fault, an empty folder → the provider that behaves so."""
    channel: str = "email"
    recipient: str = "ada@example.com"
    sender: Mapping[str, str] = field(default_factory=lambda: {"from": "shop@example.org", "name": "The Shop"})
    network: bool = True
    """Runs through every fault of `FAULTS`."""
    http: bool = True
    """Uses the shared session."""
    differs: Mapping[str, Expected] = field(default_factory=dict)

    @property
    def faults(self) -> dict[str, Expected]:
        return {**(FAULTS if self.network else {}), **self.differs}


SENDGRID_ANSWERS: Answers = {
    "accept": (202, {"X-Message-Id": "abc.123"}, b""),
    "throttle": (429, {"Retry-After": "7"}, b'{"errors": [{"message": "too many requests"}]}'),
    "bad_request": (400, {}, b'{"errors": [{"message": "no", "field": "personalizations.0.to.0.email"}]}'),
    "unauthorised": (401, {}, b'{"errors": [{"message": "authorization required"}]}'),
    "server_error": (500, {}, b"<html>oops</html>"),
    "redirect": (307, {"Location": "http://127.0.0.1:9/elsewhere"}, b""),
}


def read_sendgrid(body: bytes) -> Received:
    told = json.loads(body)
    person = told["personalizations"][0]
    text = next((c["value"] for c in told.get("content", []) if c["type"] == "text/plain"), "")
    return Received(person["to"][0]["email"], text, told.get("subject", ""), person.get("headers", {}))


TWILIO_ANSWERS: Answers = {
    "accept": (201, {}, b'{"sid": "SM123", "status": "queued"}'),
    "throttle": (429, {"Retry-After": "7"}, b'{"code": 20429, "status": 429, "message": "Too Many Requests"}'),
    "bad_request": (400, {}, b'{"code": 21211, "status": 400, "message": "Invalid \'To\' +391"}'),
    "unauthorised": (401, {}, b'{"code": 20003, "status": 401, "message": "Authenticate"}'),
    "server_error": (503, {}, b'{"code": 20503}'),
    "redirect": (301, {"Location": "http://127.0.0.1:9/elsewhere"}, b""),
}


def read_twilio(body: bytes) -> Received:
    form = parse_qs(body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    return Received(form["To"][0], form["Body"][0])


WEBHOOK_ANSWERS: Answers = {
    "accept": (200, {}, b'{"code": "X-1"}'),
    "nothing": (204, {}, b""),
    "throttle": (429, {"Retry-After": "7"}, b""),
    "bad_request": (400, {}, b'{"told": "ada@example.com"}'),
    "unauthorised": (401, {}, b""),
    "timed_out": (408, {}, b""),
    "server_error": (503, {}, b""),
    "redirect": (307, {"Location": "http://127.0.0.1:9/elsewhere"}, b""),
    "no_object": (200, {}, b'["code"]'),
    "too_long": (200, {}, b'{"code": "' + b"x" * 4_096 + b'"}'),
}
HOOK = "https://hooks.example.org"


class _Hooked:
    """The webhook adapter, whose one public host stands on loopback here: in plain http, by its own setting."""

    def __init__(self, settings: Mapping[str, Any], session: aiohttp.ClientSession) -> None:
        given = {name: value for name, value in settings.items() if name != "base_url"}
        self._channel = WebhookChannel({**given, "allow_private": True}, session, self._looked_up)
        self._base_url = settings["base_url"]

    async def send(self, message: RenderedMessage) -> Answer:
        inside = message.to.startswith(f"{HOOK}/")
        return await self._channel.send(replace(message, to=message.to.replace(HOOK, self._base_url)) if inside else message)

    async def _looked_up(self, host: str, _port: int) -> list[str]:
        if host != "127.0.0.1":
            raise OSError
        return [host]


@asynccontextmanager
async def folder_provider(fault: str, folder: Path) -> AsyncIterator[Provider]:
    """A folder that can be written, or not."""
    if fault == "not_a_folder":
        (folder / "taken").write_text("")
        yield Provider({"folder": str(folder / "taken")})
        return
    provider = Provider({"folder": str(folder / "out"), "durable": fault == "accept"})
    yield provider
    for path in sorted((folder / "out").glob("*.jsonl")):
        for line in path.read_text().splitlines():
            told = json.loads(line)
            provider.received.append(Received(told["to"], told["body_text"], told["subject"], told["headers"]))
    provider.requests = len(provider.received)


CASES: list[ChannelCase] = [
    ChannelCase(
        "file",
        FileChannel,
        folder_provider,
        network=False,
        http=False,
        differs={"accept": (Accepted,), "not_a_folder": (Refused,)},
    ),
    ChannelCase(
        "sendgrid",
        SendGridChannel,
        lambda fault, _: http_provider(fault, {"api_key": "SG.a.b"}, SENDGRID_ANSWERS, read_sendgrid),
        differs={"redirect": (Refused,)},
    ),
    ChannelCase(
        "twilio",
        TwilioChannel,
        lambda fault, _: http_provider(fault, {"account_sid": "AC1", "auth_token": "t"}, TWILIO_ANSWERS, read_twilio),
        channel="sms",
        recipient="+393331234567",
        sender={"from": "+390212345"},
        differs={"redirect": (Refused,)},
    ),
    ChannelCase(
        "webhook",
        _Hooked,
        lambda fault, _: http_provider(
            fault, {}, WEBHOOK_ANSWERS, lambda body: Received(f"{HOOK}/codes?shop=1", body.decode())
        ),
        channel="webhook",
        recipient=f"{HOOK}/codes?shop=1",
        sender={"name": "codes"},
        differs={
            "nothing": (Accepted,),
            "flood": (Refused,),
            "timed_out": (InDoubt,),
            "redirect": (Refused,),
            "no_object": (Refused,),
            "too_long": (Refused,),
        },
    ),
    ChannelCase(
        "smtp",
        SmtpChannel,
        lambda fault, _: smtp_provider(fault),
        http=False,
        differs={
            "hang": (NotSent,),
            "drip": (NotSent,),
            "flood": (NotSent,),
            "reset_at_once": (NotSent,),
            "server_error": (NotSent,),
            "hang_after_request": (InDoubt,),
            "greylist": (NotSent,),
            "plain_550": (Refused,),
            "spam": (Refused,),
            "odd": (InDoubt,),
        },
    ),
]
