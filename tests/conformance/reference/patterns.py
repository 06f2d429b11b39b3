"""Patterns: does this input match what a campaign, an exit, a goal or a `wait_for` names?"""

from __future__ import annotations

from typing import Any

from tests.conformance.reference.facts import keys_of, same, scope_of
from tests.conformance.reference.logic import holds
from tests.conformance.reference.times import needed


def listed(patterns: Any) -> list[dict[str, Any]]:
    """A list means any of them; one alone is a list of one."""
    if patterns is None:
        return []
    return patterns if isinstance(patterns, list) else [patterns]


def keys_of_run(workspace: dict[str, Any], run: dict[str, Any], key: str) -> list[Any]:
    """What a run has under this key: its own, or else what its trigger carries."""
    if key == run["key_name"]:
        return [run["key"]]
    return [] if run["trigger"] is None else keys_of(workspace, run["trigger"], key)


def counts(run: dict[str, Any], event: dict[str, Any]) -> bool:
    """Whether an event may count for a run's goal, exit or wait_for.

    The trigger itself never does; of events processed before it those that occurred strictly later, of those processed after
    it those at or after.
    """
    if event["seq"] == run["trigger_seq"]:
        return False
    if event["seq"] < run["trigger_seq"]:
        return bool(event["at"] > run["trigger_at"])
    return bool(event["at"] >= run["trigger_at"])


def answers(
    workspace: dict[str, Any],
    profile: dict[str, Any],
    run: dict[str, Any],
    pattern: dict[str, Any],
    event: dict[str, Any],
    now: int,
) -> bool:
    """Whether an event matches an event pattern of a run: name, time, key, `if`."""
    if pattern.get("event") != event["name"] or event["name"] is None or not counts(run, event):
        return False
    if "key" in pattern:
        mine, theirs = keys_of_run(workspace, run, pattern["key"]), keys_of(workspace, event, pattern["key"])
        if not any(same(left, right) for left in mine for right in theirs):
            return False
    return holds(pattern.get("if"), scope_of(workspace, profile, now, event=event, run=run))


def entered(pattern: dict[str, Any], moved_to: str | None) -> bool:
    """Whether a stage pattern names the stage that this input entered."""
    if "stage" not in pattern or moved_to is None:
        return False
    return moved_to in (pattern["stage"] if isinstance(pattern["stage"], list) else [pattern["stage"]])


def in_time(pattern: dict[str, Any], run: dict[str, Any], now: int) -> bool:
    """`within` of a goal counts from entry; from the clock's entry + D on it is measured no more."""
    return "within" not in pattern or now < run["entered"] + needed(pattern["within"])
