"""The send ledger: how a message is planned, waits, is attempted and ends; and what becomes of its run meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.domain.campaign import Pattern, Send, Value
from orchestrator.domain.chance import id_of
from orchestrator.domain.decision import Attempt
from orchestrator.domain.input import EndRuns, Event, Permit, Refusal, Timer
from orchestrator.domain.limits import AGAIN_MS, ANSWER_GRACE_MS, COUNTED_KEPT, SENT_KEPT
from orchestrator.domain.moment import Controls
from orchestrator.domain.policies import Cap, QuietHours
from orchestrator.domain.profile import Counted
from orchestrator.domain.program import EventType, KeyPath
from rules import Condition
from tests.unit.domain.ordering import HOUR, START, Ledger, changes, program


def test_what_is_planned_is_noted_cleared_and_known_to_its_run() -> None:
    ada = Ledger()
    message, (run,) = ada.message, ada.profile.runs
    assert (message.state, message.gate, message.cleared_at, message.due) == ("cleared", None, START, START + AGAIN_MS)
    assert (message.campaign, message.step, message.template, message.cls) == ("c", "first", "hello", "transactional")
    assert (message.channels, message.channel, message.priority, message.planned_at) == (["email", "sms"], "email", 7, START)
    assert (message.order, message.enrolment, message.event is not None) == (0, run.enrolment, True)
    assert (run.state, run.message, run.planned, run.sent) == ("send", message.id, True, {"first": message.id})
    assert ada.planned.cleared == [message.id]
    (change,) = ada.planned.messages
    assert (change.id, change.campaign, change.step, change.channel, change.template) == (
        message.id,
        "c",
        "first",
        "email",
        "hello",
    )
    assert (change.cls, change.planned_at, change.state, change.reason, change.until) == (
        "transactional",
        START,
        "planned",
        None,
        None,
    )
    assert ada.profile.planned == 1
    ada.order("p")
    assert (ada.profile.planned, ada.profile.messages[1].order, message.survey, message.topic) == (2, 1, None, None)


def test_what_a_template_is_given_is_read_of_the_run() -> None:
    def reads(readable: Any) -> Any:
        return [readable["event"]["properties"]["no"], readable["enrolment"]["entered_at"]]

    expression = Condition(rule={}, value=reads, holds=bool)
    send = Send("hello", ("email",), given={"code": Value("X"), "read": Value(expression=expression)}, survey="nps")
    ada = Ledger(program(send))
    assert ada.message.given == {"code": "X", "read": ["o", "2025-06-15T15:06:40.000Z"]}
    assert ada.message.survey == "nps"


def test_a_message_keeps_the_item_that_its_run_is_about_and_is_named_by_run_and_step() -> None:
    reads = Condition(rule={}, value=lambda readable: [readable["item"], readable["enrolment"]["key"]], holds=bool)
    live = program(Send("hello", ("email",), given={"line": Value(expression=reads)}))
    lines = EventType("Ordered", {"order": KeyPath(("properties", "lines", "id"), each=2)})
    one = replace(live.campaigns["c"], on=(Pattern("on", event="Ordered", each="order"),))
    ada = Ledger(replace(live, campaigns={"c": one}, events={"Ordered": lines}), lines=[{"id": "tea"}])
    (run,) = ada.profile.runs
    assert (ada.message.item, ada.message.given) == ({"id": "tea"}, {"line": [{"id": "tea"}, "tea"]})
    assert ada.message.id == id_of(run.enrolment, "first", "1")


@pytest.mark.parametrize(
    ("cls", "expires", "merge", "life"),
    [("transactional", None, None, 5), ("marketing", None, None, 3), ("marketing", 1, None, 1), ("marketing", 1, 2, 3)],
)
def test_a_message_lives_so_long_after_it_could_first_go(cls: str, expires: int | None, merge: int | None, life: int) -> None:
    send = Send("hello", ("email",), None if expires is None else expires * HOUR, merge=None if merge is None else merge * HOUR)
    ada = Ledger(program(send, cls, expires_transactional=5 * HOUR, expires_marketing=3 * HOUR))
    assert ada.message.expires_at == START + life * HOUR
    if merge is not None:
        assert changes(ada.planned) == [("planned", "joining", START + merge * HOUR)]
        assert ada.planned.messages[0].channel == "email"


def test_a_message_that_waits_or_is_stopped_is_told_on_the_channel_that_says_so() -> None:
    ada, end = Ledger(program(cls="marketing", quiet={"sms": QuietHours(15 * 60, 16 * 60)})), START + 3_200_000
    ada.profile.suppressed = {"email": "bounce"}
    ada.order("p")
    waits = ada.profile.messages[1]
    assert (waits.state, waits.channel, waits.gate, waits.due) == ("planned", "sms", "quiet", end)
    ada.profile.suppressed = {"sms": "stop", "email": "bounce"}
    (stopped, *_) = ada.order("q").messages
    assert (stopped.state, stopped.reason, stopped.channel) == ("suppressed", "suppression", "email")
    ada.profile.suppressed, ada.now = {}, end
    (change, *_) = ada.give(Timer(end)).messages
    assert (change.id, change.state, change.channel, waits.channel) == (waits.id, "planned", "email", "email")


# ── the hand-off ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_attempt_is_noted_with_when_its_leave_ends_and_waits_a_while_longer_for_its_answer() -> None:
    ada = Ledger()
    decision = ada.hand_off(Permit(START + 700))
    assert decision.attempts == [Attempt(ada.message.id, START + 700)]
    assert changes(decision) == [("attempting", None, None)]
    assert (ada.message.attempted, ada.message.due) == (True, START + 700 + ANSWER_GRACE_MS)
    assert ada.hand_off().attempts == [], "one attempt at a time"


def test_without_leave_it_comes_back_when_it_is_told_to() -> None:
    ada = Ledger()
    assert changes(ada.hand_off(Refusal("permit", START + 5_000))) == [("planned", "permit", START + 5_000)]
    assert (ada.message.gate, ada.message.due, ada.message.cleared_at) == ("permit", START + 5_000, None)
    assert ada.wait().cleared == [ada.message.id]


@pytest.mark.parametrize(("at", "ends"), [(6 * HOUR - 1, False), (6 * HOUR, True), (7 * HOUR, True)])
def test_what_may_come_back_only_when_it_is_too_late_is_suppressed_by_that_gate(at: int, ends: bool) -> None:  # noqa: FBT001
    ada = Ledger()
    last = changes(ada.hand_off(Refusal("permit", START + at)))[0]
    assert last == (("suppressed", "permit", None) if ends else ("planned", "permit", START + at))


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal("kill"),
        Refusal("pause"),
        Refusal("permit"),
        Refusal("permit", START + 6 * HOUR, "approval"),
        Refusal("permit", START + 9 * HOUR, "approval"),
    ],
)
def test_what_somebody_may_let_go_waits_as_long_as_it_lives(refusal: Refusal) -> None:
    ada = Ledger()
    ada.hand_off(refusal)
    assert (ada.message.state, ada.message.due) == ("planned", START + 6 * HOUR)
    assert changes(ada.wait())[0] == ("expired", "expiry", None)
    assert ada.next_template == "less"


def test_what_is_held_back_at_its_very_end_has_expired() -> None:
    ada = Ledger()
    ada.now = ada.message.expires_at
    assert changes(ada.hand_off(Refusal("kill")))[0] == ("expired", "expiry", None)


def test_an_exit_takes_back_a_message_that_waits_for_its_hand_off() -> None:
    live = program()
    one = replace(live.campaigns["c"], exits=(Pattern("exit", event="Returned", key="order"),))
    kinds = {name: EventType(name, {"order": KeyPath(("properties", "no"))}) for name in ("Ordered", "Returned")}
    ada = Ledger(replace(live, campaigns={"c": one}, events=kinds))
    returned = Event("r", START, name="Returned", user_id="ada", received_at=START, properties={"no": "o"})
    decision = ada.give(returned)
    assert (changes(decision), decision.cleared) == ([("cancelled", "exit", None)], [])


def test_a_refusal_that_holds_but_names_a_time_comes_back_then() -> None:
    ada = Ledger()
    ada.hand_off(Refusal("permit", START + HOUR, "canary"))
    assert ada.message.due == START + HOUR


def test_a_listed_address_leaves_by_the_next_channel_and_none_by_that_one() -> None:
    ada = Ledger()
    decision = ada.hand_off(Refusal("suppression", None, "stop"))
    assert (ada.message.barred, ada.message.channel, decision.cleared) == (["email"], "sms", [ada.message.id])
    assert changes(ada.hand_off(Refusal("suppression", None, "stop")))[0] == ("suppressed", "suppression", None)


def test_what_the_list_refuses_counts_once_on_the_channel_by_which_it_leaves() -> None:
    ada = Ledger(program(cls="marketing"))
    ada.hand_off(Refusal("suppression", None, "stop"))
    assert [(one.id, one.channel) for one in ada.profile.counted] == [(ada.message.id, "sms")]


def test_a_gate_that_has_shut_meanwhile_is_met_at_the_hand_off() -> None:
    ada = Ledger(program(cls="marketing"))
    ada.controls = Controls(addresses=False, channels=frozenset({"email"}))
    decision = ada.hand_off()
    assert decision.attempts == []
    assert (ada.message.state, ada.message.gate, ada.profile.counted) == ("planned", "pause", [])


# ── caps ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_slot_of_its_caps_is_kept_from_the_gates_on_and_given_back_where_it_does_not_leave() -> None:
    ada = Ledger(program(cls="marketing"))
    assert ada.profile.counted == [Counted(ada.message.id, START, "email", "news")]
    ada.now += 500
    ada.hand_off()
    assert ada.profile.counted == [Counted(ada.message.id, START + 500, "email", "news")], "counted once, when it goes"
    ada.answer("refused", kind="reject")
    assert [one.id for one in ada.profile.counted] == [ada.profile.messages[0].id], "that of the next"
    assert Ledger().profile.counted == [], "no cap counts service messages"


def test_as_many_are_counted_as_a_profile_keeps_and_none_longer_than_a_cap_looks_back() -> None:
    ada = Ledger(program(cls="marketing", caps=(Cap(10_000, HOUR),)))
    ada.profile.counted = [Counted(f"m{number}", START, "email", "news") for number in range(COUNTED_KEPT)]
    ada.order("p")
    assert len(ada.profile.counted) == COUNTED_KEPT
    assert ada.profile.counted[0].id == "m1"
    ada.now += HOUR - 1
    ada.give(Event("x", ada.now, name="Other", user_id="ada", received_at=ada.now))
    assert len(ada.profile.counted) == COUNTED_KEPT
    ada.now += 1
    ada.give(Event("y", ada.now, name="Other", user_id="ada", received_at=ada.now))
    assert all(one.at > START for one in ada.profile.counted)


# ── outcomes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("result", "kind", "told", "template"),
    [("accepted", "", ("accepted", None, None), "more"), ("refused", "reject", ("refused", "reject", None), "less")],
)
def test_an_answer_ends_it_and_its_run_goes_its_way(result: str, kind: str, told: tuple[Any, ...], template: str) -> None:
    ada = Ledger()
    ada.hand_off()
    assert changes(ada.answer(result, kind=kind))[0] == told
    assert ada.profile.tally == {result: 1}
    assert ada.next_template == template
    assert [one.id for one in ada.profile.sent] == ([ada.message.id] if result == "accepted" else [])
    assert ada.answer(result).messages == [], "an answer that comes twice"


def test_an_answer_to_what_was_never_attempted_says_nothing() -> None:
    ada = Ledger()
    for result in ("accepted", "refused", "not_sent", "in_doubt"):
        assert ada.answer(result).messages == []
    assert ada.message.state == "cleared"


def test_what_was_not_sent_waits_for_its_next_attempt() -> None:
    ada = Ledger()
    ada.hand_off()
    assert changes(ada.answer("not_sent", retry_at=START + 1_000)) == [("planned", "permit", START + 1_000)]
    assert ada.wait().cleared == [ada.message.id]


def test_what_was_not_sent_and_could_go_again_only_after_its_expiry_is_suppressed() -> None:
    ada = Ledger()
    ada.hand_off()
    assert changes(ada.answer("not_sent", retry_at=START + 6 * HOUR))[0] == ("suppressed", "permit", None)


@pytest.mark.parametrize(("later", "depth"), [(0, 5), (1, 0)])
def test_a_run_that_goes_on_later_has_begun_a_new_chain_of_steps(later: int, depth: int) -> None:
    ada = Ledger()
    (run,) = ada.profile.runs
    run.depth = 5
    ada.hand_off()
    ada.now += later
    ada.answer("accepted")
    assert (run.depth, run.node) == (depth, 1)


def test_what_has_left_is_remembered_the_newest_of_it() -> None:
    ada = Ledger(program(Send("hello", ("email",))))
    for number in range(SENT_KEPT):
        ada.order(f"n{number}")
    for message in list(ada.profile.messages):
        ada.message = message
        ada.hand_off()
        ada.answer("accepted")
    assert len(ada.profile.sent) == SENT_KEPT
    newest = ada.profile.sent[-1]
    assert (newest.id, newest.campaign, newest.step, newest.channel) == (ada.message.id, "c", "first", "email")
    assert (newest.template, newest.cls, newest.planned_at, newest.state, newest.heard) == (
        "hello",
        "transactional",
        START,
        "accepted",
        [],
    )


# ── the run's end ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_that_ends_takes_back_what_has_not_been_attempted() -> None:
    ada = Ledger()
    (run,) = ada.profile.runs
    decision = ada.give(EndRuns("operator"))
    assert changes(decision) == [("cancelled", "operator", None)]
    assert (ada.profile.messages, ada.profile.tally, run.message) == ([], {"cancelled": 1}, None)


def test_what_was_not_sent_is_not_tried_again_for_a_run_that_has_ended() -> None:
    ada = Ledger()
    ada.hand_off()
    assert ada.give(EndRuns("operator")).messages == []
    assert ada.message.state == "attempting"
    assert changes(ada.answer("not_sent", retry_at=START + 1_000)) == [("cancelled", "ended", None)]
    assert ada.profile.tally == {"cancelled": 1}
