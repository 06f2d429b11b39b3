"""One event in the Segment shape → `Event`, or a reason that its emitter can act on."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping
from typing import Any

import msgspec

from orchestrator.domain.input import Event
from orchestrator.errors import RejectedEvent
from orchestrator.intake.identifiers import identifying
from orchestrator.intake.instants import instant
from orchestrator.intake.limits import (
    AHEAD_MAX_MS,
    EARLIEST_MS,
    EVENT_MAX_BYTES,
    EVENT_NAME_MAX_CHARS,
    ID_MAX_CHARS,
    LINE_MAX_BYTES,
    MESSAGE_ID_MAX_CHARS,
)
from orchestrator.intake.strict_json import kind_of, read_object

KINDS = frozenset({"track", "identify", "page", "screen", "group", "alias"})


def parse(
    raw: bytes | msgspec.Raw,
    *,
    received_at: int,
    source: str,
    sent_at: int | None = None,
    kind: str | None = None,
    context: Mapping[str, Any] | None = None,
    ordinal: str = "0",
    things: Container[str] = (),
) -> Event:
    """Give the event that a client sent and we received at `received_at`, its clock skew taken out.

    `sent_at` and `context` are the batch's; `things` are the events that happen to nobody. Raises RejectedEvent.
    """
    text = raw if type(raw) is bytes else bytes(raw)
    tree = read_event(text)
    event = normalise(
        tree,
        message_id(tree, text, ordinal),
        source,
        occurred_at=_occurred_at(tree, received_at, sent_at),
        received_at=received_at,
        original_at=_original_at(tree),
        kind=kind,
        context=context,
    )
    return _of_somebody(event, things)


def parse_line(
    raw: bytes,
    previous_arrival: int | None,
    *,
    source: str = "file",
    ordinal: str = "0",
    things: Container[str] = (),
) -> tuple[Event, int]:
    """Give a recorded event and its arrival: the later of the previous one and `receivedAt`, or else `timestamp`.

    It occurred at its `timestamp`; recorded times have no skew left in them. Raises RejectedEvent.
    """
    tree = read_event(raw, LINE_MAX_BYTES)
    received, occurred = tree.get("receivedAt"), tree.get("timestamp")
    if received is None and occurred is None:
        raise RejectedEvent("$.timestamp: missing, and so is receivedAt; a recorded event needs one of them")
    received_at = None if received is None else instant(received, "$.receivedAt")
    occurred_at = _recorded(tree, received_at) if occurred is None else instant(occurred, "$.timestamp")
    if received_at is None:
        received_at = occurred_at
    arrival = received_at if previous_arrival is None or received_at > previous_arrival else previous_arrival
    found = message_id(tree, raw, ordinal)
    event = normalise(tree, found, source, occurred_at=occurred_at, received_at=received_at)
    return _of_somebody(event, things), arrival


def read_event(raw: bytes, most: int = EVENT_MAX_BYTES) -> dict[str, Any]:
    """Read the JSON object of one event, within its bounds."""
    if len(raw) > most:
        raise RejectedEvent(f"an event has at most {most} bytes, got {len(raw)}; send less")
    return read_object(raw)


def normalise(
    tree: dict[str, Any],
    message_id: str,
    source: str,
    *,
    occurred_at: int,
    received_at: int,
    original_at: int | None = None,
    kind: str | None = None,
    context: Mapping[str, Any] | None = None,
) -> Event:
    """Give the event of an object in the Segment shape. Raises RejectedEvent."""
    get = tree.get
    kind = _kind(tree, kind)
    user_id = identifying(found, "$.userId") if (found := get("userId")) is not None else None
    anonymous_id = identifying(found, "$.anonymousId") if (found := get("anonymousId")) is not None else None
    own = _object(tree, "context")
    if context:
        own = {**context, **own}
    return Event(
        message_id=message_id,
        occurred_at=occurred_at,
        type=kind,
        name=_name(kind, get("event")),
        user_id=user_id,
        anonymous_id=anonymous_id,
        previous_id=identifying(found, "$.previousId") if (found := get("previousId")) is not None else None,
        group_id=_group_id(found) if (found := get("groupId")) is not None else None,
        received_at=received_at,
        original_at=original_at if original_at != occurred_at else None,
        source=source,
        properties=_object(tree, "properties"),
        traits=_traits(tree, kind, own),
        context=own,
    )


def _of_somebody(event: Event, things: Container[str]) -> Event:
    """The event, unless it names nobody and is not about a thing."""
    if event.user_id is None and event.anonymous_id is None and not (event.type == "track" and event.name in things):
        raise RejectedEvent("$.userId: nobody is identified; send a userId or an anonymousId (not null, 0, undefined, test, …)")
    return event


def _kind(tree: dict[str, Any], default: str | None) -> str:
    found = tree.get("type")
    if found is None:
        found = tree.get("action", default)  # what the first version of the API called it
    if type(found) is not str or found not in KINDS:
        said = "missing" if found is None else f"{found[:40]!r} is none" if isinstance(found, str) else f"got {kind_of(found)}"
        raise RejectedEvent(f"$.type: {said}; send one of {', '.join(sorted(KINDS))}")
    return found


def _name(kind: str, found: Any) -> str:
    if kind == "track":
        if type(found) is not str or not found.strip():
            said = "missing" if found is None else "empty" if isinstance(found, str) else f"got {kind_of(found)}"
            raise RejectedEvent(f"$.event: {said}; a track call needs the event's name")
    elif kind not in {"page", "screen"} or type(found) is not str:
        return ""
    if len(found) > EVENT_NAME_MAX_CHARS:
        raise RejectedEvent(f"$.event: a name has at most {EVENT_NAME_MAX_CHARS} characters, got {len(found)}; shorten it")
    return found


def message_id(tree: dict[str, Any], raw: bytes, ordinal: str) -> str:
    """Give the event's own messageId, or one derived from its text and `ordinal`, which tells equal texts apart."""
    found = tree.get("messageId")
    if type(found) is str and found:
        if len(found) > MESSAGE_ID_MAX_CHARS:
            bound = f"at most {MESSAGE_ID_MAX_CHARS} characters, got {len(found)}"
            raise RejectedEvent(f"$.messageId: {bound}; send a UUID")
        return found
    if found is None or found == "":
        return f"auto-{hashlib.sha256(raw + ordinal.encode()).hexdigest()[:24]}"
    raise RejectedEvent(f"$.messageId: expected a string, got {kind_of(found)}; send a UUID")


def _group_id(found: Any) -> str | None:
    if found == "":
        return None
    if type(found) is int:
        found = str(found)
    if type(found) is not str or len(found) > ID_MAX_CHARS:
        raise RejectedEvent(f"$.groupId: expected a string of at most {ID_MAX_CHARS} characters; send the group's id")
    return found


def _object(tree: dict[str, Any], member: str) -> dict[str, Any]:
    found = tree.get(member)
    if found is None:
        return {}
    if type(found) is not dict:
        raise RejectedEvent(f"$.{member}: expected an object, got {kind_of(found)}; send an object or leave it out")
    return found


def _traits(tree: dict[str, Any], kind: str, context: dict[str, Any]) -> dict[str, Any]:
    """Give the call's own traits, or else those of the person in its context; a group's are never a person's."""
    own = _object(tree, "traits")
    if own or kind == "group":
        return own
    return _object(context, "traits") if "traits" in context else own


def _original_at(tree: dict[str, Any]) -> int | None:
    """What the sender's clock said."""
    member = "timestamp" if tree.get("originalTimestamp") is None else "originalTimestamp"
    original = tree.get(member)
    return None if original is None else instant(original, f"$.{member}")


def _occurred_at(tree: dict[str, Any], received_at: int, sent_at: int | None) -> int:
    at = _original_at(tree)
    if at is None:
        return received_at
    sent = tree.get("sentAt")
    if sent is not None:
        sent_at = instant(sent, "$.sentAt")
    if sent_at is not None:
        at = received_at - (sent_at - at)
    return received_at if at > received_at + AHEAD_MAX_MS else max(at, EARLIEST_MS)


def _recorded(tree: dict[str, Any], received_at: int | None) -> int:
    """When a recorded event without a `timestamp` occurred."""
    original = tree.get("originalTimestamp")
    if original is None and received_at is not None:
        return received_at
    return instant(original, "$.originalTimestamp")
