"""Webhooks: asked again until they are answered or their time is over; one answer, one way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.domain.calls import admitted
from orchestrator.domain.campaign import END, Campaign, Node, Pattern, Reentry, Steps, Value, Wait, Webhook
from orchestrator.domain.decide import Decided, decide, newcomer
from orchestrator.domain.input import EndRuns, Event, HandOff, Outcome, Permit, ProfileInput, Refusal, Timer, Visit
from orchestrator.domain.limits import SAVED_BYTES
from orchestrator.domain.moment import Controls, enrolment_view
from orchestrator.domain.profile import Call, Run
from orchestrator.domain.program import Program, Wheel
from rules import compile_condition

START, SECOND, HOUR = 1_750_000_000_000, 1_000, 3_600_000
CODE = Value(expression=compile_condition({"var": "event.properties.code"}))
ASK = Webhook("codes", {"kind": Value("TEN"), "deep": [{"code": CODE}]}, "coupon", HOUR)


def campaign(**settings: Any) -> Campaign:
    nodes = (Node("ask", ASK, 1, 2), Node("yes", Wait(Value(HOUR)), END, END), Node("no", Wait(Value(HOUR)), END, END))
    on = (Pattern("c/on/0", event="Opened"),)
    return Campaign("c", "a", Steps("v", nodes, 0), on, cls="transactional", reentry=Reentry(0), **settings)


class Shop:
    """One customer, whose run asks at once."""

    def __init__(self, controls: Controls = Controls(), **settings: Any) -> None:  # noqa: B008 - frozen
        self.program = Program("p", Wheel("a", ("a",)), campaigns={"c": campaign(**settings)})
        self.profile, self.controls = newcomer(self.program, START, "u:ada"), controls
        self.begun = self.give(Event("m", START, name="Opened", user_id="ada", properties={"code": 7}))

    def give(self, given: ProfileInput, after: int = 0) -> Decided:
        return decide(self.program, self.controls, self.profile, given, START + after)

    def asked(self, after: int = 0) -> Decided:
        return self.give(HandOff(self.call.id, Permit(START + after + 700)), after)

    def says(self, result: str, after: int = 1, **more: Any) -> Decided:
        return self.give(Outcome(self.ident, result, **more), after)

    @property
    def call(self) -> Call:
        return self.profile.calls[0]

    @property
    def ident(self) -> str:
        return self.begun.decision.calls[0].id

    @property
    def run(self) -> Run:
        return self.profile.runs[0]


def told(decided: Decided) -> list[tuple[str, str | None]]:
    return [(call.state, call.reason) for call in decided.decision.calls]


def ways(decided: Decided) -> list[tuple[str, str]]:
    return [(step.step, step.way) for step in decided.decision.steps]


def test_a_call_has_its_body_from_the_beginning_and_asks_for_leave() -> None:
    shop = Shop()
    assert shop.call.body == {"kind": "TEN", "deep": [{"code": 7}]}
    assert shop.begun.decision.cleared == [shop.ident]
    asked = shop.asked()
    assert told(asked) == [("attempting", None)]
    assert [attempt.not_after for attempt in asked.decision.attempts] == [START + 700]


def test_an_answer_is_saved_and_the_run_takes_its_then() -> None:
    shop = Shop()
    shop.asked()
    answered = shop.says("accepted", answer={"code": "X"})
    assert (told(answered), ways(answered)) == ([("answered", None)], [("ask", "then"), ("yes", "waits")])
    assert enrolment_view(shop.run)["coupon"] == {"code": "X"}
    assert shop.profile.calls == []


def test_nothing_said_is_an_empty_object() -> None:
    shop = Shop()
    shop.asked()
    shop.says("accepted")
    assert shop.run.saved == {"coupon": {}}


@pytest.mark.parametrize("result", ["not_sent", "in_doubt"])
def test_without_an_answer_it_is_asked_again_after_waits_that_double(result: str) -> None:
    shop, at, waits = Shop(), 0, []
    for _ in range(9):
        shop.asked(at)
        again = shop.says(result, at)
        assert told(again) == [("planned", "again")]
        assert again.due is not None
        waits.append((again.due - START - at) // SECOND)
        at = again.due - START
        shop.give(Timer(START + at), at)
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_it_is_never_in_doubt_and_lost_answers_are_asked_for_again() -> None:
    shop = Shop()
    due = shop.asked().due
    assert due == START + 700 + 60_000
    assert told(shop.give(Timer(due), due - START)) == [("planned", "again")]


def test_a_wish_to_wait_longer_is_heard() -> None:
    shop = Shop()
    shop.asked()
    assert shop.says("not_sent", retry_at=START + 90 * SECOND).due == START + 90 * SECOND


def test_when_its_time_is_over_the_run_takes_its_else() -> None:
    shop = Shop()
    shop.asked()
    shop.says("in_doubt", HOUR - 2 * SECOND)
    assert shop.call.due == START + HOUR
    over = shop.give(Timer(START + HOUR), HOUR)
    assert told(over) == [("expired", "expiry")]
    assert ways(over) == [("ask", "otherwise"), ("no", "waits")]


def test_an_answer_at_the_end_of_its_time_is_too_late() -> None:
    shop = Shop()
    shop.asked(HOUR - 10)
    assert shop.call.due == START + HOUR
    assert told(shop.says("accepted", HOUR, answer={})) == [("expired", "expiry")]


def test_a_late_answer_to_an_earlier_attempt_is_the_answer() -> None:
    shop = Shop()
    shop.asked()
    shop.says("in_doubt")
    late = shop.says("accepted", 2 * SECOND, answer={"code": "X"})
    assert (told(late), ways(late)[0]) == ([("answered", None)], ("ask", "then"))
    doubled = shop.says("accepted", 3 * SECOND, answer={"code": "Y"})
    assert (told(doubled), shop.run.saved) == ([], {"coupon": {"code": "X"}})


def test_a_refusal_ends_it() -> None:
    shop = Shop()
    shop.asked()
    refused = shop.says("refused", kind="reject")
    assert (told(refused), ways(refused)[0]) == ([("refused", "reject")], ("ask", "otherwise"))


def test_an_answer_that_a_run_cannot_keep_is_a_refusal() -> None:
    shop = Shop()
    shop.asked()
    assert told(shop.says("accepted", answer={"x": "y" * SAVED_BYTES})) == [("refused", "answer")]


@pytest.mark.parametrize("controls", [Controls(kill=True), Controls(paused=True), Controls(channels=frozenset({"webhook"}))])
def test_the_switches_hold_it_until_they_end(controls: Controls) -> None:
    shop = Shop(controls)
    if controls.paused:
        assert shop.run.state == "paused"
        return
    assert shop.begun.decision.cleared == []
    assert shop.begun.due == START + HOUR
    shop.controls = Controls()
    assert shop.give(Visit("visit"), 5).decision.cleared == [shop.ident]


def test_no_leave_now_is_a_wait() -> None:
    shop = Shop()
    refused = shop.give(HandOff(shop.ident, Refusal("permit", START + 2 * SECOND)))
    assert (told(refused), refused.due) == ([("planned", "permit")], START + 2 * SECOND)
    killed = Shop().give(HandOff(shop.ident, Refusal("kill")))
    assert (told(killed), killed.due) == ([("planned", "kill")], START + HOUR)


def test_the_end_of_its_run_ends_it() -> None:
    shop = Shop()
    shop.give(HandOff(shop.ident, Refusal("permit", START + 2 * SECOND)))
    assert told(shop.give(EndRuns("operator"), 1)) == [("cancelled", "operator")]
    assert shop.profile.calls == []


@pytest.mark.parametrize(
    ("result", "end"), [("accepted", ("answered", None)), ("refused", ("refused", None)), ("in_doubt", ("cancelled", "ended"))]
)
def test_what_is_on_the_wire_ends_there_and_is_not_asked_again(result: str, end: tuple[str, str | None]) -> None:
    shop = Shop()
    shop.asked()
    assert told(shop.give(EndRuns("operator"), 1)) == []
    heard = shop.says(result, 2)
    assert (told(heard), ways(heard), shop.profile.calls) == ([end], [], [])


def test_while_is_asked_before_the_first_time_only() -> None:
    while_ = compile_condition({"!=": [{"var": "profile.traits.left"}, True]})
    for asked in (False, True):
        shop = Shop(while_=while_)
        if asked:
            shop.asked()
            shop.says("in_doubt", 0)
        else:
            shop.give(HandOff(shop.ident, Refusal("permit", START + 5 * SECOND)))
        shop.profile.traits["left"] = True
        looked = shop.give(Timer(START + 5 * SECOND), 5 * SECOND)
        assert told(looked) == ([("planned", None)] if asked else [("cancelled", "while")])


def test_it_has_acted_so_nothing_restarts_it() -> None:
    shop = Shop(restart=True)
    again = shop.give(Event("n", START + 1, name="Opened", user_id="ada"), 1)
    assert [(entry.outcome, entry.reason) for entry in again.decision.entries] == [("not_entered", "live")]


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ({}, True),
        ({"code": "X", "n": [1, 2.5, None, True]}, True),
        ({"n": 2**53 + 1}, False),
        ({"n": float("nan")}, False),
        ({"s": "\ud800"}, False),
        ({"s": "x" * SAVED_BYTES}, False),
        ([1], False),
        ("x", False),
    ],
)
def test_what_a_run_may_keep(answer: Any, kept: bool) -> None:  # noqa: FBT001
    assert admitted(answer) is kept


def test_nesting_without_end_is_not_kept() -> None:
    deep: dict[str, Any] = {}
    for _ in range(40):
        deep = {"a": deep}
    assert not admitted(deep)


def test_the_end_of_its_campaign_ends_it() -> None:
    for visited in (False, True):
        shop = Shop()
        shop.give(HandOff(shop.ident, Refusal("permit", START + 2 * SECOND)))
        shop.program = replace(shop.program, campaigns={}, pinned={"v": campaign().steps})
        looked = shop.give(Visit("visit") if visited else Timer(START + 2 * SECOND), 2 * SECOND)
        assert (told(looked), shop.profile.runs) == ([("cancelled", "removed")], [])
