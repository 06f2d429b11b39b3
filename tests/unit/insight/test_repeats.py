"""What a message asked for again and again is told once."""

from __future__ import annotations

from typing import Any

from orchestrator.insight.repeats import without_repeats


def entry(
    at: str, outcome: str = "waiting", message: str = "m", reason: str = "its turn", gate: str = "permit"
) -> dict[str, Any]:
    return {"at": at, "outcome": outcome, "message": message, "reason": reason, "gate": gate, "next_allowed": at + "+"}


def test_waits_for_a_turn_are_one_with_how_often_and_until_when() -> None:
    told = [entry("1"), entry("2", "planned"), entry("2"), entry("3", "planned"), entry("3"), entry("4", "attempting")]
    first, last = without_repeats(told)
    assert first == {**entry("1"), "times": 3, "last": "3", "next_allowed": "3+"}
    assert last == told[-1]


def test_what_waits_once_is_told_as_it_is() -> None:
    told = [entry("1", "planned"), entry("1"), entry("2", "planned"), entry("2", "accepted")]
    assert without_repeats(told) == told


def test_another_message_another_reason_and_another_gate_are_told_apart() -> None:
    told = [entry("1"), entry("1", message="n"), entry("2", reason="no governor"), entry("3", gate="quiet"), entry("4")]
    assert without_repeats(told) == told
    other = {"at": "2", "outcome": "entered", "reason": "by", "gate": None}
    assert without_repeats([entry("1"), other, entry("3")]) == [
        {**entry("1"), "times": 2, "last": "3", "next_allowed": "3+"},
        other,
    ]
