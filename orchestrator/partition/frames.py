"""What edge and engine say to each other: length-prefixed msgpack frames over a local socket."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from orchestrator.domain.input import Control, Event, Outcome
from orchestrator.domain.outgoing import Outgoing

_LENGTH_BYTES = 4


class Submitted(msgspec.Struct, frozen=True, tag_field="frame", tag="submitted"):
    """edge → engine: events to accept, together."""

    token: int
    events: list[Event]


class Answers(msgspec.Struct, frozen=True, tag_field="frame", tag="answers"):
    """edge → engine: (profile key, outcome) of attempts."""

    answers: list[tuple[int, Outcome]]


class Switched(msgspec.Struct, frozen=True, tag_field="frame", tag="switched"):
    """edge → engine: an operator's switch."""

    control: Control


class Stop(msgspec.Struct, frozen=True, tag_field="frame", tag="stop"):
    """edge → engine: give no more leave and fire no more timers; the end is near."""


class Ready(msgspec.Struct, frozen=True, tag_field="frame", tag="ready"):
    """engine → edge: the store is open, the first decision may come."""

    program: str
    survey_key: bytes = b""
    """Signs the links of surveys, where the settings give no other; kept in the file."""


class Durable(msgspec.Struct, frozen=True, tag_field="frame", tag="durable"):
    """engine → edge: the events of that token are on disk; of each, whether it was a duplicate."""

    token: int
    duplicates: list[bool]


class Send(msgspec.Struct, frozen=True, tag_field="frame", tag="send"):
    """engine → edge: messages with leave to go."""

    messages: list[Outgoing]


class Stopped(msgspec.Struct, frozen=True, tag_field="frame", tag="stopped"):
    """engine → edge: every message that ever got leave has been sent to you."""


class Failed(msgspec.Struct, frozen=True, tag_field="frame", tag="failed"):
    """engine → edge: it cannot start, and why, for a person to mend."""

    message: str


Frame = Submitted | Answers | Switched | Stop | Ready | Durable | Send | Stopped | Failed

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
