"""The equalities and thresholds that must hold for a rule to hold: what an index files the rule under."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from rules.nodes import operation
from rules.values import segments_of, truthy

Constant = str | int | float
Equality = tuple[str, frozenset[Constant]]
"""A variable's path, and what stands there."""
Threshold = tuple[str, str, float]
"""A variable's path, how it compares (`<`, `<=`, `>`, `>=`), and the number on the other side."""
_CONSTANTS = (str, int, float)
_NUMBERS = (int, float)
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def equalities(rule: Any) -> list[Equality]:
    """Pairs of a variable path and constants, in reading order: where `rule` holds, the value at the path is one of them.

    Only texts and numbers are told, and they are meant strictly: a loose `==` may also hold for a value of another type, so
    data in which something other than null stands at the path that has not the type of a constant must be judged by the rule
    itself. `rule` has passed preflight.
    """
    if rule.__class__ is not dict:
        return []
    name, arguments = operation(rule)
    if name in ("==", "==="):
        return _compared(*arguments)
    if name == "in":
        return _listed(*arguments)
    if name == "or":
        return _shared([equalities(argument) for argument in arguments])
    return [found for argument in _required(name, arguments) for found in equalities(argument)]


def thresholds(rule: Any) -> list[Threshold]:
    """Comparisons of a variable with a number that must hold where `rule` does, in reading order.

    An absent value or null counts as 0 in them; data in which a text, a boolean or more stands there must be judged by the rule
    itself. `rule` has passed preflight.
    """
    if rule.__class__ is not dict:
        return []
    name, arguments = operation(rule)
    if name in _TURNED:
        return [found for left, right in pairwise(arguments) for found in _threshold(name, left, right)]
    return [found for argument in _required(name, arguments) for found in thresholds(argument)]


def _threshold(name: str, left: Any, right: Any) -> list[Threshold]:
    if left.__class__ in _NUMBERS:
        name, left, right = _TURNED[name], right, left
    path = _path(left)
    return [(path, name, right)] if path and right.__class__ in _NUMBERS else []


def _required(name: str, arguments: list[Any]) -> list[Any]:
    """Those arguments that must hold for the whole to hold."""
    if name in ("and", "!!"):
        return arguments
    if name in ("if", "?:") and len(arguments) == 3 and _never(arguments[2]):  # noqa: PLR2004 - test, then, else
        return arguments[:2]
    return []


def _never(node: Any) -> bool:
    return node.__class__ not in (dict, list) and not truthy(node)


def _compared(left: Any, right: Any) -> list[Equality]:
    if left.__class__ in _CONSTANTS:
        left, right = right, left
    path = _path(left)
    return [(path, frozenset((right,)))] if path and right.__class__ in _CONSTANTS else []


def _listed(needle: Any, haystack: Any) -> list[Equality]:
    path = _path(needle)
    if not path or haystack.__class__ is not list or any(choice.__class__ not in _CONSTANTS for choice in haystack):
        return []
    return [(path, frozenset(haystack))]


def _path(node: Any) -> str | None:
    """The path of a variable that has no default: with one, an absent value may equal the text."""
    if node.__class__ is not dict:
        return None
    name, arguments = operation(node)
    if name != "var" or len(arguments) != 1 or arguments[0].__class__ in (dict, list):
        return None
    return ".".join(segments_of(arguments[0])) or None


def _shared(ways: list[list[Equality]]) -> list[Equality]:
    """One of the ways is taken: paths that every way tells, with the constants of all."""
    return [
        (path, frozenset[Constant]().union(*(_constants(way, path) for way in ways)))
        for path in dict.fromkeys(path for path, _ in ways[0])
        if all(any(path == other for other, _ in way) for way in ways)
    ]


def _constants(way: list[Equality], path: str) -> frozenset[Constant]:
    """Of several equalities on one path the tightest: "" equals both "" and 0, so what they share says nothing."""
    return min((constants for other, constants in way if other == path), key=len)
