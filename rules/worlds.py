"""Worlds in which a condition holds: whether there is one at all, and an example.

Between two neighbouring constants that a place is compared with, every comparison answers alike. So a few values of each place
stand for all that its type admits, and trying them decides exactly; places that no comparison relates are tried apart. What is
more than WORLDS_MAX worlds is not decided, and counts as possible.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, product
from typing import Any

from rules.limits import WORLDS_MAX
from rules.statements import Place, Statement, merge
from rules.values import ABSENT

_TEXT = "another text"
_TIME = "2026-03-31T09:00:00Z"
_FAR = 1_000
"""How far beyond the outermost constant a number without bounds is tried."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of places beside their types: which numbers are whole, all that a place can be, and the least it is."""

    whole: Callable[[str], bool] = lambda _: False
    fixed: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    least: Mapping[str, float] = field(default_factory=dict)


def witness(parts: Iterable[Statement], known: Known | None = None) -> dict[str, Any] | None:
    """Path → value of a world in which all of them hold; None where there is none. Paths that may be anything are left out."""
    statements = list(parts)
    places: dict[str, Place] = {}
    for statement in statements:
        merge(places, statement.places)
    values = {name: _values(name, place, known or Known()) for name, place in places.items()}
    found: dict[str, Any] = {}
    for group in _groups(statements):
        world = _world(group, values)
        if world is None:
            return None
        found |= world
    return {name: value for name, value in found.items() if places[name].path and value is not ABSENT}


def _groups(statements: list[Statement]) -> list[list[Statement]]:
    """Statements that share places, directly or through others."""
    groups: list[tuple[set[str], list[Statement]]] = []
    for statement in statements:
        names, members = set(statement.places), [statement]
        for group in [group for group in groups if group[0] & names]:
            groups.remove(group)
            names |= group[0]
            members = [*group[1], *members]
        groups.append((names, members))
    return [members for _, members in groups]


def _world(statements: list[Statement], values: Mapping[str, list[Any]]) -> dict[str, Any] | None:
    """A world in which they hold; an empty one where they are too many to try."""
    names = list(dict.fromkeys(name for statement in statements for name in statement.places))
    left = {name: values[name] for name in names}
    for statement in statements:
        if len(statement.places) == 1:
            (name,) = statement.places
            left[name] = [value for value in left[name] if statement.holds({name: value})]
    if math.prod(len(choices) for choices in left.values()) > WORLDS_MAX:
        return {}
    wide = [statement for statement in statements if len(statement.places) != 1]
    for choice in product(*left.values()):
        world = dict(zip(names, choice, strict=True))
        if all(statement.holds(world) for statement in wide):
            return world
    return None


def _values(name: str, place: Place, known: Known) -> list[Any]:
    """What stands for all that the place may be, the plainest first."""
    if name in known.fixed:
        return list(known.fixed[name])
    if name in known.least:
        place = replace(place, type=replace(place.type, low=max(place.type.low, known.least[name])))
    found = [value for kind, make in _MAKERS.items() if kind in place.type.kinds for value in make(place, known.whole(name))]
    if place.null or "null" in place.type.kinds:
        found.append(None)
    return [*found, ABSENT] if place.absent else found


def _numbers(place: Place, whole: bool) -> list[Any]:  # noqa: FBT001 - one of the makers
    if place.type.values is not None:
        return sorted(value for kind, value in place.type.values if kind == "number")
    low, high = place.type.low, place.type.high
    bounds = {low, high} - {-math.inf, math.inf}
    points: list[float] = sorted({each for each in place.constants if each.__class__ in (int, float)} | bounds | {0})
    tried: set[float] = {*points, points[0] - _FAR, points[-1] + _FAR}
    if whole:
        near = {step for point in points for step in (math.floor(point), math.ceil(point))}
        tried = {step + more for step in near for more in (-1, 0, 1)}
    else:
        tried |= {(one + other) / 2 for one, other in pairwise(points)}
    found = sorted((each for each in tried if low <= each <= high), key=lambda each: (abs(each - points[-1]), each))
    return found if place.path else [*found, math.nan]


def _texts(place: Place, _whole: bool) -> list[Any]:  # noqa: FBT001
    if place.type.values is not None:
        return sorted(value for kind, value in place.type.values if kind == "text")
    named = {each for each in place.constants if each.__class__ is str}
    return [*sorted(named), _TEXT, *([] if "" in named else [""])]


def _booleans(place: Place, _whole: bool) -> list[Any]:  # noqa: FBT001
    if place.type.values is not None:
        return sorted(value for kind, value in place.type.values if kind == "boolean")
    return [True, False]


_MAKERS: dict[str, Callable[[Place, bool], list[Any]]] = {
    "number": _numbers,
    "text": _texts,
    "time": lambda _place, _whole: [_TIME],
    "boolean": _booleans,
    "list": lambda _place, _whole: [["x"], []],
    "object": lambda _place, _whole: [{}],
}
