"""What generated conditions read: a schema with places of every kind, and data that it admits, null and absence included."""

from __future__ import annotations

import random
from math import inf
from typing import Any, Final

from orchestrator.authoring.typed import type_of_schema
from rules import Environment

_CODE: Final = {"type": ["string", "null"]}
_LINE: Final = {
    "type": "object",
    "required": ["count", "kind", "open"],
    "properties": {
        "count": {"type": "integer", "minimum": 0},
        "price": {"type": ["number", "null"]},
        "code": {"type": "string"},
        "kind": {"enum": ["web", "shop"]},
        "open": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "additionalProperties": False,
}
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["total", "items", "score", "kind", "title", "flag", "ids", "marks", "lines"],
    "additionalProperties": False,
    "properties": {
        "total": {"type": "number"},
        "items": {"type": "integer", "minimum": 1},
        "score": {"type": ["integer", "null"], "minimum": 0, "maximum": 10},
        "last": {"type": "number"},
        "price": {"type": "number", "minimum": 0},
        "gap": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "kind": {"enum": ["web", "shop"]},
        "plan": {"enum": ["free", "paid", ""]},
        "title": {"type": "string"},
        "name": {"type": "string"},
        "note": _CODE,
        "flag": {"type": "boolean"},
        "vip": {"type": ["boolean", "null"]},
        "day": {"type": "string", "format": "date"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "ids": {"type": "array", "items": {"type": "integer"}},
        "codes": {"type": ["array", "null"], "items": _CODE},
        "marks": {"type": "array", "items": {"type": ["number", "null"]}},
        "box": {
            "type": "object",
            "required": ["size"],
            "additionalProperties": False,
            "properties": {"size": {"type": "number"}, "label": _CODE, "open": {"type": "boolean"}},
        },
        "lines": {"type": "array", "items": _LINE},
    },
}
ENVIRONMENT: Final = Environment(type_of_schema(SCHEMA))

COUNTED: Final = 10**6
"""Largest magnitude of a number with which a condition counts: beyond 2^53 datalogic is exact where doubles are not."""
NUMBERS: Final = [-3, -1, 0, 1, 2, 5, 10, 0.5, 2.5, -0.1, 0.1, 0.2, 0.3, 1e-7, 1e21, -1e308, 1e308, 2**53, -0.0, 1.0, 5e-324]
WHOLE: Final = [0, 1, 2, 5, 10, 2**53, -1, -(2**53)]
TEXTS: Final = [
    "", "a", "b", "ab", "A", "null", "true", "0", "1", "01", " 1 ", "1e3", "0x10", "NaN", "Infinity", "web", "free", "paid",
    "é", "e\u0301", "𝄞", " ", "\n", "[object Object]", "a,b", ",", "constructor", "length", "a.b", "x" * 2_000, "9" * 2_000,
]  # fmt: skip
"""None reads as a duration or a date: those datalogic takes for equal that mean the same (see `portable_near_misses`)."""


class Data:
    """Values that a schema admits, at random; numbers no larger than `largest`."""

    def __init__(self, chance: random.Random, largest: float = inf) -> None:
        self.chance = chance
        self.largest = largest

    def of(self, schema: dict[str, Any]) -> Any:
        if "anyOf" in schema:
            return self.of(self.chance.choice(schema["anyOf"]))
        if "enum" in schema:
            return self.chance.choice(schema["enum"])
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return getattr(self, "_" + self.chance.choice(kinds))(schema)

    def _object(self, schema: dict[str, Any]) -> dict[str, Any]:
        there = [name for name in schema["properties"] if name in schema["required"] or self.chance.random() < 0.6]
        return {name: self.of(schema["properties"][name]) for name in there}

    def _array(self, schema: dict[str, Any]) -> list[Any]:
        return [self.of(schema["items"]) for _ in range(self.chance.choice([0, 1, 1, 2, 3, 12]))]

    def _number(self, schema: dict[str, Any], pool: list[float] = NUMBERS) -> float:
        low, high = max(schema.get("minimum", -inf), -self.largest), min(schema.get("maximum", inf), self.largest)
        return self.chance.choice([number for number in pool if low <= number <= high])

    def _integer(self, schema: dict[str, Any]) -> float:
        return self._number(schema, WHOLE)

    def _string(self, schema: dict[str, Any]) -> str:
        return self.chance.choice(["2026-01-31", "2026-03-01"] if "format" in schema else TEXTS)

    def _boolean(self, _schema: dict[str, Any]) -> bool:
        return self.chance.random() < 0.5

    def _null(self, _schema: dict[str, Any]) -> None:
        return None
