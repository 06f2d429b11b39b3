"""JSON Schemas that authors write (events, traits, inputs): valid, closed in themselves, and what samples say against them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from orchestrator.authoring.document import Place, Spot
from orchestrator.authoring.finding import Report

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
        report.add("E206", place, f"this is not a valid JSON Schema: {wrong[1]}", "see json-schema.org, draft 2020-12")
        return None
    try:
        return Validator(spot.value, validate_formats=True, pattern_options=jsonschema_rs.RegexOptions(), retriever=_refused)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        message = f"this schema cannot be used: {str(error).splitlines()[0]}"
        fix = "patterns may not look around or refer back; each `$ref` must lead somewhere"
        report.add("E206", _unusable(spot), message, fix)
        return None


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
