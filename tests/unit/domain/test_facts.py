"""What a null does to a trait, what an emitted event must have, and what `while` can read at the entry."""

from __future__ import annotations

from typing import Any

from orchestrator.domain.calendar import iso
from orchestrator.domain.campaign import Campaign, Emit, Exit, Node, Pattern, Reentry, SetTraits, Steps, Value, Verb
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Event
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import Profile
from orchestrator.domain.program import EventType, Program, Wheel
from rules import compile_condition

START = 1_750_000_000_000


def program(*verbs: Verb, while_: Any = None, required: frozenset[str] = frozenset()) -> Program:
    """One campaign on `Seen`, with these steps."""
    nodes = tuple(Node(str(n), verb, n + 1 if n + 1 < len(verbs) else -1) for n, verb in enumerate(verbs))
    condition = None if while_ is None else compile_condition(while_)
    on = (Pattern("c/on/0", event="Seen"),)
    campaign = Campaign("c", "a", Steps("v", nodes, 0), on, reentry=Reentry(0), while_=condition)
    events = {"Big": EventType("Big", required=required)}
    return Program("p", Wheel("a", ("a",)), events=events, campaigns={"c": campaign}, never_null=frozenset({"age"}))


def seen(what: Program, profile: Profile | None = None, **more: Any) -> tuple[Profile, Decision]:
    one = profile or newcomer(what, START, "u:ada")
    event = Event(f"m{one.seq}", START, name="Seen", user_id="ada", received_at=START, **more)
    return one, decide(what, Controls(), one, event, START).decision


def test_null_takes_away_a_trait_that_is_never_null_and_stays_in_one_that_may_be() -> None:
    what = program(Exit())
    profile, _ = seen(what, traits={"age": 3, "plan": "gold"})
    seen(what, profile, traits={"age": None, "plan": None})
    assert profile.traits == {"plan": None}


def test_a_step_that_sets_null_takes_the_trait_away_too() -> None:
    profile, _ = seen(program(SetTraits({"age": Value(None)})), traits={"age": 3})
    assert profile.traits == {}


def test_an_event_without_what_it_must_have_is_not_emitted() -> None:
    what = program(Emit("Big", properties={"n": Value(None)}), required=frozenset({"n"}))
    _, decision = seen(what)
    assert decision.inputs == []
    assert decision.dropped == ["c 0: no Big, its n would be empty"]
    _, decision = seen(program(Emit("Big", properties={"n": Value(0)}), required=frozenset({"n"})))
    assert len(decision.inputs) == 1


def test_while_reads_the_run_that_would_begin() -> None:
    rule = {"==": [{"var": "enrolment.entered_at"}, iso(START)]}
    _, decision = seen(program(Exit(), while_=rule))
    assert [entry.outcome for entry in decision.entries] == ["entered"]
