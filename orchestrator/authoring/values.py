"""Values that a step gives on (`with`, `emit`, `set`), against the schema of what takes them."""

from __future__ import annotations

from typing import Any

from orchestrator.authoring.conditions import is_expression
from orchestrator.authoring.document import Spot
from orchestrator.authoring.readable import environment_of
from orchestrator.authoring.schemata import Validator
from orchestrator.authoring.scope import Scope, View
from orchestrator.authoring.typed import type_of_schema
from rules import preflight
from rules.checking import type_of
from rules.places import Reading, reading
from rules.types import Type
from rules.values import segments_of
from rules.wording import shown, told


def check_given(spot: Spot, schema: Any, called: str, view: View, scope: Scope, *, needed: bool) -> None:
    """Report a value that what takes it (`called`) does not admit; `needed`: it must not be empty either."""
    if not isinstance(schema, dict):
        return
    if not is_expression(spot.value):
        _constant(spot, schema, called, scope)
        return
    if preflight(spot.value):
        return
    found, wanted = type_of(spot.value, environment_of(view, scope)), type_of_schema(schema)
    name = next(iter(spot.value))
    written = spot.at("var").one_or_more() if name == "var" else []
    place = written[0].place if written else spot.document.key_place((*spot.path, name))
    if found.kinds and not found.unknown and not _meet(found, wanted):
        message = f"{shown(spot.value)} is {told(found)}, and {called} must be {told(wanted)}"
        scope.report.add("E403", place, message, f"give it {told(wanted)}")
    elif needed and name == "var" and "null" not in wanted.kinds:
        _empty(spot, called, view, scope)


def _meet(found: Type, wanted: Type) -> bool:
    texts = {"text", "time"}
    return bool(found.kinds & wanted.kinds) or bool(found.kinds & texts and wanted.kinds & texts)


def _constant(spot: Spot, schema: dict[str, Any], called: str, scope: Scope) -> None:
    try:
        error = next(Validator(schema, validate_formats=True).iter_errors(spot.value), None)
    except ValueError:  # the schema's own finding, or a reference to what stands around it
        return
    if error is not None:
        told_ = error.message.replace(chr(34), "`")
        scope.report.add("E403", spot.at(*error.instance_path).place, f"{called} does not admit this: {told_}", "give another")


def _empty(spot: Spot, called: str, view: View, scope: Scope) -> None:
    """A `var` without a default that may find nothing; what a webhook saves may be passed on as it is."""
    written = spot.at("var").one_or_more()
    path = written[0].value if written else None
    if len(written) != 1 or not isinstance(path, str):
        return
    found = reading(environment_of(view, scope).data, segments_of(path))
    if isinstance(found, Reading) and found.units and not found.type.unknown:
        fix = f'give a default, {{var: [{path}, …]}}, or branch on {{"!=": [{{var: {path}}}, null]}} and go on without it'
        scope.report.add("E403", written[0].place, f"`{path}` may be empty, and {called} must be there", fix)
