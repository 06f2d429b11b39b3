"""How a problem of types names what it is about, and where in the rule it stands."""

from __future__ import annotations

import json
from typing import Any

from rules.nodes import operation
from rules.problems import Path
from rules.types import Type

_TOLD = {
    "boolean": "true or false",
    "number": "a number",
    "text": "a text",
    "time": "a date",
    "null": "null",
    "list": "a list",
    "object": "an object",
}
_SHOWN_MAX = 40


def told(found: Type) -> str:
    """The kinds, in words."""
    return " or ".join(word for kind, word in _TOLD.items() if kind in found.kinds) or "never there"


def shown(rule: Any) -> str:
    """What stands in the rule, short."""
    if rule.__class__ is dict:
        name, given = operation(rule)
        return f"`{given[0]}`" if name == "var" and given and given[0].__class__ is str else f"what `{name}` gives"
    text = json.dumps(rule, ensure_ascii=False)
    return f"`{text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + '…'}`"


def place_of(rule: Any, path: Path) -> Path:
    """Where a part is named: the path that a `var` reads, otherwise the part itself."""
    if rule.__class__ is not dict or "var" not in rule:
        return path
    written = rule["var"]
    if written.__class__ is not list:
        return (*path, "var")
    return (*path, "var", 0) if written else path
