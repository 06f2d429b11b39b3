"""A shipped schema with everything that the workspace knows put in its place, whole in one file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from orchestrator.authoring.editing.names import Names
from orchestrator.authoring.editing.places import HOVER, PLACES
from orchestrator.authoring.editing.rules import argument_schema, kind_of, rule_schema
from orchestrator.authoring.schemas import schema_of
from orchestrator.authoring.scope import CHANNELS
from orchestrator.domain.measure import KINDS

Schema = dict[str, Any]
_PLAIN = ("type", "enum", "description", "minimum", "maximum", "minLength", "maxLength")
"""What of an event's property is put into other schemas: nothing that refers to somewhere."""


def build(kind: str, names: Names) -> Schema:
    """The schema of a kind of file, for editors that know JSON Schema draft 7."""
    building = _Building(names)
    root = building.made(schema_of(kind), kind, kind)
    return {"$schema": "http://json-schema.org/draft-07/schema#", **root, "$defs": building.definitions}


class _Building:
    def __init__(self, names: Names) -> None:
        self.names = names
        self.definitions: Schema = {"rule": rule_schema(names), "argument": argument_schema()}
        self._begun: set[str] = {"rule", "argument"}

    def made(self, schema: Schema, file: str, owner: str) -> Schema:
        """The schema as it stands in `file` under the setting `owner`, with its references led to this file's own."""
        if "$ref" in schema:
            return self._referred(schema, file)
        found = {word: deepcopy(value) for word, value in schema.items() if word not in _NESTED or isinstance(value, bool)}
        for word in ("items", "additionalProperties", "propertyNames"):
            if isinstance(schema.get(word), dict):
                found[word] = self.made(schema[word], file, owner)
        for word in ("oneOf", "anyOf"):
            if word in schema:
                found[word] = [self.made(way, file, owner) for way in schema[word]]
        more = _MORE.get(owner, {}) if schema.get("type") == "object" else {}
        members = {**schema.get("properties", {}), **more}
        if members:
            found["properties"] = {name: self._member(member, file, owner, name) for name, member in members.items()}
        return found | self._by_event(owner)

    def _referred(self, schema: Schema, file: str) -> Schema:
        target, _, pointer = schema["$ref"].partition("#")
        file = target.removesuffix(".schema.json") or file
        name = pointer.rpartition("/")[2]
        key = name if file == "words" else f"{file}-{name}"
        if key not in self._begun:
            self._begun.add(key)
            source: Any = schema_of(file)
            for member in pointer.strip("/").split("/"):
                source = source[member]
            self.definitions[key] = self.made(source, file, name)
        return {**{word: value for word, value in schema.items() if word != "$ref"}, "$ref": f"#/$defs/{key}"}

    def _member(self, schema: Schema, file: str, owner: str, name: str) -> Schema:
        kind = PLACES.get((owner, name))
        found = self.made(schema, file, _owner(owner, name))
        if kind is not None:
            found = self._named(kind, schema)
        elif (owner, name) in _FILLED:
            found = {**found, **_FILLED[owner, name](self.names)}
        hover = HOVER.get((owner, name))
        return found if hover is None else {"description": hover, **{k: v for k, v in found.items() if k != "description"}}

    def _named(self, kind: str, schema: Schema) -> Schema:
        """One name, or a list of names, of that kind; any text where a file that defines some could not be read."""
        one: Schema = {"type": "string", "enum": list(self.names.known[kind])}
        if kind in self.names.open or not one["enum"]:
            one = {"anyOf": [one, {"type": "string"}]} if one["enum"] else {"type": "string"}
        if schema.get("type") == "array":
            return {"type": "array", "items": one}
        if kind == "persona":
            return {"anyOf": [one, self.made({"$ref": "persona.schema.json#/$defs/sample"}, "persona", "sample")]}
        return {"anyOf": [one, {"type": "array", "items": one}]} if schema.get("$ref", "").endswith("/words") else one

    def _by_event(self, owner: str) -> Schema:
        """Where an event's properties are given: those of the event that is named beside them."""
        if owner == "measured":
            return {"allOf": [*self._measured_event(), *self._measured_table()]}
        if owner not in ("emit", "given"):
            return {}
        return {
            "allOf": [
                {
                    "if": {"properties": {"event": {"const": event}}, "required": ["event"]},
                    "then": {
                        "properties": {"properties": {"properties": {name: _plain(one) for name, one in members.items()}}}
                    },
                }
                for event, members in self.names.events.items()
            ]
        }

    def _measured_event(self) -> list[Schema]:
        """What a measure can say of the event that it looks at: values of its properties, any of them."""
        return [
            _beside("of", event, {word: {"properties": {name: {} for name in members}} for word in _TESTS}
                    | {"value": {"anyOf": [{"enum": [f"properties.{name}" for name in members]}, _TEXT]}})
            for event, members in self.names.events.items() if members
        ]  # fmt: skip

    def _measured_table(self) -> list[Schema]:
        """Columns of the table that a measure names."""
        return [
            _beside("table", table, {"column": {"enum": list(columns)}})
            for table, columns in self.names.columns.items()
            if columns
        ]


def _beside(word: str, name: str, settings: Schema) -> Schema:
    """What settings may be where that word stands with that name."""
    return {"if": {"properties": {word: {"const": name}}, "required": [word]}, "then": {"properties": settings}}


def _owner(owner: str, name: str) -> str:
    """Who is asked about the settings inside of this one."""
    if owner == "measure" and name in KINDS:
        return "moves" if name == "moves" else "measured"
    if owner == "measured" and name in _TESTS:
        return "properties"
    return name if name in _OWNERS else owner


_TESTS = ("where", "that", "less")
"""Settings of a measure in which the names are those of properties."""
_NESTED = ("$defs", "$schema", "$id", "items", "additionalProperties", "propertyNames", "oneOf", "anyOf", "properties")
_OWNERS = (
    "emit",
    "task",
    "webhook",
    "caps",
    "holds",
    "expires",
    "features",
    "transitions",
    "given",
    "expect",
    "sends",
    "suppressed",
    "quiet",
)
"""Settings whose own settings are known by their name."""
_TEXT: Schema = {"type": "string"}
_MORE: dict[str, Schema] = {
    "sends": dict.fromkeys(("campaign", "template", "channel", "at"), _TEXT),
    "suppressed": dict.fromkeys(("campaign", "reason"), _TEXT),
    "quiet": {channel: {"type": "string"} for channel in CHANNELS},
}


def _plain(schema: Any) -> Schema:
    found = {word: value for word, value in schema.items() if word in _PLAIN} if isinstance(schema, Mapping) else {}
    return found if "description" in found else {"description": kind_of(found), **found}


def _traits(names: Names) -> Schema:
    return {"properties": {name: _plain(schema) for name, schema in names.traits.items()}}


def _set(names: Names) -> Schema:
    plain = {f"traits.{name}": {"description": kind_of(schema)} for name, schema in names.traits.items()}
    return {"properties": plain}


_FILLED: dict[tuple[str, str], Callable[[Names], Schema]] = {
    ("sample", "traits"): _traits,
    ("sample", "features"): lambda names: {
        "properties": {name: {"description": told} for name, told in names.features.items()}
    },
    ("sample", "consent"): lambda names: {"properties": {topic: _channels(names) for topic in names.known["topic"]}},
    ("verb", "set"): _set,
    ("send", "with"): lambda names: {"properties": {name: {} for name in names.known["input"]}},
}
"""(what holds the setting, the setting) → the settings in it that the workspace knows"""


def _channels(names: Names) -> Schema:
    return {"type": "array", "items": {"type": "string", "enum": list(names.known["channel"])}}
