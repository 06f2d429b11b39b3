"""Each change of a message is counted for its campaign once, whatever round it takes to its end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from orchestrator.delivery.governor import Governor
from orchestrator.domain.campaign import Campaign, Node, Pattern, Reentry, Send, Steps
from orchestrator.domain.input import Event, Outcome, Receipt
from orchestrator.domain.moment import Controls
from orchestrator.domain.policies import Policies, Topic
from orchestrator.domain.program import Program, Wheel
from orchestrator.partition.engine import Engine
from orchestrator.partition.live import Answered, Arrival, Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.stores.memory import MemoryFile

START = 1_750_000_000_000
STEPS = Steps("v", (Node("0", Send("t", ("email",))),), 0)
CAMPAIGN = Campaign("c", "a", STEPS, (Pattern("on", event="E"),), topic="news", reentry=Reentry(0))


def engine(campaign: Campaign = CAMPAIGN, *, assumed: bool = True, rate: int = 100) -> Live:
    policies = Policies({"news": Topic("news", assumed=assumed)})
    program = Program("p", Wheel("a", ("a",)), policies=policies, campaigns={"c": campaign})
    outbox, governor = Outbox(), Governor(rates={"email": rate})
    around = Surroundings(program, governor, outbox, Controls(addresses=False))
    return Live(Engine([MemoryFile().partition(0)], around), outbox)


def happens(live: Live, number: int, at: int = START, *, result: str = "accepted", **given: Any) -> None:
    event = Event(f"m{at}-{number}", given.pop("occurred_at", at), name="E", user_id=f"u{number}", received_at=at, **given)
    answers(live, live.turn([Arrival(0, event)], [], at, caught_up=True), at, result)


def answers(live: Live, turn: Any, at: int, result: str = "accepted") -> None:
    answered = [Answered(one.key, Outcome(one.message_id, result, retry_at=at + 1_000)) for one in turn.outgoing]
    live.turn([], answered, at, caught_up=True)


def counted(live: Live) -> dict[str, float]:
    found = [one for one in live.counts.readings() if one.metric.name.startswith("orchestrator_campaign_") and one.value]
    names = {one.metric.name.removeprefix("orchestrator_campaign_").removesuffix("_total"): one for one in found}
    return {" ".join([name, *list(one.labels.values())[1:]]): one.value for name, one in names.items()}


def test_a_campaign_stands_at_nothing_before_its_first_trigger() -> None:
    assert {one.value for one in engine().counts.readings()} == {0}
    assert {one.labels["campaign"] for one in engine().counts.readings()} == {"c"}


def test_a_message_that_is_taken() -> None:
    live = engine()
    happens(live, 1)
    assert counted(live) == {"triggered": 1, "planned": 1, "sent": 1}


def test_one_that_waits_for_leave_is_planned_and_sent_once() -> None:
    live = engine(rate=1)
    for number in range(3):
        happens(live, number)
    for second in range(1, 5):
        at = START + 1_000 * second
        answers(live, live.turn([], [], at, caught_up=True), at)
    assert counted(live) == {"triggered": 3, "planned": 3, "sent": 3}


def test_one_that_is_refused_and_one_in_doubt_of_which_a_receipt_is_heard() -> None:
    live = engine()
    happens(live, 1, result="refused")
    assert counted(live) == {"triggered": 1, "planned": 1, "errors refused": 1}
    live = engine()
    turn = live.turn([Arrival(0, Event("m", START, name="E", user_id="u", received_at=START))], [], START, caught_up=True)
    (one,) = turn.outgoing
    live.turn([], [Answered(one.key, Outcome(one.message_id, "in_doubt"))], START, caught_up=True)
    live.turn([], [Answered(one.key, Receipt(one.message_id, "r", "delivered", START, "email"))], START, caught_up=True)
    assert counted(live) == {"triggered": 1, "planned": 1, "errors in_doubt": 1, "sent": 1}


def test_one_that_did_not_leave_and_goes_again_is_planned_once() -> None:
    live = engine()
    happens(live, 1, result="not_sent")
    answers(live, live.turn([], [], START + 1_000, caught_up=True), START + 1_000)
    assert counted(live) == {"triggered": 1, "planned": 1, "sent": 1}


def test_what_never_goes_out_says_by_which_gate() -> None:
    live = engine(assumed=False)
    happens(live, 1)
    assert counted(live) == {"triggered": 1, "planned": 1, "suppressed consent": 1}


def test_who_is_held_out_is_sent_nothing() -> None:
    live = engine(replace(CAMPAIGN, holdout=10_000))
    happens(live, 1)
    assert counted(live) == {"triggered": 1, "held_out": 1}


def test_a_trigger_that_begins_nothing_says_why() -> None:
    live = engine()
    happens(live, 1, backfill=True)
    assert counted(live) == {"not_entered age": 1}
