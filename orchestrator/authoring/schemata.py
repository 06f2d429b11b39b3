"""JSON Schemas that authors write (events, traits, inputs): valid, closed in themselves, and what samples say against them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from orchestrator.authoring.document import Place, Spot
from orchestrator.authoring.finding import Report, did_you_mean

_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
_TYPES_OF_OTHERS = {"text": "string", "str": "string", "int": "integer", "float": "number", "bool": "boolean", "list": "array"}
_TYPES_OF_OTHERS |= {"date": "string", "datetime": "string", "decimal": "number", "money": "number", "map": "object"}
_KEYWORDS = frozenset(
    {
        *("not", "if", "then", "else", "items", "contains", "additionalProperties", "propertyNames", "patternProperties"),
        *("dependentSchemas", "dependentRequired", "unevaluatedItems", "unevaluatedProperties", "definitions", "default"),
        *("const", "examples", "contentSchema", "example"),
    }
)
"""Words of JSON Schema whose values may be objects."""
Validator = jsonschema_rs.Draft202012Validator


def validator_of(spot: Spot, report: Report) -> Validator | None:
    """A validator for the schema at `spot`; None, with a finding, where it is not a valid schema of its own."""
    for part in _parts(spot):
        reference = part.get("$ref") or part.get("$dynamicRef")
        if reference is not None and not (reference.text or "").startswith("#"):
            report.add(
                "E206", reference.place, f"`$ref` leaves this file: {reference.value}", "write the schema here, or use `#/…`"
            )
            return None
    wrong = _first_problem(spot.value)
    if wrong is not None:
        place = spot.at(*wrong[0]).place
        message = f"this is not a valid JSON Schema: {wrong[1].replace(chr(34), '`')}"
        report.add("E206", place, message, _schema_fix(wrong[0], spot.at(*wrong[0]).value))
        return None
    _say_unread(spot, report)
    try:
        return Validator(spot.value, validate_formats=True, pattern_options=jsonschema_rs.RegexOptions(), retriever=_refused)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        message = f"this schema cannot be used: {str(error).splitlines()[0]}"
        fix = "patterns may not look around or refer back; each `$ref` must lead somewhere"
        report.add("E206", _unusable(spot), message, fix)
        return None


def _schema_fix(path: list[str | int], value: Any) -> str:
    """What to write instead of what JSON Schema does not know."""
    if not isinstance(value, str):
        return "see json-schema.org, draft 2020-12"
    if path[-1:] == ["required"]:
        return f"write `[{value}]`"
    if path[-1:] == ["type"]:
        return did_you_mean(_TYPES_OF_OTHERS.get(value, value), _TYPES)
    return f"write {{type: {_TYPES_OF_OTHERS.get(value, value)}}}"


def _say_unread(spot: Spot, report: Report) -> None:
    """Properties that stand where `properties` is missing: JSON Schema passes over words that it does not know."""
    if spot.get("properties") is not None or spot.get("$ref") is not None:
        return
    for name, member in spot.members():
        if isinstance(member.value, dict) and name not in _KEYWORDS and not name.startswith(("$", "x-")):
            message = f"`{name}` is no word of JSON Schema, so nothing reads it"
            report.add("E206", member.key_place, message, "put it under `properties`: {type: object, properties: {…}}")
            return


def _unusable(spot: Spot) -> Place:
    """The pattern that cannot be used, or the schema's key."""
    for part in _parts(spot):
        pattern = part.get("pattern")
        if pattern is not None and pattern.text is not None:
            try:
                Validator({"pattern": pattern.text}, pattern_options=jsonschema_rs.RegexOptions(), retriever=_refused)
            except ValueError:
                return pattern.place
    return spot.key_place


def _refused(uri: str) -> Any:
    raise ValueError(f"{uri} is not in this file")


def _parts(spot: Spot) -> Iterator[Spot]:
    if isinstance(spot.value, dict):
        yield spot
        for _, member in spot.members():
            yield from _parts(member)
    for element in spot.elements():
        yield from _parts(element)


def _first_problem(schema: Any) -> tuple[list[str | int], str] | None:
    try:
        jsonschema_rs.meta.validate(schema)
    except jsonschema_rs.ValidationError as error:
        return list(error.instance_path), error.message
    except ValueError as error:
        return [], str(error)
    return None


def check_sample(spot: Spot, validator: Validator | None, what: str, report: Report) -> None:
    """Report each place at which the sample breaks the schema."""
    if validator is None:
        return
    for error in validator.iter_errors(spot.value):
        wrong = spot.at(*error.instance_path)
        lacks = error.message.endswith("is a required property")
        place = wrong.key_place if lacks else wrong.place
        message = f"{what} breaks its schema: {error.message.replace(chr(34), '`')}"
        report.add("E207", place, message, "change the sample or the schema")
