"""What edge and engine say to each other: length-prefixed msgpack frames over a local socket."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from orchestrator.domain.input import Event, Outcome, Receipt
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.suppression import Word

_LENGTH_BYTES = 4


class Submitted(msgspec.Struct, frozen=True, tag_field="frame", tag="submitted"):
    """edge → engine: events and receipts to accept, together."""

    token: int
    events: list[Event]
    receipts: list[tuple[int, Receipt]] = []
    """With the keys of their profiles."""


class Answers(msgspec.Struct, frozen=True, tag_field="frame", tag="answers"):
    """edge → engine: (profile key, outcome) of attempts."""

    answers: list[tuple[int, Outcome]]


class Said(msgspec.Struct, frozen=True, tag_field="frame", tag="said"):
    """edge → engine: words about addresses, together."""

    token: int
    words: list[Word]
    texts: list[tuple[bytes, Event]] = []
    """What the customer at that address has written to us; the event names nobody yet."""


class Stop(msgspec.Struct, frozen=True, tag_field="frame", tag="stop"):
    """edge → engine: give no more leave and fire no more timers; the end is near."""


class Ready(msgspec.Struct, frozen=True, tag_field="frame", tag="ready"):
    """engine → edge: the store is open, the first decision may come."""

    program: str
    survey_key: bytes = b""
    """Signs the links of surveys, where the settings give no other; kept in the file."""
    address_key: bytes = b""
    """Hashes addresses for the list."""


class Durable(msgspec.Struct, frozen=True, tag_field="frame", tag="durable"):
    """engine → edge: the events or words of that token are on disk; of each, whether it was known already."""

    token: int
    duplicates: list[bool]


class Send(msgspec.Struct, frozen=True, tag_field="frame", tag="send"):
    """engine → edge: messages with leave to go."""

    messages: list[Outgoing]


class Stopped(msgspec.Struct, frozen=True, tag_field="frame", tag="stopped"):
    """engine → edge: every message that ever got leave has been sent to you."""


class Counted(msgspec.Struct, frozen=True, tag_field="frame", tag="counted"):
    """engine → edge: what it has counted since it began, for the page of metrics."""

    readings: list[tuple[str, float, dict[str, str]]]
    """(metric, value, labels)"""


class Failed(msgspec.Struct, frozen=True, tag_field="frame", tag="failed"):
    """engine → edge: it cannot start, and why, for a person to mend."""

    message: str


Frame = Submitted | Answers | Said | Stop | Ready | Durable | Send | Stopped | Counted | Failed

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Frame)


def packed(frame: Frame) -> bytes:
    """Encode one frame with its length before it."""
    body = _ENCODER.encode(frame)
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


class FrameReader:
    """Cuts a byte stream into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, received: bytes) -> Iterator[Frame]:
        """Give every frame that is complete now."""
        self._buffer += received
        start = 0
        while len(self._buffer) - start >= _LENGTH_BYTES:
            end = start + _LENGTH_BYTES + int.from_bytes(self._buffer[start : start + _LENGTH_BYTES], "big")
            if end > len(self._buffer):
                break
            yield _DECODER.decode(memoryview(self._buffer)[start + _LENGTH_BYTES : end])
            start = end
        del self._buffer[:start]
