"""When a wait is over at once, and what `event` is inside."""

from __future__ import annotations

import pytest

from orchestrator.domain.calendar import iso
from orchestrator.domain.campaign import Campaign, Node, Pattern, SetTraits, Steps, Value, Wait, WaitFor
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.input import Event
from orchestrator.domain.moment import Controls
from orchestrator.domain.program import Program, Transition, Wheel
from rules import compile_condition

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


def test_event_is_the_answer_of_the_innermost_wait_that_an_event_answered() -> None:
    outer = WaitFor((Pattern("c/0/0", event="Chosen"),), 1_000)
    inner = WaitFor((Pattern("c/1/0", stages=("b",)),), 1_000)
    keep = SetTraits({"kept": Value(expression=compile_condition({"var": "event.properties.n"}))})
    nodes = (Node("0", outer, 1), Node("1", inner, 2, answer_of=0), Node("2", keep, answer_of=1))
    campaign = Campaign("c", "a", Steps("v", nodes, 0), (Pattern("c/on/0", event="Seen"),))
    wheel = Wheel("a", ("a", "b"), (), (Transition(frozenset("a"), "b", Pattern("w", event="Moved")),))
    program, profile = Program("p", wheel, campaigns={"c": campaign}), None
    for number, name in enumerate(("Seen", "Chosen", "Moved")):
        profile = profile or newcomer(program, START, "u:ada")
        event = Event(name, START + number, name=name, user_id="ada", received_at=START, properties={"n": number})
        decide(program, Controls(), profile, event, START + number)
    assert profile is not None
    assert profile.traits == {"kept": 1}
