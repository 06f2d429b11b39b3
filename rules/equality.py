"""What may be compared for equality, and what can never be equal."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from rules.problems import Path, Problem, near
from rules.types import SCALARS, Type, kind_of, without_null
from rules.wording import place_of, shown, told

_MARKS = {"number": "write the number without quotes", "text": "write the text in quotes", "boolean": "write true or false"}


class Part(Protocol):
    """A part of a rule, and where it stands."""

    @property
    def rule(self) -> Any: ...
    @property
    def path(self) -> Path: ...


class _Here(NamedTuple):
    rule: Any
    path: Path


Side = tuple[Part, Type]


def comparable(name: str, left: Side, right: Side, whole: Part) -> list[Problem]:
    """Why two sides are not compared in the portable fragment: not scalars of one kind, or never equal."""
    for part, found in (left, right):
        if found.unknown:
            return []
        if not found.kinds <= SCALARS | {"null"} and found.kinds:
            fix = (
                "look into it with `in`, `contains`, `any_of` or `count`" if "list" in found.kinds else "compare what is in it"
            )
            return [_problem(part, f"`{name}` compares single values, and {shown(part.rule)} is {told(found)}", fix)]
    for part, found in (left, right):
        if "time" in found.kinds:
            return [_problem(part, f"`{name}` compares no dates", "use `before`, `after` or `days_between`")]
    if "null" in left[1].kinds | right[1].kinds and left[1].kinds != right[1].kinds:
        part = left[0] if "null" in left[1].kinds else right[0]
        return [_problem(part, f"{shown(part.rule)} may be null", "give `if` a last value")]
    return _never(left, right, whole)


def _never(left: Side, right: Side, whole: Part) -> list[Problem]:
    one, other = (left, right) if _constant(right[0]) or not _constant(left[0]) else (right, left)
    part, found = other
    if not one[1].kinds or not found.kinds:
        return []
    if not one[1].kinds & found.kinds:
        fix = next((fix for kind, fix in _MARKS.items() if kind in one[1].kinds), "")
        message = f"{shown(one[0].rule)} is {told(one[1])}, and never equals {shown(part.rule)}, {told(found)}"
        return [_problem(part if _constant(part) else whole, message, fix)]
    if not _constant(part):
        return []
    value = (kind_of(part.rule), part.rule)
    if one[1].values is not None and value not in one[1].values:
        words = tuple(str(word) for kind, word in one[1].values if kind == value[0])
        return [_problem(part, f"{shown(one[0].rule)} is never {shown(part.rule)}", near(str(part.rule), words), "never")]
    if value[0] == "number" and not one[1].low <= part.rule <= one[1].high:
        bounds = f"from {one[1].low:g} to {one[1].high:g}"
        return [_problem(part, f"{shown(one[0].rule)} is never {part.rule}: it goes {bounds}", "write another number", "never")]
    return []


def listed(needle: Side, hay: Side, whole: Part) -> list[Problem]:
    """Why the first side cannot be looked for in the second: a list of its kind, or a text."""
    part, found = hay
    if found.unknown or not found.kinds:
        return []
    if part.rule.__class__ is list:
        return _written_out(needle, part)
    if found.kinds == {"text"}:
        return _in_text(needle)
    if found.kinds != {"list"}:
        return [_problem(part, f"{shown(part.rule)} is {told(found)}: one looks in a list or in a text", "name a list")]
    element = found.inner()
    if element.kinds and element.kinds <= {"list", "object"}:
        return [_problem(part, f"{shown(part.rule)} is a list of {told(element)}s", "use `some`, and compare what is in it")]
    return _never((part, without_null(element)), needle, whole) if element.kinds <= SCALARS | {"null"} else []


def _in_text(needle: Side) -> list[Problem]:
    part, found = needle
    if found.unknown or found.kinds <= {"text"}:
        return []
    return [
        _problem(part, f"{shown(part.rule)} is {told(found)}, and is looked for in a text", "look for a text, or in a list")
    ]


def _written_out(needle: Side, part: Part) -> list[Problem]:
    """In a list that the rule writes out each element is compared; null among them is the author's own question."""
    elements = [_Here(element, (*part.path, index)) for index, element in enumerate(part.rule)]
    return [
        problem
        for here in elements
        if here.rule is not None and here.rule.__class__ is not dict
        for problem in comparable("in", needle, (here, Type(frozenset({kind_of(here.rule)}))), here)
    ]


def _constant(part: Part) -> bool:
    return part.rule.__class__ is not dict and part.rule.__class__ is not list


def _problem(part: Part, message: str, fix: str, kind: str = "type") -> Problem:
    return Problem(place_of(part.rule, part.path), message, fix, kind)
