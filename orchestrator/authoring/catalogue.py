"""The catalogue of events: schemas, correlation keys and samples."""

from __future__ import annotations

from typing import Any

from orchestrator.authoring.document import Spot
from orchestrator.authoring.finding import did_you_mean
from orchestrator.authoring.reading import local, missing_in
from orchestrator.authoring.schemata import check_sample, validator_of
from orchestrator.authoring.scope import Scope
from orchestrator.authoring.typed import never_null
from orchestrator.domain.program import EventType, KeyPath
from orchestrator.domain.receipts import EVENTS, SETTLED, TEXTED, WAYS

_CONSENT: dict[str, Any] = {
    "type": "object",
    "required": ["topic"],
    "properties": {"topic": {"type": "string"}, "channel": {"type": "string"}},
}
_SNOOZE: dict[str, Any] = {
    "type": "object",
    "properties": {"days": {"type": "integer"}, "until": {"type": "string", "format": "date-time"}},
}
_DONE: dict[str, Any] = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("task", "campaign", "step", "outcome")},
}
_TEXTS = ("message_id", "campaign", "step", "template", "channel", "reason", "code", "url")
_RECEIPT: dict[str, Any] = {
    "type": "object",
    "required": ["message_id"],
    "properties": {**{name: {"type": "string"} for name in _TEXTS}, "machine": {"type": "boolean"}},
}
_TEXTED: dict[str, Any] = {
    "type": "object",
    "required": ["text", "to"],
    "properties": {"text": {"type": "string"}, "to": {"type": "string"}},
}
_SETTLED: dict[str, Any] = {
    "type": "object",
    "required": ["message_id", "as"],
    "properties": {"message_id": {"type": "string"}, "as": {"enum": list(WAYS)}},
}
BUILT_IN = {
    **{name: EventType(name, {}, _CONSENT) for name in ("Consent Given", "Consent Withdrawn", "Consent Confirmed")},
    "Marketing Snoozed": EventType("Marketing Snoozed", {}, _SNOOZE),
    "Task Done": EventType("Task Done", {}, _DONE),
    **{name: EventType(name, {}, _RECEIPT, frozenset({"message_id"})) for name in EVENTS},
    TEXTED: EventType(TEXTED, {}, _TEXTED, frozenset({"text", "to"})),
    SETTLED: EventType(SETTLED, {}, _SETTLED, frozenset({"message_id", "as"})),
}
"""Events that mean something to the engine itself."""


def read_events(scope: Scope) -> None:
    """Fill `events` from `events/*.yaml` and the built-in ones."""
    for document in scope.files.documents.get("events", ()):
        spot = document.root
        name = spot.text_of("event")
        if name is None:
            scope.files.unreadable.add("events")
        elif name in scope.events:
            scope.report.add("E313", spot.at("event").place, f"another file declares `{name}` too", "keep one of them")
        else:
            scope.events[name] = _event(name, spot, scope)
    for name, kind in BUILT_IN.items():
        scope.events.setdefault(name, kind)


def _event(name: str, spot: Spot, scope: Scope) -> EventType:
    properties = spot.get("properties")
    schema = properties.value if properties is not None and isinstance(properties.value, dict) else None
    sample = spot.get("sample")
    if schema is not None and properties is not None:
        validator = scope.validators[name] = validator_of(properties, scope.report)
        schema = schema if validator is not None else None
        if sample is not None and isinstance(sample.value, dict):
            check_sample(sample, validator, "the sample", scope.report)
    keys = spot.get("keys")
    paths: dict[str, KeyPath] = {}
    for key, place in keys.members() if keys is not None else ():
        found = _key(place, schema, name, scope)
        if found is None:
            scope.vague.add(name)
        else:
            paths[key] = found
    if keys is not None and not isinstance(keys.value, dict):
        scope.vague.add(name)
    required = frozenset(name for name, always in never_null(schema).items() if always)
    return EventType(name, paths, schema, required)


def _key(spot: Spot, schema: dict[str, Any] | None, event: str, scope: Scope) -> KeyPath | None:
    """`properties.products[].product_id`; one array at most lies on the way."""
    text = spot.text
    if not text or text.count("[]") > 1 or text.endswith("[]"):
        if text:
            scope.report.add(
                "E204", spot.place, f"`{text}` goes through more than one list, or ends in one", "name one member of one list"
            )
        return None
    parts = text.split(".")
    each = next((index + 1 for index, part in enumerate(parts) if part.endswith("[]")), None)
    steps = tuple(part.removesuffix("[]") for part in parts)
    missing = _missing(schema, steps, each) if steps[0] == "properties" else None
    if missing is not None:
        scope.report.add("E306", spot.place, f"{event} has no property `{missing[0]}`", did_you_mean(*missing))
    return KeyPath(steps, each)


def _missing(schema: Any, steps: tuple[str, ...], each: int | None) -> tuple[str, list[str]] | None:
    if schema is None:
        return None
    names = list(steps[1:])
    if each is not None:
        names.insert(each - 1, "0")
    return missing_in(schema, names)


def item_schema(kind: EventType, key: str) -> dict[str, Any]:
    """The schema of one element of the array that `each: KEY` goes through; empty where the event's schema does not say."""
    path = kind.keys.get(key)
    if path is None or path.each is None or kind.schema is None:
        return {}
    schema: Any = kind.schema
    for name in path.steps[1 : path.each]:
        listed = local(kind.schema, schema)
        schema = listed.get("properties", {}).get(name) if isinstance(listed, dict) else None
    schema = local(kind.schema, schema)
    found = schema.get("items") if isinstance(schema, dict) else None
    found = local(kind.schema, found)
    return found if isinstance(found, dict) else {}
