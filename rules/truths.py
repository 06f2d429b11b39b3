"""Which answers a comparison may give, by the types of its sides, in any of the engines where one of them is null."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from rules.results import span_of
from rules.types import SCALARS, Type, Value

Truths = frozenset[bool]

EITHER: Truths = frozenset({True, False})
ONLY_FALSE: Truths = frozenset({False})
ONLY_TRUE: Truths = frozenset({True})
_EMPTY_AS_ZERO = (("number", 0), ("boolean", False), ("text", ""))
"""What loose engines find equal to null."""


def equal(left: Type, right: Type, *, strictly: bool) -> Truths:
    """Of `==` and `===`."""
    if left.kinds == right.kinds == {"null"}:
        return ONLY_TRUE
    return EITHER if _may_equal(left, right, strictly=strictly) else ONLY_FALSE


def _may_equal(left: Type, right: Type, *, strictly: bool) -> bool:
    if "null" in left.kinds and "null" in right.kinds:
        return True
    sides = ((left, right), (right, left))
    if not strictly and any("null" in one.kinds and _may_be(other, _EMPTY_AS_ZERO) for one, other in sides):
        return True
    mine, theirs = left.kinds & SCALARS, right.kinds & SCALARS
    if not mine or not theirs:
        return False
    if left.values is not None and right.values is not None and mine == theirs and len(mine) == 1:
        return bool(left.values & right.values)
    return True


def _may_be(side: Type, values: Sequence[Value]) -> bool:
    return any(
        kind in side.kinds
        and (side.values is None or (kind, value) in side.values)
        and (kind != "number" or side.low <= value <= side.high)
        for kind, value in values
    )


def ordered(name: str, given: Sequence[Type]) -> Truths:
    """Of `<`, `<=`, `>`, `>=`: null counts as 0, and as nothing."""
    return frozenset({False} | {all(_ordered(name, one, other) for one, other in pairwise(given))})


def _ordered(name: str, left: Type, right: Type) -> bool:
    (low, high), (least, most) = span_of(left), span_of(right)
    if name in (">", ">="):
        low, high, least, most = least, most, low, high
    return low < most if name in ("<", ">") else low <= most


def inside(needle: Type, hay: Type, text: Any = None) -> Truths:
    """Of `in`; `text`: the text in which it is looked for, where it is written out. Null is looked for as "null"."""
    if "list" in hay.kinds:
        element = hay.inner()
        if "null" in needle.kinds and "null" in element.kinds:
            return EITHER
        return ONLY_FALSE if needle.kinds == {"null"} else EITHER
    if "text" not in hay.kinds and "time" not in hay.kinds:
        return ONLY_FALSE
    if needle.kinds == {"null"} and text.__class__ is str:
        return frozenset({"null" in text})
    return EITHER
