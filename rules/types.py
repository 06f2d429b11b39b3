"""The types of a condition's values: what kinds a value may be, which words or numbers, and what it holds.

A type over-approximates: every value that a place can hold is of its type. Kinds are those of JSON, and `time` for a text that
its schema calls a date or date-time. Whether a place may be empty is no matter of its type: see `Member` and `Unit`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any, Final

SCALARS: Final = frozenset({"boolean", "number", "text", "time"})
KINDS: Final = SCALARS - {"time"} | {"null", "list", "object"}
"""All that JSON can be; a text of which nothing is known is not called a time."""

Value = tuple[str, Any]
"""A kind and a value of it: 1 and true are one key of a Python set."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object: its type, and whether it is always there."""

    type: Type
    always: bool = False


@dataclass(frozen=True, slots=True)
class Members:
    """An object's members. `get` gives None for one that the schema does not list; `names` are those that it does."""

    get: Callable[[str], Member | None]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Type:
    """`values` are all that a scalar may be, where they are known; a number lies between `low` and `high`.

    `element` and `members` are asked only when needed, so a schema may refer to itself.
    """

    kinds: frozenset[str]
    values: frozenset[Value] | None = None
    low: float = -inf
    high: float = inf
    element: Callable[[], Type] | None = field(default=None, compare=False)
    members: Members | None = field(default=None, compare=False)
    filled: bool = False
    """A list that is never without elements."""

    @property
    def unknown(self) -> bool:
        """No schema says anything of it."""
        return self.kinds >= KINDS and self.values is None

    def inner(self) -> Type:
        """The type of a list's elements."""
        return ANY if self.element is None else self.element()


ANY: Final = Type(KINDS)
NULL: Final = Type(frozenset({"null"}))
NEVER: Final = Type(frozenset())
BOOLEAN: Final = Type(frozenset({"boolean"}))
NUMBER: Final = Type(frozenset({"number"}))
TEXT: Final = Type(frozenset({"text"}))
TIME: Final = Type(frozenset({"time"}))
LIST: Final = Type(frozenset({"list"}))


def number(low: float = -inf, high: float = inf) -> Type:
    return Type(frozenset({"number"}), low=low, high=high)


def list_of(element: Type, *, filled: bool = False) -> Type:
    return Type(frozenset({"list"}), element=lambda: element, filled=filled)


def record(**members: Member) -> Type:
    """An object with these members and no others."""
    return Type(frozenset({"object"}), members=Members(members.get, tuple(members)))


def kind_of(value: Any) -> str:
    """The kind of a JSON value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "text"
    return "list" if isinstance(value, list) else "object"


def constant(value: Any) -> Type:
    """The type of one JSON value."""
    kind = kind_of(value)
    if kind == "list":
        return list_of(union(*map(constant, value)))
    if kind in ("null", "object"):
        return Type(frozenset({kind}))
    bounds = (value, value) if kind == "number" else (-inf, inf)
    return Type(frozenset({kind}), frozenset({(kind, value)}), *bounds)


def union(*types: Type) -> Type:
    """What is of one of these types."""
    found = NEVER
    for other in types:
        found = _either(found, other)
    return found


def _either(one: Type, other: Type) -> Type:
    if not one.kinds or not other.kinds:
        return one if one.kinds else other
    mine, theirs = _finite(one), _finite(other)
    numbers = [side for side in (one, other) if "number" in side.kinds]
    lists = [side for side in (one, other) if "list" in side.kinds]
    return Type(
        one.kinds | other.kinds,
        None if mine is None or theirs is None else mine | theirs,
        min((side.low for side in numbers), default=-inf),
        max((side.high for side in numbers), default=inf),
        (lambda: union(*(side.inner() for side in lists))) if lists else None,
        _members_of_either(one, other),
        bool(lists) and all(side.filled for side in lists),
    )


def _finite(side: Type) -> frozenset[Value] | None:
    return frozenset() if side.values is None and not side.kinds & SCALARS else side.values


def _members_of_either(one: Type, other: Type) -> Members | None:
    objects = [side for side in (one, other) if "object" in side.kinds]
    if not objects or any(side.members is None for side in objects):
        return None
    known = [side.members for side in objects if side.members is not None]
    if len(known) == 1:
        return known[0]

    def get(name: str) -> Member | None:
        found = [members.get(name) for members in known]
        there = [member for member in found if member is not None]
        everywhere = len(there) == len(found)
        kinds = [member.type for member in there] + ([] if everywhere else [NULL])
        return Member(union(*kinds), everywhere and all(member.always for member in there)) if there else None

    return Members(get, tuple(dict.fromkeys(name for members in known for name in members.names)))


def both(one: Type, other: Type) -> Type:
    """What is of both types."""
    kinds = one.kinds & other.kinds
    if any(_dates(side) and "text" in another.kinds for side, another in ((one, other), (other, one))):
        kinds |= {"time"}
    values = one.values if other.values is None else other.values
    if one.values is not None and other.values is not None:
        values = one.values & other.values
    found = Type(kinds, values, max(one.low, other.low), min(one.high, other.high))
    element, members = one.element or other.element, one.members or other.members
    if one.element is not None and other.element is not None:
        element = lambda: both(one.inner(), other.inner())  # noqa: E731 - asked later
    if one.members is not None and other.members is not None:
        members = _members_of_both(one.members, other.members)
    return replace(found, element=element, members=members, filled=one.filled or other.filled)


def _dates(side: Type) -> bool:
    """Whether its texts are dates; an unknown text may be one, and is called text."""
    return "time" in side.kinds and "text" not in side.kinds


def _members_of_both(one: Members, other: Members) -> Members:
    def get(name: str) -> Member | None:
        mine, theirs = one.get(name), other.get(name)
        if mine is None or theirs is None:
            return mine or theirs
        return Member(both(mine.type, theirs.type), mine.always or theirs.always)

    return Members(get, tuple(dict.fromkeys((*one.names, *other.names))))


def without_null(side: Type) -> Type:
    return replace(side, kinds=side.kinds - {"null"})
