"""What events must look like: the catalogue's schemas, compiled once, asked of every event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import jsonschema_rs

from orchestrator.domain.input import Event
from orchestrator.domain.program import EventType
from orchestrator.domain.receipts import SETTLED, WAYS
from orchestrator.errors import RejectedEvent, WorkspaceError
from orchestrator.intake.limits import OUTCOME_CHARS, REASON_MAX_CHARS, UNKNOWN_NAMES_KEPT

_TEXT = {"type": "string", "minLength": 1}
_CONSENT = {
    "type": "object",
    "required": ["topic"],
    "properties": {"topic": _TEXT, "channel": {"anyOf": [_TEXT, {"type": "null"}]}},
}
_DONE = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("task", "campaign", "step"), _TEXT),
        "outcome": {"type": "string", "maxLength": OUTCOME_CHARS},
    },
    "anyOf": [{"required": ["task"]}, {"required": ["campaign", "step"]}],
}
_SETTLED = {"type": "object", "required": ["message_id", "as"], "properties": {"message_id": _TEXT, "as": {"enum": list(WAYS)}}}
_SNOOZE = {
    "type": "object",
    "properties": {"days": {"type": "integer", "minimum": 0}, "until": {"type": "string", "format": "date-time"}},
    "anyOf": [{"required": ["days"]}, {"required": ["until"]}],
}
BUILT_IN: Mapping[str, Mapping[str, Any]] = {
    **dict.fromkeys(("Consent Given", "Consent Withdrawn", "Consent Confirmed"), _CONSENT),
    "Marketing Snoozed": _SNOOZE,
    "Task Done": _DONE,
    SETTLED: _SETTLED,
}
"""Schemas of the events that the engine itself reads; a workspace may ask for more, never for less."""

OTHERS = "(others)"
"""Where unknown names are counted once too many different ones came."""


class Catalogue:
    """The events of a program and the schemas of their properties (JSON Schema 2020-12, formats asserted).

    `things` are the events that happen to nobody. `unknown` counts accepted events that the catalogue does not list, by name.
    Raises WorkspaceError for a schema that does not compile; nothing is ever fetched.
    """

    def __init__(self, events: Mapping[str, EventType]) -> None:
        schemas = {name: event.schema for name, event in events.items()}
        self._validators = {name: _compiled(name, schemas.get(name)) for name in (*schemas, *BUILT_IN)}
        self.things = frozenset(name for name, event in events.items() if event.thing)
        self.unknown: Counter[str] = Counter()

    def validate(self, event: Event) -> None:
        """Do nothing where the event may pass; raise RejectedEvent with path and reason where it may not."""
        name = event.name
        if not name:
            return
        if name not in self._validators:
            self._note_unknown(name)
            return
        if name in self.things and (event.user_id is not None or event.anonymous_id is not None):
            raise RejectedEvent(
                f"$.userId: {name} is about a thing and goes to everyone concerned; send it without ids of a person"
            )
        validator = self._validators[name]
        if validator is not None and not validator.is_valid(event.properties):
            raise RejectedEvent(_reason(name, validator.iter_errors(event.properties)))

    def _note_unknown(self, name: str) -> None:
        listed = name in self.unknown or len(self.unknown) < UNKNOWN_NAMES_KEPT
        self.unknown[name if listed else OTHERS] += 1


def _compiled(name: str, schema: Mapping[str, Any] | None) -> jsonschema_rs.Draft202012Validator | None:
    built_in = BUILT_IN.get(name)
    if schema is None and built_in is None:
        return None
    whole = schema if built_in is None else built_in if schema is None else {"allOf": [built_in, schema]}
    try:
        return jsonschema_rs.Draft202012Validator(dict(whole or {}), validate_formats=True, mask="the value", offline=True)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        raise WorkspaceError(
            f"event {name!r}: its schema of properties does not compile: {str(error).splitlines()[0]}; mend the schema"
        ) from None


def _reason(name: str, errors: Iterable[jsonschema_rs.ValidationError]) -> str:
    error = next(iter(errors))
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path)
    return f"$.properties{where}: {error.message}"[:REASON_MAX_CHARS] + f"; see the schema of {name!r} in the catalogue"
