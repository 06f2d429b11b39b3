"""Conditions as a schema: operators with what they mean, and the places that can be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.authoring.editing.names import Names
from rules.operators import OPERATORS

_MEANS = {
    "var": "The value at a place: `event.properties.total`; with a default: [place, default].",
    "if": "[condition, then, else].",
    "and": "All of these hold.",
    "or": "At least one of these holds.",
    "!": "This does not hold.",
    "==": "The two are equal.",
    "!=": "The two differ. An absent value differs from everything: give it a default.",
    "<": "The first is less.",
    "<=": "The first is at most the second. An absent value may count as 0: give it a default.",
    ">": "The first is more.",
    ">=": "The first is at least the second.",
    "in": "The first is one of the list.",
    "some": "At least one element of the list meets the condition.",
    "all": "The list has elements, and all meet the condition.",
    "none": "No element of the list meets the condition.",
    "missing": "Those of the places that are not there.",
    "before": "The first time is earlier.",
    "after": "The first time is later.",
    "days_between": "Days from one time to another.",
    "ago": "The time so long ago.",
    "contains": "The text has the other in it.",
    "starts_with": "The text starts with the other.",
    "ends_with": "The text ends with the other.",
    "any_of": "The list has at least one of these.",
    "all_of": "The list has all of these.",
    "count": "How many elements, or how many of these conditions hold.",
    "segment": "The customer is in the segment.",
    "lookup": "[table, key, column, default].",
}
_PROFILE = ("profile.segments", "profile.user_id")
_OTHERS = (
    "stage.current",
    "stage.previous",
    "stage.since",
    "stage.turns",
    "now",
    "enrolment.entered_at",
    "enrolment.key",
    "item",
)


def rule_schema(names: Names) -> dict[str, Any]:
    """A condition: one operator and its arguments."""
    return {
        "type": "object",
        "description": 'a condition such as {">=": [{var: profile.features.orders}, 1]}',
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {name: _operator(name, names) for name in OPERATORS},
        "additionalProperties": False,
    }


def argument_schema() -> dict[str, Any]:
    """What an operator may be given."""
    plain = {"type": ["string", "number", "boolean", "null"]}
    return {"anyOf": [{"$ref": "#/$defs/rule"}, plain, {"type": "array", "items": {"$ref": "#/$defs/argument"}}]}


def _operator(name: str, names: Names) -> dict[str, Any]:
    told = {"description": _MEANS[name]} if name in _MEANS else {}
    if name == "var":
        return told | _variable(names)
    if name == "segment" and "segment" not in names.open:
        return told | {"enum": list(names.known["segment"])}
    if name == "lookup":
        table = {"enum": list(names.known["table"])}
        return told | {"type": "array", "items": [table], "additionalItems": {"$ref": "#/$defs/argument"}}
    return told | {"$ref": "#/$defs/argument"}


def _variable(names: Names) -> dict[str, Any]:
    """The places are offered; any other text may be one inside of `some`, `map` and their like."""
    found = _places(names)
    place = {"anyOf": [{"enum": list(found), "enumDescriptions": list(found.values())}, {"type": "string"}]}
    with_default = {"type": "array", "items": [place], "additionalItems": {"$ref": "#/$defs/argument"}}
    return {"anyOf": [*place["anyOf"], with_default]}


def _places(names: Names) -> dict[str, str]:
    return {
        **{f"profile.features.{name}": told for name, told in names.features.items()},
        **{f"profile.traits.{name}": kind_of(schema) for name, schema in names.traits.items()},
        **dict(_properties(names)),
        **dict.fromkeys((*_PROFILE, *_OTHERS), ""),
    }


def _properties(names: Names) -> Iterator[tuple[str, str]]:
    """Of every event; which one is meant, only its campaign knows."""
    found: dict[str, list[str]] = {}
    for event, members in names.events.items():
        for name in members:
            found.setdefault(f"event.properties.{name}", []).append(event)
    return ((place, ", ".join(events)) for place, events in found.items())


def kind_of(schema: Any) -> str:
    """`text`, `number`, or its words."""
    if not isinstance(schema, Mapping):
        return ""
    if isinstance(schema.get("enum"), list):
        return " | ".join(map(str, schema["enum"]))
    kind = schema.get("type", "")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
