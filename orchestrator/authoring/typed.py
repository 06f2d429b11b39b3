"""JSON Schemas that authors write, as types of the rule language."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from math import inf
from typing import Any

from orchestrator.authoring.reading import local
from rules.types import ANY, NEVER, SCALARS, Member, Members, Type, both, constant, union

_KINDS = {
    "string": "text",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "null": "null",
    "array": "list",
    "object": "object",
}
_TIMES = ("date", "date-time")


def never_null(schema: Any) -> dict[str, bool]:
    """The properties that are never null, and whether each is always there."""
    members = type_of_schema(schema).members if schema is not None else None
    found = {name: members.get(name) for name in members.names} if members is not None else {}
    return {name: one.always for name, one in found.items() if one is not None and "null" not in one.type.kinds}


def type_of_schema(schema: Any, top: Any = None, followed: frozenset[str] = frozenset()) -> Type:
    """What the schema admits. Keywords that are not read here make the type wider than the schema, never narrower.

    `followed`: references that led here; of one that leads back to itself nothing is known.
    """
    top = schema if top is None else top
    if schema is False:
        return NEVER
    pointer = schema.get("$ref") if isinstance(schema, dict) else None
    if not isinstance(schema, dict) or pointer in followed:
        return ANY
    found = _own(schema, top)
    if isinstance(pointer, str):
        followed |= {pointer}
        meant = local(top, {"$ref": pointer})
        found = both(found, type_of_schema(meant, top, followed)) if meant is not None else found
    for part in _schemas(schema, "allOf"):
        found = both(found, type_of_schema(part, top, followed))
    for word in ("anyOf", "oneOf"):
        ways = [type_of_schema(part, top, followed) for part in _schemas(schema, word)]
        found = both(found, union(*ways)) if ways else found
    return found


def _schemas(schema: dict[str, Any], word: str) -> list[Any]:
    found = schema.get(word)
    return found if isinstance(found, list) else []


def _own(schema: dict[str, Any], top: Any) -> Type:
    """What the schema's own keywords say."""
    written = schema.get("type")
    kinds = {_KINDS[word] for word in ([written] if isinstance(written, str) else written or _KINDS) if word in _KINDS}
    if schema.get("format") in _TIMES and "text" in kinds:
        kinds = kinds - {"text"} | {"time"}
    listed = [schema["const"]] if "const" in schema else schema.get("enum")
    found = Type(frozenset(kinds), low=_bound(schema, "inimum", -inf), high=_bound(schema, "aximum", inf))
    if isinstance(listed, list):
        found = _one_of(found, listed)
    least = schema.get("minItems")
    filled = isinstance(least, int) and least > 0
    return replace(found, element=_element(schema, top), members=_members(schema, top), filled=filled)


def _one_of(found: Type, listed: list[Any]) -> Type:
    """The type, where only these values are admitted."""
    named = union(*map(constant, listed))
    kinds = named.kinds & found.kinds
    if "time" in found.kinds and "text" not in found.kinds and "text" in named.kinds:
        kinds |= {"time"}
    values = named.values if named.values is not None or named.kinds & SCALARS else None
    return Type(kinds, values, max(found.low, named.low), min(found.high, named.high))


def _bound(schema: dict[str, Any], word: str, otherwise: float) -> float:
    found = [schema[name] for name in (f"m{word}", f"exclusiveM{word}") if name in schema]
    numbers = [bound for bound in found if isinstance(bound, int | float) and not isinstance(bound, bool)]
    return (max if otherwise < 0 else min)(numbers, default=otherwise)


def _element(schema: dict[str, Any], top: Any) -> Any:
    parts = [*_schemas(schema, "prefixItems"), *([schema["items"]] if "items" in schema else [])]
    if not parts or ("prefixItems" in schema and "items" not in schema):
        return None
    return lambda: union(*(type_of_schema(part, top) for part in parts))


def _members(schema: dict[str, Any], top: Any) -> Members | None:
    listed, more = schema.get("properties"), schema.get("additionalProperties")
    properties: dict[str, Any] = listed if isinstance(listed, dict) else {}
    required = schema.get("required")
    always = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()
    closed = (bool(properties) or more is False) and more in (None, False) and "patternProperties" not in schema
    if not properties and not closed and not always and more in (None, True):
        return None

    @cache
    def get(name: str) -> Member | None:
        if name in properties:
            return Member(type_of_schema(properties[name], top), name in always)
        if "patternProperties" in schema or more in (None, True):
            return Member(ANY, name in always)
        return Member(type_of_schema(more, top), name in always) if more is not False else None

    return Members(lambda name: None if closed and name not in properties else get(name), tuple(properties))
