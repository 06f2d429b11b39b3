"""Correlation keys and paths: where in an event a value stands."""

from __future__ import annotations

from typing import Any

from orchestrator.domain.input import Event
from orchestrator.domain.program import KeyPath, Program


def top_of(event: Event, member: str) -> Any:
    """A member of the event as authors write it: `properties`, `traits`, `context`, `userId`, …"""
    if member == "properties":
        return event.properties
    if member == "traits":
        return event.traits
    if member == "context":
        return event.context
    return {"userId": event.user_id, "anonymousId": event.anonymous_id, "messageId": event.message_id}.get(member)


def at_path(event: Event, path: tuple[str, ...]) -> Any:
    """The value at `path`, None where there is none."""
    if not path:
        return None
    value = top_of(event, path[0])
    for member in path[1:]:
        if not isinstance(value, dict):
            return None
        value = value.get(member)
    return value


def text_of(value: Any) -> str | None:
    """A key's value as text; None for what cannot be a key (null, lists, objects, truth values)."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _follow(value: Any, members: tuple[str, ...]) -> Any:
    for member in members:
        if not isinstance(value, dict):
            return None
        value = value.get(member)
    return value


def elements_of(event: Event, path: KeyPath) -> list[tuple[str, Any]]:
    """(key value, element) for each element of the array on the way; the event's properties where there is none."""
    if path.each is None:
        text = text_of(at_path(event, path.steps))
        return [] if text is None else [(text, event.properties)]
    array = at_path(event, path.steps[: path.each])
    found = []
    for element in array if isinstance(array, list) else ():
        text = text_of(_follow(element, path.steps[path.each :]))
        if text is not None:
            found.append((text, element))
    return found


def _values_of(event: Event, path: KeyPath) -> list[str]:
    """The distinct values of a key, in order."""
    if path.each is None:
        text = text_of(at_path(event, path.steps))
        return [] if text is None else [text]
    return list(dict.fromkeys(text for text, _ in elements_of(event, path)))


def key_values(program: Program, event: Event, key: str) -> list[str]:
    """The distinct values of that key in this event, in order; empty where it has none."""
    kind = program.events.get(event.name)
    path = kind.keys.get(key) if kind is not None else None
    return [] if path is None else _values_of(event, path)


def every_key(program: Program, event: Event) -> dict[str, list[str]]:
    """All keys that the catalogue declares for this event, with their values."""
    kind = program.events.get(event.name)
    if kind is None or not kind.keys:
        return {}
    return {key: values for key, path in kind.keys.items() if (values := _values_of(event, path))}
