"""The shape of an authored file against its JSON Schema, in plain words and at the place to change.

Reads the part of JSON Schema that our own schemas use: type, properties, required, additionalProperties, propertyNames,
items, enum, const, pattern, bounds of numbers, texts and counts, `$ref`, and `oneOf` over kinds of value or over required
keys. A schema's `description` is how a value of it is called ("a duration such as 2d").
"""

from __future__ import annotations

import json
import re
from typing import Any

from orchestrator.authoring.document import Spot
from orchestrator.authoring.finding import Report, did_you_mean
from orchestrator.authoring.habits import meant_by
from orchestrator.authoring.limits import INTEGER
from orchestrator.authoring.mending import instead_of
from orchestrator.authoring.schemas import resolved, schema_of

_KINDS = {
    "object": "a group of settings",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


_YAML = {
    "<<": "YAML 1.2 merges nothing: write the settings out, or mark a whole value with `&NAME` and repeat it with `*NAME`",
    "true": "was this `on`, written anew by a program that reads YAML 1.1? write `on`",
    "yes": "write a setting's name: `yes` is a text here, as any other",
}
"""Keys that come of what other readers of YAML do."""


def check_shape(spot: Spot, schema_name: str, report: Report) -> None:
    """Report every place at which the value differs from `rules/schema/SCHEMA_NAME.schema.json`."""
    _Shape(report).check(spot, schema_of(schema_name), schema_name)


def kind_of(value: Any) -> str:
    """The JSON type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    for kind, types in (("object", dict), ("array", list), ("string", str), ("integer", int)):
        if isinstance(value, types):
            return kind
    return "number"


def shown(value: Any) -> str:
    """A value as a message quotes it, short."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{text if len(text) <= 40 else text[:37] + '...'}`"  # noqa: PLR2004 - one line of a terminal


class _Shape:
    def __init__(self, report: Report) -> None:
        self.report = report

    def check(self, spot: Spot, schema: dict[str, Any], name: str) -> None:
        schema, name = resolved(schema, name)
        if "oneOf" in schema and "type" not in schema:
            schema, name = self.chosen(spot, schema, name)
        if not self.kind_fits(spot, schema) or not self.scalar_fits(spot, schema):
            return
        if isinstance(spot.value, dict):
            self.members(spot, schema, name)
        for element in spot.elements() if "items" in schema else ():
            self.check(element, schema["items"], name)

    def chosen(self, spot: Spot, schema: dict[str, Any], name: str) -> tuple[dict[str, Any], str]:
        """The alternative of `oneOf` for this kind of value; one that refuses everything if there is none."""
        ways = [resolved(way, name) for way in schema["oneOf"]]
        kind = kind_of(spot.value)
        fitting = [way for way in ways if _admits(way[0], kind, spot.value)]
        if fitting:
            return fitting[0]
        words = list(dict.fromkeys(_called(way) for way, _ in ways))
        constants = [value for way, _ in ways for value in (way.get("enum") or [way.get("const")]) if isinstance(value, str)]
        return {
            "type": "none of these",
            "description": schema.get("description") or " or ".join(words),
            "enum": constants,
        }, name

    def kind_fits(self, spot: Spot, schema: dict[str, Any]) -> bool:
        allowed = schema.get("type")
        kinds = [allowed] if isinstance(allowed, str) else allowed
        kind = kind_of(spot.value)
        if kinds is None or kind in kinds or (kind == "integer" and "number" in kinds):
            return True
        if spot.value is None and not spot.path:
            self.report.add("E203", spot.place, "the file is empty", "write it, or remove it")
            return False
        got = "nothing" if spot.value is None else _KINDS[kind] if kind in ("object", "array") else shown(spot.value)
        fix = did_you_mean(str(spot.value), schema.get("enum", ())) if kind == "string" else ""
        fix = fix if fix.startswith("did") else instead_of(spot.value, schema, spot.path[-1] if spot.path else "") or fix
        place = spot.key_place if spot.value is None and spot.path else spot.place
        self.report.add("E203", place, f"{_subject(spot)} must be {_called(schema)}, not {got}", fix)
        return False

    def scalar_fits(self, spot: Spot, schema: dict[str, Any]) -> bool:
        value, words = spot.value, [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else [])]
        if words and value not in words:
            listed = ", ".join(f"`{word}`" for word in words)
            fix = did_you_mean(str(value), [str(word) for word in words]) or f"write one of {listed}"
            self.report.add("E204", spot.place, f"{_subject(spot)} must be one of {listed}, not {shown(value)}", fix)
            return False
        problem = _malformed(value, schema)
        if problem:
            self.report.add("E204", spot.place, f"{_subject(spot)}: {problem}", instead_of(value, schema))
        return not problem

    def members(self, spot: Spot, schema: dict[str, Any], name: str) -> None:
        known = schema.get("properties", {})
        other = schema.get("additionalProperties", True)
        meant: set[str] = set()
        for member, value in spot.members():
            if member in known:
                self.check(value, known[member], name)
            elif other is False:
                meant.update(self.unknown(spot, value, member, known))
            else:
                self.member_name(value, schema)
                if isinstance(other, dict):
                    self.check(value, other, name)
        self.counts(spot, schema, meant)

    def unknown(self, spot: Spot, value: Spot, member: str, known: dict[str, Any]) -> set[str]:
        """Report a setting that is not known here; which of those that are was meant."""
        if any(spot.value.get(word) is None and member in _settings(known[word]) for word in known if word in spot.value):
            return set()  # it belongs into the empty group above it, which is told
        fix, word = meant_by(member, known, spot.value)
        meant = set(known) if member == "<<" else {word} if word is not None and member not in _YAML else set()
        self.report.misspelt.update((spot.document.file, one) for one in meant)
        self.report.add("E201", value.key_place, f"{_subject(spot)} has no setting `{member}`", _YAML.get(member, fix))
        return meant

    def member_name(self, spot: Spot, schema: dict[str, Any]) -> None:
        rule = schema.get("propertyNames")
        problem = _malformed(spot.path[-1], rule) if rule else ""
        if problem:
            self.report.add("E204", spot.key_place, f"a name: {problem}", instead_of(spot.path[-1], rule or {}))

    def counts(self, spot: Spot, schema: dict[str, Any], meant: set[str]) -> None:
        """Required keys, and exactly one of several where `oneOf` asks for that; `meant` are there, but misspelt."""
        required = list(schema.get("required", ()))
        choices = [way["required"] for way in schema.get("oneOf", ()) if "required" in way]
        if choices:
            words = ", ".join(f"`{way[0]}`" for way in choices)
            present = [way for word in spot.value for way in choices if way[0] == word]
            required += present[0] if len(present) == 1 else []
            if not present and not any(way[0] in meant for way in choices):
                self.report.add("E202", spot.key_place, f"{_subject(spot)} needs one of {words}")
            for way in present[1:]:
                place = spot.document.key_place((*spot.path, way[0]))
                self.report.add("E205", place, f"`{way[0]}` and `{present[0][0]}` exclude each other", f"keep one of {words}")
        meant = meant | ({"within"} if "for" in spot.value and "without" not in spot.value else set())
        lacking = [f"`{member}`" for member in required if member not in spot.value and member not in meant]
        if lacking:
            words = " and ".join(lacking)
            self.report.add("E202", spot.key_place, f"{_subject(spot)} lacks {words}", schema.get("x-fix", f"add {words}"))


def _settings(schema: dict[str, Any]) -> dict[str, Any]:
    """The settings of a group that the schema describes."""
    found, _ = resolved(schema, "campaign")
    settings: dict[str, Any] = found.get("properties", {})
    return settings


def _admits(schema: dict[str, Any], kind: str, value: Any) -> bool:
    if "const" in schema or "enum" in schema:
        return value in schema.get("enum", [schema.get("const")])
    allowed = schema.get("type")
    kinds = [allowed] if isinstance(allowed, str) else allowed
    return kinds is None or kind in kinds or (kind == "integer" and "number" in kinds)


def _called(schema: dict[str, Any]) -> str:
    if "description" in schema:
        return str(schema["description"])
    if "const" in schema or "enum" in schema:
        return " or ".join(f"`{word}`" for word in schema.get("enum", [schema.get("const")]))
    allowed = schema.get("type", "object")
    return " or ".join(_KINDS[kind] for kind in ([allowed] if isinstance(allowed, str) else allowed))


def _subject(spot: Spot) -> str:
    names = [part for part in spot.path if isinstance(part, str)]
    if not names:
        return "the file" if not spot.path else "this element"
    if isinstance(spot.path[-1], int):
        return "this step" if names[-1] in ("then", "else") else f"this element of `{names[-1]}`"
    return f"`{names[-1]}`"


def _malformed(value: Any, schema: dict[str, Any]) -> str:
    """What is wrong with this value beyond its kind; empty where nothing is."""
    called = schema.get("description", "")
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            return f"{shown(value)} is not {called}"
        if len(value) > schema.get("maxLength", len(value)):
            return f"longer than {schema['maxLength']} characters"
        if len(value) < schema.get("minLength", 0):
            return "it is empty"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        low, high = schema.get("minimum", -INTEGER), schema.get("maximum", INTEGER)
        if not low <= value <= high:
            bounds = f"at least {low}" if high == INTEGER else f"from {low} to {high}"
            return f"{shown(value)} must be {bounds}"
    elif isinstance(value, dict | list):
        return _too_few_or_many(value, schema)
    return ""


def _too_few_or_many(value: dict[str, Any] | list[Any], schema: dict[str, Any]) -> str:
    low, high = ("minItems", "maxItems") if isinstance(value, list) else ("minProperties", "maxProperties")
    if len(value) < schema.get(low, 0):
        return "it is empty" if not value else f"it needs at least {schema[low]}"
    if len(value) > schema.get(high, len(value)):
        return f"at most {schema[high]}, not {len(value)}" if schema[high] > 1 else f"exactly one, not {len(value)}"
    return ""
