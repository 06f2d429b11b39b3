"""Data that a type admits, to render a template with: everything there, and what may be empty left out in turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from orchestrator.authoring.limits import SAMPLE_DEPTH
from rules.types import ANY, KINDS, Member, Members, Type

Mode = Literal["absent", "null", "no elements"]
Empty = tuple[str, Mode]
"""A place, and how it is empty there."""
Tree = dict[str, "Tree"]
"""Paths that are read, by their parts; a part without any below it is read whole."""

_GONE: Any = object()
_THERE: Type = Type(KINDS - {"null"}, members=Members(lambda _: Member(_THERE, always=True)))
"""What nothing is known of, and what is taken to be there."""
_SAMPLES = {"number": 3, "text": "x", "time": "2026-03-31T09:00:00Z", "boolean": True}


@dataclass(slots=True)
class Sample:
    """One set of data. What was met on the way: places that may be empty, and other values that a place can have."""

    empty: frozenset[Empty] = frozenset()
    values: Mapping[str, Any] = field(default_factory=dict)
    lenient: bool = False
    """What no schema describes is taken to be there."""
    places: dict[Empty, None] = field(default_factory=dict)
    others: dict[str, list[Any]] = field(default_factory=dict)
    scalars: dict[str, str] = field(default_factory=dict)
    """place → its kind"""

    def of(self, root: Type, paths: Iterable[str]) -> dict[str, Any]:
        """The data that is read at these paths."""
        tree: Tree = {}
        for path in sorted(paths):
            branch = tree
            for part in path.split("."):
                branch = branch.setdefault(part, {})
        return self._object(root, tree, "", 0)

    def _object(self, found: Type, tree: Tree, path: str, depth: int) -> dict[str, Any]:
        members = found.members if found.members is not None else Members(lambda _: Member(ANY))
        made: dict[str, Any] = {}
        for name in tree or (members.names if depth < SAMPLE_DEPTH else ()):
            member = members.get(name) or Member(_THERE, always=True)
            value = self._member(member, tree.get(name, {}), f"{path}.{name}" if path else name, depth + 1)
            if value is not _GONE:
                made[name] = value
        return made

    def _member(self, member: Member, tree: Tree, path: str, depth: int) -> Any:
        if self.lenient and member.type.unknown:
            member = Member(_THERE, always=True)
        nullable = "null" in member.type.kinds
        if not member.always:
            self.places[(path, "absent")] = None
        if nullable:
            self.places[(path, "null")] = None
        if (path, "absent") in self.empty and not member.always:
            return _GONE
        return None if nullable and (path, "null") in self.empty else self._value(member.type, tree, path, depth)

    def _value(self, found: Type, tree: Tree, path: str, depth: int) -> Any:
        if path in self.values:
            return self.values[path]
        if "object" in found.kinds and (tree or not (found.unknown or found is _THERE)):
            return self._object(found, tree, path, depth)
        if found.unknown or found is _THERE:
            return _SAMPLES["text"]
        if "list" in found.kinds:
            return self._list(found, path, depth)
        return self._scalar(found, path)

    def _list(self, found: Type, path: str, depth: int) -> list[Any]:
        if not found.filled:
            self.places[(path, "no elements")] = None
        if (path, "no elements") in self.empty or depth >= SAMPLE_DEPTH:
            return []
        element = self._member(Member(found.inner(), always=True), {}, f"{path}[]", depth + 1)
        return [element]

    def _scalar(self, found: Type, path: str) -> Any:
        known = sorted((value for _, value in found.values or ()), key=str)
        if known:
            self.others[path] = known[1:]
            return known[0]
        kind = next((kind for kind in _SAMPLES if kind in found.kinds), "text")
        self.scalars[path] = kind
        if kind == "boolean":
            self.others[path] = [False]
        if kind == "number":
            return int(min(max(3, found.low), found.high))
        return _SAMPLES[kind]
