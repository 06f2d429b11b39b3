"""Conditions that can never hold, and those that always do: contradictions among what is compared with constants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.authoring.document import Place, Spot
from orchestrator.authoring.limits import SEGMENTS_DEPTH
from orchestrator.authoring.readable import environment_of
from orchestrator.authoring.reading import schema_at
from orchestrator.authoring.scope import Part, Scope, View
from rules import preflight
from rules.nodes import operation
from rules.places import Environment
from rules.statements import Statement, conjuncts, negated, statements, together
from rules.worlds import Known, witness

_COUNTS = ("count", "open", "distinct")


def known_of(scope: Scope, stages: Sequence[str] = ()) -> Known:
    """What is known beside the types: whole numbers, and the stages that there are (only `stages`, if any are given)."""
    everywhere = [*scope.stages]
    fixed: dict[str, Sequence[Any]] = {"stage.current": list(stages) or everywhere} if everywhere else {}
    return Known(lambda path: _whole(path, scope), fixed)


def _whole(path: str, scope: Scope) -> bool:
    root, *names = path.split(".")
    if path.startswith("profile.features."):
        feature = scope.features.get(names[1])
        return feature is not None and feature.kind in _COUNTS
    if root == "event" and names[:1] == ["properties"]:
        if path not in scope.whole:
            scope.whole[path] = _declared_whole(names[1:], scope)
        return scope.whole[path]
    return path == "stage.turns"


def _declared_whole(names: list[str], scope: Scope) -> bool:
    found = [schema_at(kind.schema, names) for kind in scope.events.values() if kind.schema is not None]
    return {str(schema.get("type")) for schema in found if isinstance(schema, dict)} == {"integer"}


def parts_of(spots: list[Spot], view: View, scope: Scope) -> list[Part]:
    """What must hold together in a condition, each with its place."""
    environment = environment_of(view, scope)
    return [(spot, _statement(spot.value, environment, scope)) for each in spots for spot in _together(each)]


def _together(spot: Spot) -> Iterator[Spot]:
    if isinstance(spot.value, dict) and "and" in spot.value:
        for part in spot.at("and").one_or_more():
            yield from _together(part)
    else:
        yield spot


def _statement(rule: Any, environment: Environment, scope: Scope) -> Statement:
    found = statements(_spelt_out(rule, scope, 0), environment)
    return found[0] if len(found) == 1 else together(found)


def _spelt_out(rule: Any, scope: Scope, depth: int) -> Any:
    """The rule with the conditions of the segments that it asks for."""
    if isinstance(rule, list):
        return [_spelt_out(each, scope, depth) for each in rule]
    if not isinstance(rule, dict):
        return rule
    name, given = operation(rule)
    if name != "segment" or depth >= SEGMENTS_DEPTH:
        return {name: _spelt_out(rule[name], scope, depth)}
    document = scope.files.one("segments")
    written = document.root.at(given[0], "if") if document is not None else None
    if written is None or written.path[-1:] != ("if",):
        return rule
    condition = {"and": written.value} if isinstance(written.value, list) else written.value
    return rule if preflight(condition) else _spelt_out(condition, scope, depth + 1)


def check_holds(parts: list[Part], view: View, scope: Scope) -> None:
    """Report the part that makes a condition impossible, and parts that say nothing."""
    environment, known = environment_of(view, scope), known_of(scope)
    told = [_alone(spot, environment, known, scope) for spot, _ in parts]
    index = None if any(told) else closing(parts, known)
    if index is not None:
        spot, statement = parts[index]
        others = [other for other, said in parts[:index] if witness([said, statement], known) is None]
        line = f", with line {others[0].place.line}" if others and others[0].place.line != spot.place.line else ""
        message = f"this can never hold together with what stands before{line}"
        scope.report.add("E405", operator_place(spot), message, "change one of them, or remove what cannot happen")


def closing(parts: list[Part], known: Known) -> int | None:
    """The first part that cannot hold together with those before; None where all can."""
    said = [statement for _, statement in parts]
    if witness(said, known) is not None:
        return None
    return next(index for index in range(len(said)) if witness(said[: index + 1], known) is None)


def _alone(spot: Spot, environment: Environment, known: Known, scope: Scope) -> bool:
    """Whether a part, or one inside it, has been told to hold never or always."""
    if not isinstance(spot.value, dict):
        return False
    name = next(iter(spot.value))
    inner = spot.at(name).one_or_more() if name in ("and", "or", "!", "!!") else []
    if any([_alone(part, environment, known, scope) for part in inner]):  # noqa: C419 - all of them are told
        return True
    said = [_statement(part, environment, scope) for part in conjuncts(spot.value)]
    if witness(said, known) is None:
        scope.report.add("E405", operator_place(spot), "this can never hold", "change it, or remove what depends on it")
        return True
    if witness([negated(said)], known) is None:
        scope.report.add("W401", operator_place(spot), "this always holds, and so says nothing", "remove it, or change it")
        return True
    return False


def operator_place(spot: Spot) -> Place:
    """The operator's own place where something is about an operator object."""
    if isinstance(spot.value, dict) and spot.value:
        return spot.document.key_place((*spot.path, list(spot.value)[-1]))
    return spot.place


def about(statement: Statement, *roots: str) -> bool:
    """Whether it asks only what stands under these roots (`event`, `item`)."""
    places: Mapping[str, Any] = statement.places
    return bool(places) and all(place.path.split(".")[0] in roots for place in places.values())
