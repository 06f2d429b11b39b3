"""Where a condition reads: the type at a path, and the places on the way that may be empty."""

from __future__ import annotations

from dataclasses import dataclass

from rules.types import ANY, Member, Type, without_null


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
