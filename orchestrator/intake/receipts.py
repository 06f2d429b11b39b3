"""Where providers tell what became of messages, and pass on what people text us: `/v1/receipts/PROVIDER`.

What is not signed is not believed (403). 2xx means durable; whatever else, the provider comes again.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from orchestrator.domain.input import Event
from orchestrator.domain.receipts import TEXTED
from orchestrator.domain.suppression import Word, hashed
from orchestrator.errors import Overloaded, Unavailable
from orchestrator.intake.bodies import Bounds, Refused, read_bytes
from orchestrator.intake.limits import RECEIPTS_MAX_BYTES, TEXT_CHARS
from orchestrator.intake.listener import Called, Heard, Listener, Text, Told
from orchestrator.intake.replies import CHANNEL, Replies, Say
from orchestrator.metrics import RECEIPTS, Counts
from orchestrator.partition.identities import Addressed

Receive = Callable[[Sequence[Addressed]], Awaitable[None]]
"""Makes receipts durable. Raises Overloaded or Unavailable where it cannot now."""
Tell = Callable[[bytes, Event], Awaitable[None]]
"""Gives an event to the customer who was written to last at that address, if there is one."""
_AGAIN = {"retry-after": "5"}
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class ReceiptDoor:
    """What the pages need. `public_url` is where providers reach this door; `key` hashes addresses for the list."""

    listeners: Mapping[str, Listener]
    public_url: str
    receive: Receive
    say: Say
    key: Callable[[], bytes]
    replies: Replies
    tell: Tell
    now: Callable[[], int]
    counts: Counts = field(default_factory=Counts)


def receipt_routes(door: ReceiptDoor) -> list[Route]:
    """One page for each provider whose word can be told from others'."""
    ready = [name for name, listener in door.listeners.items() if listener.ready]
    return [Route(f"/v1/receipts/{name}", partial(_taken, door, name), methods=["POST"]) for name in ready]


async def _taken(door: ReceiptDoor, name: str, request: Request) -> Response:
    try:
        body = await read_bytes(request, Bounds(body_bytes=RECEIPTS_MAX_BYTES))
    except ClientDisconnect:
        return _said(400, "the body ended early")
    except Refused as refusal:
        return _said(refusal.status, refusal.message)
    called = Called(_url(door, request), {key.lower(): value for key, value in request.headers.items()}, body, door.now())
    if not door.listeners[name].signed(called):
        door.counts.add(RECEIPTS, 1, name, "unsigned")
        return _said(403, "the signature does not hold: see the keys in the settings, and ORCHESTRATOR_PUBLIC_URL")
    try:
        told = door.listeners[name].read(called)
    except ValueError as error:
        door.counts.add(RECEIPTS, 1, name, "broken")
        return _said(400, str(error))
    return await _kept(door, name, told)


def _url(door: ReceiptDoor, request: Request) -> str:
    """As the provider called it: what stands between may have changed scheme, host and port."""
    query = request.scope.get("query_string", b"").decode("latin-1")
    return f"{door.public_url}{request.url.path}{'?' if query else ''}{query}"


async def _kept(door: ReceiptDoor, name: str, told: Told) -> Response:
    try:
        await _list(door, name, told.heard)
        if told.heard:
            await door.receive([Addressed(one.home, one.key, one.receipt) for one in told.heard])
        replies = [await _text(door, name, text) for text in told.texts]
    except Overloaded as overload:
        return _said(429, str(overload), {"retry-after": str(overload.retry_after_s)})
    except Unavailable as unavailable:
        return _said(503, str(unavailable), _AGAIN)
    for outcome, number in (("heard", len(told.heard)), ("text", len(told.texts)), ("foreign", told.foreign)):
        door.counts.add(RECEIPTS, number, name, outcome)
    if told.broken:
        door.counts.add(RECEIPTS, told.broken, name, "broken")
        _log.warning("%s: %d receipts could not be read; the others were kept", name, told.broken)
    return _answered(replies) if told.texts else Response(status_code=200)


async def _list(door: ReceiptDoor, name: str, heard: Sequence[Heard]) -> None:
    """Addresses that nothing more is to be sent to, before the receipts: what these let go out finds them listed."""
    key = door.key()
    words = [
        Word(hashed(key, one.receipt.channel, one.to), one.receipt.channel, one.suppresses, "", one.receipt.occurred_at, name)
        for one in heard
        if key and one.suppresses and one.to
    ]
    if words:
        await door.say(words)


async def _text(door: ReceiptDoor, name: str, text: Text) -> str:
    """An SMS to us: an event of whoever has that number, and perhaps a wish for an end; gives what to say back."""
    now, body = door.now(), text.body[:TEXT_CHARS]
    reply = await door.replies.hear(text.sender, text.to, body, now, text.opt_out_type)
    if not door.key():
        return reply  # nobody is known by an address
    properties = {"text": body, "to": text.to}
    event = Event(f"{name} {text.provider_id}", now, name=TEXTED, source=name, received_at=now, properties=properties)
    await door.tell(hashed(door.key(), CHANNEL, text.sender), event)
    return reply


def _answered(replies: Sequence[str]) -> Response:
    """In TwiML, which is XML."""
    said = "".join(f"<Message>{escape(reply)}</Message>" for reply in replies if reply)
    return Response(f'<?xml version="1.0" encoding="UTF-8"?><Response>{said}</Response>', media_type="text/xml")


def _said(status: int, why: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(f"{why}\n", status, headers=dict(headers or {}), media_type="text/plain")
