"""What a condition reads, by the names that people know it by."""

from __future__ import annotations

from typing import Literal

from orchestrator.insight.reading.tongue import Tongue

Scope = Literal["", "element", "fold"]
"""Where a variable is read: the whole input, one element of a list, or a fold over one."""

_FIXED = {
    "event": "event_whole",
    "item": "element",
    "now": "now",
    "profile.segments": "segments",
    "stage.current": "stage_current",
    "stage.previous": "stage_previous",
    "stage.since": "stage_since",
    "stage.turns": "stage_turns",
}
_UNDER = (
    ("event.properties.", "event"),
    ("event.", "event"),
    ("item.", "item"),
    ("profile.traits.", "trait"),
    ("profile.features.", "feature"),
    ("profile.", "profile"),
    ("stage.", "stage"),
    ("enrolment.", "enrolment"),
)
"""The longer beginnings first."""


def variable(path: str, tongue: Tongue, scope: Scope = "") -> str:
    """The words for the value at `path`."""
    if scope == "fold":
        return _in_fold(path, tongue)
    if scope == "element":
        return tongue.say("element_of", path) if path else tongue.say("element")
    if not path:
        return tongue.say("everything")
    if path in _FIXED:
        return tongue.say(_FIXED[path])
    for start, phrase in _UNDER:
        if path.startswith(start) and len(path) > len(start):
            return tongue.say(phrase, path[len(start) :])
    return tongue.say("other", path)


def _in_fold(path: str, tongue: Tongue) -> str:
    if path == "accumulator":
        return tongue.say("so_far")
    return variable(path.removeprefix("current").removeprefix("."), tongue, "element")
