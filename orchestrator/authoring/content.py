"""Names by content: the same meaning gives the same name on every machine."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from orchestrator.domain.campaign import Node
from orchestrator.domain.program import Program
from rules import Condition

_LENGTH = 16
"""Hex digits of a name."""


def name_of(program: Program, templates: Mapping[str, Any], surveys: Mapping[str, Any]) -> str:
    """The name of a program with its templates, and its surveys if it has any."""
    parts = {
        field.name: getattr(program, field.name)
        for field in dataclasses.fields(program)
        if field.name not in _DERIVED and _named(field, program)
    }
    return _digest({"program": parts, "templates": templates, **({"surveys": surveys} if surveys else {})})


_DERIVED = ("name", "index", "pinned")


def version_of(nodes: tuple[Node, ...], first: int) -> str:
    """The version of one campaign's steps."""
    return _digest([nodes, first])


def _digest(content: Any) -> str:
    text = json.dumps(_plain(content), sort_keys=True, separators=(",", ":"))
    return sha256(text.encode("ascii")).hexdigest()[:_LENGTH]


def _named(field: dataclasses.Field[Any], content: Any) -> bool:
    """Whether a field is part of the name: not one that came later and says nothing here."""
    return not field.metadata.get("later", False) or getattr(content, field.name) != field.default


def _plain(content: Any) -> Any:
    """JSON of anything compiled; a verb or pattern carries its kind, a condition is its rule."""
    if isinstance(content, Condition):
        return content.rule
    if dataclasses.is_dataclass(content):
        fields = {field.name: getattr(content, field.name) for field in dataclasses.fields(content) if _named(field, content)}
        return {"": type(content).__name__, **_plain(fields)}
    if isinstance(content, Mapping):
        return {str(name): _plain(value) for name, value in content.items()}
    if isinstance(content, frozenset | set):
        return sorted(_plain(value) for value in content)
    if isinstance(content, tuple | list):
        return [_plain(value) for value in content]
    return content
