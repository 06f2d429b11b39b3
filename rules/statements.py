"""A condition as a statement about single places: what must be known of each to say whether it holds.

A place is a path that is read, an expression that stands for itself (`days_between`, a product), or a test of which nothing
more is known than that it is true or false. Comparisons of a place with constants are kept exactly; what relates two places is
such a test. A statement therefore admits more than its condition does, never less.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rules.checking import type_of
from rules.nodes import operation
from rules.operators import function_of
from rules.places import Environment, Reading, reading
from rules.standard import among
from rules.types import ANY, BOOLEAN, NULL, Type, union
from rules.values import ABSENT, segments_of, truthy

World = Mapping[str, Any]
"""place → what stands there; `ABSENT` where nothing does"""
Test = Callable[[World], bool]
_ORDERS = ("<", "<=", ">", ">=")
_EQUALITIES = ("==", "===")
_NEGATED = {"!=": "==", "!==": "==="}


@dataclass(frozen=True, slots=True)
class Place:
    """Something that decides. `constants` are what it is compared with."""

    type: Type
    absent: bool = False
    null: bool = False
    path: str = ""
    """Empty: it is no path, but an expression."""
    constants: tuple[Any, ...] = ()

    def joined(self, other: Place) -> Place:
        return Place(self.type, self.absent, self.null, self.path, (*self.constants, *other.constants))


@dataclass(frozen=True, slots=True)
class Statement:
    """Whether the condition holds in a world, and the places that it asks about."""

    holds: Test
    places: dict[str, Place] = field(default_factory=dict)


def statements(rule: Any, environment: Environment) -> list[Statement]:
    """The statements that must hold together for the rule to hold. `rule` has passed preflight."""
    return [_Reader(environment).statement(part) for part in conjuncts(rule)]


def together(parts: Iterable[Statement]) -> Statement:
    """That all of them hold."""
    found = list(parts)
    places: dict[str, Place] = {}
    for part in found:
        merge(places, part.places)
    return Statement(lambda world: all(part.holds(world) for part in found), places)


def negated(parts: Iterable[Statement]) -> Statement:
    """That not all of them hold."""
    whole = together(parts)
    return Statement(lambda world: not whole.holds(world), whole.places)


def merge(places: dict[str, Place], more: Mapping[str, Place]) -> None:
    """Add places, and what those that are there already are compared with."""
    for name, place in more.items():
        places[name] = places[name].joined(place) if name in places else place


def conjuncts(rule: Any) -> list[Any]:
    """What must hold together: the parts of `and`, those of its parts, and so on."""
    if rule.__class__ is dict and "and" in rule:
        return [part for each in operation(rule)[1] for part in conjuncts(each)]
    return [rule]


class _Reader:
    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.places: dict[str, Place] = {}

    def statement(self, rule: Any) -> Statement:
        return Statement(self.test(rule), self.places)

    def test(self, node: Any) -> Test:
        """A part that decides."""
        if node.__class__ is not dict:
            always = truthy(node)
            return lambda _: always
        name, given = operation(node)
        if name in ("and", "or", "!", "!!", "if", "?:"):
            return _connected(name, [self.test(each) for each in given])
        if name == "var":
            value = self.value(node)
            return lambda world: truthy(value(world))
        if name == "missing" and all(each.__class__ is str for each in _flat(given)):
            return _connected("or", [self.gone(path) for path in _flat(given)])
        return self.comparison(name, given, node)

    def gone(self, path: str) -> Test:
        """What `missing` asks of one path: it is empty, or an empty text."""
        value = self.value({"var": path}, ("",))
        return lambda world: value(world) in (None, "")

    def comparison(self, name: str, given: list[Any], node: Any) -> Test:
        """Of one place with constants; a test of its own where it is anything else."""
        if name in _NEGATED:
            other = self.comparison(_NEGATED[name], given, {_NEGATED[name]: given})
            return lambda world: not other(world)
        asked = [each for each in given if each.__class__ is dict]
        listed = name == "in" and given[0].__class__ is dict and given[1].__class__ is list
        scalars = name in (*_ORDERS, *_EQUALITIES) and not any(each.__class__ is list for each in given)
        if len(asked) != 1 or not (listed or scalars):
            return self.unknown(node)
        constants = tuple(_flat([each for each in given if each.__class__ is not dict]))
        if any(each.__class__ is dict for each in constants):
            return self.unknown(node)
        values = [self.value(each, constants) if each.__class__ is dict else _constant(each) for each in given]
        call = among if listed else function_of(name)
        return lambda world: truthy(call(*(value(world) for value in values)))

    def unknown(self, node: Any) -> Test:
        name = _named(node)
        merge(self.places, {name: Place(BOOLEAN)})
        return lambda world: bool(world[name])

    def value(self, node: dict[str, Any], constants: tuple[Any, ...] = ()) -> Callable[[World], Any]:
        """What stands at a place; the default of a `var` where nothing does."""
        name, given = operation(node)
        plain = name == "var" and given and not any(each.__class__ in (dict, list) for each in given)
        found = reading(self.environment.data, segments_of(given[0])) if plain else None
        if not plain or not isinstance(found, Reading):
            called = _named(node)
            merge(self.places, {called: Place(self.type_of(node), null=True, constants=constants)})
            return lambda world: world[called]
        path, default = ".".join(segments_of(given[0])), given[1] if len(given) > 1 else None
        absent, null = any(unit.absent for unit in found.units), any(unit.null for unit in found.units)
        merge(self.places, {path: Place(found.type, absent, null, path, constants)})
        return lambda world: default if (there := world[path]) is ABSENT else there

    def type_of(self, node: Any) -> Type:
        found = type_of(node, self.environment)
        return ANY if found.unknown or not found.kinds else union(found, NULL)


def _connected(name: str, parts: list[Test]) -> Test:
    if name == "and":
        return lambda world: all(part(world) for part in parts)
    if name == "or":
        return lambda world: any(part(world) for part in parts)
    if name in ("!", "!!"):
        wanted = name == "!!"
        return lambda world: bool(parts and parts[0](world)) is wanted
    return lambda world: _chosen(parts, world)


def _chosen(parts: list[Test], world: World) -> bool:
    for index in range(0, len(parts) - 1, 2):
        if parts[index](world):
            return parts[index + 1](world)
    return len(parts) % 2 == 1 and parts[-1](world)


def _constant(value: Any) -> Callable[[World], Any]:
    return lambda _: value


def _flat(given: list[Any]) -> list[Any]:
    return [each for part in given for each in (part if part.__class__ is list else [part])]


def _named(node: Any) -> str:
    """The name of a place that is no path: two that are written alike are one."""
    return "?" + json.dumps(node, sort_keys=True)
