"""When a wait is over at once."""

from __future__ import annotations

import pytest

from orchestrator.domain.calendar import iso
from orchestrator.domain.campaign import Campaign, Node, Pattern, Steps, Value, Wait
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.input import Event
from orchestrator.domain.moment import Controls
from orchestrator.domain.program import Program, Wheel

START = 1_750_000_000_000


def way(until: object, past: str) -> str:
    """How a run leaves its first step, a wait until then."""
    wait = Wait(until=Value(until), past=past)  # type: ignore[arg-type]
    campaign = Campaign("c", "a", Steps("v", (Node("wait", wait),), 0), (Pattern("c/on/0", event="Seen"),))
    program = Program("p", Wheel("a", ("a",)), campaigns={"c": campaign})
    event = Event("m", START, name="Seen", user_id="ada", received_at=START)
    return decide(program, Controls(), newcomer(program, START, "u:ada"), event, START).decision.steps[0].way


@pytest.mark.parametrize(
    ("until", "past", "expected"),
    [
        (iso(START + 1), "exit", "waits"),
        (iso(START), "exit", "then"),
        (iso(START - 1), "exit", "past"),
        (iso(START - 1), "continue", "then"),
        ("tomorrow", "exit", "past"),
        (None, "continue", "then"),
    ],
)
def test_an_instant_is_past_when_it_is_earlier_than_now(until: object, past: str, expected: str) -> None:
    assert way(until, past) == expected
