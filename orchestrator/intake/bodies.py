"""A request's bytes → the events in it, each still as its emitter wrote it."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
from starlette.requests import Request

from orchestrator.errors import RejectedEvent
from orchestrator.intake.instants import instant
from orchestrator.intake.limits import BATCH_CONTEXT_MAX_BYTES, BATCH_MAX_EVENTS, BODY_MAX_BYTES, EVENT_MAX_BYTES
from orchestrator.intake.strict_json import read_object

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 31


class Refused(Exception):  # noqa: N818 - an answer, not a fault of ours
    """A request that is answered with `status` and `{code, message}`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Bounds(msgspec.Struct, frozen=True):
    body_bytes: int = BODY_MAX_BYTES
    batch_events: int = BATCH_MAX_EVENTS


class Body(msgspec.Struct, frozen=True):
    """What one request brings. `sent_at` and `context` are defaults for its events; `write_key` is as sent."""

    events: tuple[bytes, ...]
    write_key: str | None = None
    sent_at: int | None = None
    context: dict[str, Any] | None = None
    posthog: bool = False


class _Batch(msgspec.Struct):
    batch: list[msgspec.Raw]
    sent_at: Any = msgspec.field(default=None, name="sentAt")
    posthog_sent_at: Any = msgspec.field(default=None, name="sent_at")
    write_key: Any = msgspec.field(default=None, name="writeKey")
    api_key: Any = None
    context: msgspec.Raw = msgspec.Raw(b"null")


class _Single(msgspec.Struct):
    write_key: Any = msgspec.field(default=None, name="writeKey")


_BATCHES = msgspec.json.Decoder(_Batch)
_SINGLES = msgspec.json.Decoder(_Single)


async def read_bytes(request: Request, bounds: Bounds) -> bytes:
    """Read a body, unpacked where it is gzip, never more than `bounds` allow. Raises Refused."""
    packed = bytearray()
    async for chunk in request.stream():
        packed += chunk
        if len(packed) > bounds.body_bytes:
            raise _too_large(bounds)
    return inflated(bytes(packed), bounds) if packed.startswith(_GZIP_MAGIC) else bytes(packed)


def inflated(packed: bytes, bounds: Bounds) -> bytes:
    """Unpack gzip, stopping at the bound. Raises Refused."""
    stream = zlib.decompressobj(_GZIP_WINDOW)
    try:
        plain = stream.decompress(packed, bounds.body_bytes + 1)
    except zlib.error as error:
        raise Refused(400, "invalid_encoding", f"the body is not valid gzip: {error}; pack it again") from None
    if len(plain) > bounds.body_bytes:
        raise _too_large(bounds)
    if not stream.eof or stream.unused_data:
        raise Refused(400, "invalid_encoding", "the gzip body is cut short or has more behind its end; pack it again")
    return plain


def batch(raw: bytes, bounds: Bounds) -> Body:
    """Read `{"batch": [event, …]}`. Raises Refused for what makes the whole of it unreadable."""
    try:
        found = _BATCHES.decode(raw)
        context = _context(bytes(found.context))
    except (ValueError, RecursionError, RejectedEvent) as error:
        raise _not_json(error) from None
    if len(found.batch) > bounds.batch_events:
        told = f"a batch has at most {bounds.batch_events} events, got {len(found.batch)}; send several batches"
        raise Refused(400, "payload_too_large", told)
    return Body(
        events=tuple(bytes(event) for event in found.batch),
        write_key=_text(found.write_key) or _text(found.api_key),
        sent_at=_sent_at(found.posthog_sent_at if found.sent_at is None else found.sent_at),
        context=context,
        posthog=found.api_key is not None and found.write_key is None,
    )


def single(raw: bytes) -> Body:
    """Read a body that is one event. Raises Refused."""
    try:
        found = _SINGLES.decode(raw)
    except (ValueError, RecursionError) as error:
        raise _not_json(error) from None
    if len(raw) > EVENT_MAX_BYTES:
        raise Refused(400, "payload_too_large", f"an event has at most {EVENT_MAX_BYTES} bytes, got {len(raw)}; send less")
    return Body(events=(raw,), write_key=_text(found.write_key))


def _context(raw: bytes) -> dict[str, Any] | None:
    if raw.strip() == b"null":
        return None
    if len(raw) > BATCH_CONTEXT_MAX_BYTES:
        raise RejectedEvent(f"$.context: at most {BATCH_CONTEXT_MAX_BYTES} bytes for a whole batch; send it with the events")
    return read_object(raw)


def _text(found: Any) -> str | None:
    return found if isinstance(found, str) else None


def _sent_at(found: Any) -> int | None:
    """When the client sent the batch, or None: without it the events' own times are trusted."""
    try:
        return None if found is None else instant(found, "$.sentAt")
    except RejectedEvent:
        return None


def _not_json(error: Exception) -> Refused:
    told = "nested too deep" if isinstance(error, RecursionError) else str(error)
    return Refused(400, "invalid_json", f"the body cannot be read: {told}; send one JSON object")


def _too_large(bounds: Bounds) -> Refused:
    return Refused(
        400, "payload_too_large", f"a body has at most {bounds.body_bytes} bytes, unpacked too; send smaller batches"
    )
