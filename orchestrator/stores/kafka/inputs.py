"""What stands in the inputs topic: events as others write them, those read already, what partitions tell each other, commands.

An event that was read already (at the HTTP door, at a bridge, by another partition) is never read again: its source and its
times are kept. What partitions tell each other has as key the raw id that it is for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from orchestrator.domain.identity import about_a_thing, raw_id
from orchestrator.domain.input import Activation, Control, Event, ProfileInput, Release
from orchestrator.domain.suppression import Heard, Listed, Reached, Texted, concerns_consents
from orchestrator.errors import RejectedEvent
from orchestrator.partition.engine import home_of
from orchestrator.partition.identities import Passed, housed
from orchestrator.partition.live import Arrival
from orchestrator.stores.kafka.limits import REJECTED_BYTES
from orchestrator.stores.kafka.records import Entry


class Sealed(msgspec.Struct, frozen=True, array_like=True):
    """An input that was read already; `at` is its time where it comes from."""

    given: ProfileInput | Release | Reached | Heard | Texted
    at: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Sealed).decode
_decode_command = msgspec.msgpack.Decoder(Activation | Control).decode
_MAPS = tuple(bytes([first]) for first in (*range(0x80, 0x90), 0xDE, 0xDF))
"""What a map of msgpack begins with. How long its head is follows from how many fields its type has, not how many are there."""
_PASSED = b"\x92"
"""What such a record begins with; the Segment shape is an object."""


def was_read(value: bytes | None) -> bool:
    """Whether this record holds what was read already."""
    return value is not None and value[:1] == _PASSED


def brought(key: bytes | None, value: bytes) -> Arrival | Passed:
    """What such a record brings; an event that was emitted is received at its time. Raises RejectedEvent."""
    try:
        found = _decode(value)
    except msgspec.MsgspecError as error:
        raise RejectedEvent(f"not a record of this engine: {error}; send the event as JSON") from None
    if isinstance(found.given, Event):
        event = found.given
        return Arrival(0, event if event.received_at else msgspec.structs.replace(event, received_at=found.at))
    return Passed((key or b"").decode("utf-8", "surrogatepass"), found.given, found.at)


def entry(passed: Passed) -> Entry:
    """The record of an input on its way to the partition of a raw id."""
    return passed.to.encode("utf-8", "surrogatepass"), _encode(Sealed(passed.given, passed.at))


def told(event: Event) -> Entry:
    """The record of an event about a thing, which every partition is told."""
    return entry(Passed(event.message_id, event, event.received_at))


def heard(entries: Iterable[Listed], partitions: int, at: int) -> list[tuple[int, Entry]]:
    """(partition, record) of each entry of the address list that consents may follow: to the home of its address."""
    return [_at_home(one.address, Heard(one), partitions, at) for one in entries if concerns_consents(one)]


def texted(address: bytes, event: Event, partitions: int) -> tuple[int, Entry]:
    """(partition, record) of what was written to us from an address."""
    return _at_home(address, Texted(address, event), partitions, event.received_at)


def _at_home(address: bytes, given: Heard | Texted, partitions: int, at: int) -> tuple[int, Entry]:
    name = housed(address)
    return home_of(name, partitions), entry(Passed(name, given, at))


def command(given: Activation | Control) -> Entry:
    """The record of an operator's command, as the journal will have it."""
    return b"operator", _encode(given)


def is_command(value: bytes | None) -> bool:
    """Whether this record holds one: a map of msgpack."""
    return value is not None and value[:1] in _MAPS


def commanded(value: bytes) -> Activation | Control:
    """The command of such a record. Raises RejectedEvent."""
    try:
        found: Activation | Control = _decode_command(value)
    except msgspec.MsgspecError as error:
        raise RejectedEvent(f"not a command of this engine: {error}; send the event as JSON") from None
    return found


def routed(event: Event, partitions: int) -> Iterable[tuple[int, Entry]]:
    """(partition, record) of an event that comes in: its customer's, or every one where it is about a thing."""
    if about_a_thing(event):
        one = told(event)
        return [(number, one) for number in range(partitions)]
    raw = raw_id(event)
    return [(home_of(raw, partitions), entry(Passed(raw, event, event.received_at)))]


def rejected(record: Any, rejection: RejectedEvent) -> Entry:
    """What is put aside of a record that is no event: where it stands, why, and how it begins."""
    place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    text = (record.value or b"")[:REJECTED_BYTES].decode(errors="replace")
    return record.key or b"-", msgspec.json.encode({**place, "reason": str(rejection), "event": text})
