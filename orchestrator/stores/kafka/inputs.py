"""What stands in the inputs topic: events as other teams write them, and events that were read already.

An event that was read already (at the HTTP door, at a bridge, by another partition) is never read again: its source and its
times are kept.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from orchestrator.domain.identity import about_a_thing, raw_id
from orchestrator.domain.input import Event
from orchestrator.errors import RejectedEvent
from orchestrator.partition.engine import home_of
from orchestrator.stores.kafka.records import Entry


class Passed(msgspec.Struct, frozen=True, array_like=True):
    """An event that was read already; `at` is its time where it comes from."""

    event: Event
    at: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Passed).decode
_PASSED = b"\x92"
"""What such a record begins with; the Segment shape is an object."""


def was_read(value: bytes | None) -> bool:
    """Whether this record holds an event that was read already."""
    return value is not None and value[:1] == _PASSED


def passed(value: bytes) -> Event:
    """The event of such a record; one that was emitted is received at its time. Raises RejectedEvent."""
    try:
        found = _decode(value)
    except msgspec.MsgspecError as error:
        raise RejectedEvent(f"not a record of this engine: {error}; send the event as JSON") from None
    event: Event = found.event
    return event if event.received_at else msgspec.structs.replace(event, received_at=found.at)


def entry(raw: str, event: Event, at: int) -> Entry:
    """The record of an event on its way to the partition of a raw id."""
    return raw.encode("utf-8", "surrogatepass"), _encode(Passed(event, at))


def told(event: Event) -> Entry:
    """The record of an event about a thing, which every partition is told."""
    return entry(event.message_id, event, event.received_at)


def routed(event: Event, partitions: int) -> Iterable[tuple[int, Entry]]:
    """(partition, record) of an event that comes in: its customer's, or every one where it is about a thing."""
    if about_a_thing(event):
        one = told(event)
        return [(number, one) for number in range(partitions)]
    raw = raw_id(event)
    return [(home_of(raw, partitions), entry(raw, event, event.received_at))]
