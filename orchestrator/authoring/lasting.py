"""Segments whose condition can only turn one way, because what it counts only grows: nobody leaves them, or nobody comes."""

from __future__ import annotations

from typing import Any, NamedTuple

from orchestrator.authoring.document import Spot
from orchestrator.authoring.limits import SEGMENTS_DEPTH
from orchestrator.authoring.scope import Scope
from rules import preflight
from rules.nodes import operation
from rules.values import segments_of

_GROWING = ("count", "distinct")
"""Kinds of features that only grow where they have no window."""
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class Turns(NamedTuple):
    """Whether a condition can turn true, and whether it can turn false, after a profile's beginning."""

    rises: bool
    falls: bool


_NEITHER, _BOTH, _UP, _DOWN = Turns(False, False), Turns(True, True), Turns(True, False), Turns(False, True)  # noqa: FBT003


def turns_of(name: str, scope: Scope, depth: int = 0) -> Turns:
    """How the membership in a segment can turn."""
    document = scope.files.one("segments")
    written = document.root.at(name, "if").value if document is not None else None
    condition = {"and": written} if isinstance(written, list) else written
    return _BOTH if depth > SEGMENTS_DEPTH or preflight(condition) else _turns(condition, scope, depth)


def _turns(rule: Any, scope: Scope, depth: int) -> Turns:
    if not isinstance(rule, dict):
        return _NEITHER
    name, given = operation(rule)
    if name in ("and", "or", "!!"):
        parts = [_turns(part, scope, depth) for part in given]
        return Turns(any(part.rises for part in parts), any(part.falls for part in parts))
    if name == "!":
        inner = _turns(given[0], scope, depth)
        return Turns(inner.falls, inner.rises)
    if name == "segment" and isinstance(given[0], str):
        return turns_of(given[0], scope, depth + 1)
    if name in _MIRRORED and len(given) == 2:  # noqa: PLR2004 - two sides
        left, right = given
        return _compared(name, left, right, scope) if isinstance(left, dict) else _compared(_MIRRORED[name], right, left, scope)
    return _BOTH


def _compared(name: str, read: Any, number: Any, scope: Scope) -> Turns:
    if not isinstance(number, int | float) or isinstance(number, bool) or not _grows(read, scope):
        return _BOTH
    if name in (">", ">="):
        return _UP
    if name in ("<", "<="):
        return _DOWN
    if number == 0:
        return _DOWN if name == "==" else _UP
    return _BOTH


def _grows(read: Any, scope: Scope) -> bool:
    """Whether the value that a `var` reads begins with 0 and only grows."""
    name, given = operation(read) if isinstance(read, dict) else ("", [])
    path = segments_of(given[0]) if name == "var" and given and isinstance(given[0], str) else ()
    if path == ("stage", "turns"):
        return True
    feature = scope.features.get(path[2]) if path[:2] == ("profile", "features") and len(path) == 3 else None  # noqa: PLR2004
    return feature is not None and feature.kind in _GROWING and feature.over_days is None


def check_crossing(spot: Spot, *, entered: bool, scope: Scope) -> None:
    """Report a pattern that waits for a crossing that there is not."""
    turns = turns_of(spot.value, scope)
    if entered and not turns.rises:
        message = f"nobody comes into the segment `{spot.value}`: who is ever in it is so from the beginning, which is no entry"
        scope.report.add("W516", spot.place, message, "start with the event that you mean, or wait until it is `left`")
    if not entered and not turns.falls:
        message = f"nobody leaves the segment `{spot.value}`: what its condition counts only grows"
        scope.report.add("W516", spot.place, message, "give its features a window (`over`), or use another segment")
