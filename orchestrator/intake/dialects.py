"""Other ways of writing an event → the Segment shape. Each reads one event's bytes and gives bytes for `segment.parse`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from orchestrator.errors import RejectedEvent
from orchestrator.intake.segment import read_event

_POSTHOG_KINDS = {
    "$identify": "identify",
    "$set": "identify",
    "$create_alias": "alias",
    "$groupidentify": "group",
    "$pageview": "page",
    "$screen": "screen",
}
_CLOUD_EVENTS_VERSION = "1."


def from_posthog(raw: bytes) -> bytes:
    """Give a PostHog event in the Segment shape; its `distinct_id` is a user unless it says that it is not."""
    tree = read_event(raw)
    properties = tree.get("properties") or {}
    if not isinstance(properties, dict):
        raise RejectedEvent("$.properties: expected an object; send an object or leave it out")
    kind = _POSTHOG_KINDS.get(str(tree.get("event")), "track")
    known = properties.get("$is_identified") is not False
    shape = {
        "type": kind,
        "event": tree.get("event") if kind == "track" else None,
        "messageId": tree.get("uuid"),
        "userId": tree.get("distinct_id") if known else None,
        "anonymousId": properties.get("$anon_distinct_id") if known else tree.get("distinct_id"),
        "previousId": properties.get("alias") if kind == "alias" else None,
        "groupId": properties.get("$group_key") if kind == "group" else None,
        "timestamp": tree.get("timestamp"),
        "properties": {name: value for name, value in properties.items() if not name.startswith("$")},
        "traits": _posthog_traits(tree, properties, kind),
    }
    return msgspec.json.encode(shape)


def _posthog_traits(tree: dict[str, Any], properties: dict[str, Any], kind: str) -> Any:
    if kind == "group":
        return properties.get("$group_set")
    return tree.get("$set") or properties.get("$set") if kind == "identify" else None


def from_cloud_event(raw: bytes) -> bytes:
    """Give a structured CloudEvent in the Segment shape: its `type` is the event, its `subject` the user."""
    tree = read_event(raw)
    attributes = {name: value for name, value in tree.items() if name != "data"}
    if "data_base64" in attributes:
        raise RejectedEvent("$.data_base64: only JSON is read; send `data`")
    return _from_attributes(attributes, tree.get("data"))


def from_binary_cloud_event(raw: bytes, headers: Mapping[str, str]) -> bytes:
    """Give a CloudEvent, whose attributes are `ce-` headers, in the Segment shape."""
    attributes = {name.lower()[3:]: value for name, value in headers.items() if name.lower().startswith("ce-")}
    return _from_attributes(attributes, read_event(raw) if raw.strip() else None)


def _from_attributes(attributes: Mapping[str, Any], properties: Any) -> bytes:
    version = attributes.get("specversion")
    if not isinstance(version, str) or not version.startswith(_CLOUD_EVENTS_VERSION):
        raise RejectedEvent("$.specversion: expected 1.0; send CloudEvents 1.0")
    shape = {
        "type": "track",
        "event": attributes.get("type"),
        "messageId": attributes.get("id"),
        "userId": attributes.get("subject", attributes.get("userid")),
        "anonymousId": attributes.get("anonymousid"),
        "timestamp": attributes.get("time"),
        "properties": properties,
        "context": {"cloudevents": {"source": attributes.get("source")}},
    }
    return msgspec.json.encode(shape)
