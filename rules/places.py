"""Where a condition reads: the type at a path, and the places on the way that may be empty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from rules.nodes import operation
from rules.problems import Path
from rules.types import ANY, Member, Type, without_null


@dataclass(frozen=True, slots=True)
class Environment:
    """What a rule reads at the top, and the type of a table's cells by table and column."""

    data: Type
    cell: Callable[[Any, Any], Type] = lambda _table, _column: ANY


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a rule: where it stands in it, the data that it reads, and the iteration (empty: none) in whose body it is."""

    rule: Any
    path: Path
    data: Type
    scope: Path = ()

    def arguments(self) -> tuple[str, list[Node]]:
        """The operator, and its arguments with their places."""
        name, given = operation(self.rule)
        if self.rule[name].__class__ is not list:
            return name, [replace(self, rule=given[0], path=(*self.path, name))]
        return name, [replace(self, rule=each, path=(*self.path, name, index)) for index, each in enumerate(given)]

    def elements(self) -> list[Node]:
        """The elements of a list that is written out."""
        return [replace(self, rule=each, path=(*self.path, index)) for index, each in enumerate(self.rule)]


@dataclass(frozen=True, slots=True)
class Unit:
    """One place that may be empty: its path, whether it may be absent, and whether it may hold null."""

    path: str
    absent: bool
    null: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read at a path: its type where nothing on the way is empty, and what may be."""

    type: Type
    units: tuple[Unit, ...] = ()


@dataclass(frozen=True, slots=True)
class Unlisted:
    """There is no such member: its name, and the ones that there are."""

    name: str
    known: tuple[str, ...]


def reading(data: Type, segments: tuple[str, ...]) -> Reading | Unlisted:
    """What stands at `segments` in data of that type."""
    units: list[Unit] = []
    found = data
    if not segments and "null" in data.kinds:
        units.append(Unit("", absent=False, null=True))
    for index, name in enumerate(segments):
        path = ".".join(segments[: index + 1])
        if found.unknown:
            whole = Unit(".".join(segments), absent=True, null=True)
            return Reading(ANY, (*units, whole))
        member = _member(found, name)
        if isinstance(member, Unlisted):
            return member
        always = member.always and found.kinds <= {"object", "null"}
        if not always or "null" in member.type.kinds:
            units.append(Unit(path, not always, "null" in member.type.kinds))
        found = member.type
    return Reading(found if found.unknown else without_null(found), tuple(units))


def _member(holder: Type, name: str) -> Member | Unlisted:
    if "list" in holder.kinds and name.isascii() and name.isdigit():
        return Member(holder.inner())
    if "object" not in holder.kinds:
        return Unlisted(name, ())
    if holder.members is None:
        return Member(ANY)
    found = holder.members.get(name)
    return Unlisted(name, holder.members.names) if found is None else found
