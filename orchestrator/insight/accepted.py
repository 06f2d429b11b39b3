"""Accepted events as they were, from the journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import msgspec

from orchestrator.domain.calendar import iso
from orchestrator.domain.input import Broadcast, Event, PartitionInput, ProfileInput
from orchestrator.partition.partition import PARTITION_KEY
from orchestrator.partition.ports import JournalRow

given_of = msgspec.msgpack.Decoder(ProfileInput).decode
"""A journal row's input."""

given_of_partition = msgspec.msgpack.Decoder(PartitionInput).decode
"""The input of a row that concerns a whole partition."""


class Journal(Protocol):
    def key_of(self, raw: str) -> int | None: ...

    def journal(self) -> Iterable[JournalRow]: ...

    def history(self, key: int) -> list[JournalRow]: ...


def accepted_events(reader: Journal, profile: str | None = None) -> Iterator[Event]:
    """Every accepted event in order, or one profile's; what the engine emitted itself is not among them."""
    rows: Iterable[JournalRow] = reader.journal()
    if profile is not None:
        keys = [key for raw in (f"u:{profile}", f"a:{profile}") if (key := reader.key_of(raw)) is not None]
        rows = reader.history(keys[0]) if keys else ()
    for row in rows:
        if row.key == PARTITION_KEY:
            around = given_of_partition(row.given)
            given = around.event if isinstance(around, Broadcast) else None
        else:
            given = given_of(row.given)
        if isinstance(given, Event) and given.depth == 0:
            yield given


def segment_shape(event: Event) -> dict[str, Any]:
    """The event in the normalised Segment shape; what it does not have is left out."""
    found = {
        "type": event.type,
        "event": event.name or None,
        "messageId": event.message_id,
        "userId": event.user_id,
        "anonymousId": event.anonymous_id,
        "previousId": event.previous_id,
        "groupId": event.group_id,
        "timestamp": iso(event.occurred_at),
        "originalTimestamp": iso(event.original_at if event.original_at is not None else event.occurred_at),
        "receivedAt": iso(event.received_at),
        "properties": event.properties,
        "traits": event.traits,
        "context": event.context,
    }
    return {name: value for name, value in found.items() if value is not None}
