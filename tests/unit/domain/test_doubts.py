"""Messages without a clear answer: what they wait for, when they go once more, and how they end."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.domain.campaign import Send
from orchestrator.domain.input import Outcome, Permit, Timer
from orchestrator.domain.limits import ANSWER_GRACE_MS, IN_DOUBT_KEPT
from orchestrator.domain.policies import Cap, InDoubt
from tests.unit.domain.ordering import HOUR, START, Ledger, changes, program


def test_a_doubt_lets_its_run_go_on_as_if_it_had_been_sent_and_counts() -> None:
    ada = Ledger(program(cls="marketing", in_doubt=InDoubt(wait=HOUR), caps=(Cap(9, HOUR),)))
    ada.hand_off()
    decision = ada.answer("in_doubt")
    assert changes(decision)[0] == ("in_doubt", None, START + HOUR)
    assert [one.template for one in ada.profile.messages] == ["hello", "more"]
    assert ada.message.id in [one.id for one in ada.profile.counted]
    assert ada.answer("in_doubt").messages == []
    assert ada.answer("not_sent", retry_at=START).messages == [], "evidence alone settles it"


def test_without_an_answer_it_is_in_doubt_once_its_grace_is_over() -> None:
    ada = Ledger()
    ada.hand_off(Permit(START + 700))
    assert ada.due == START + 700 + ANSWER_GRACE_MS
    assert changes(ada.wait())[0][0] == "in_doubt"


def test_a_doubt_that_is_held_ends_by_evidence_only() -> None:
    ada = Ledger(program(in_doubt=InDoubt(transactional="hold")))
    ada.hand_off()
    assert changes(ada.answer("in_doubt"))[0] == ("in_doubt", None, None)
    assert ada.message.due is None
    assert changes(ada.answer("refused", kind="reject")) == [("refused", "reject", None)]


@pytest.mark.parametrize("kind", ["lost", "cut_off"])
def test_what_is_too_old_is_not_sent_again_on_any_evidence(kind: str) -> None:
    ada = Ledger()
    ada.hand_off()
    ada.answer("in_doubt")
    ada.now = ada.message.expires_at
    assert changes(ada.answer("refused", kind=kind)) == [("refused", kind, None)]


def test_a_doubt_at_its_expiry_is_not_sent_again() -> None:
    ada = Ledger(program(Send("hello", ("email",), HOUR), in_doubt=InDoubt(wait=HOUR)))
    ada.hand_off()
    ada.answer("in_doubt")
    ada.now = START + HOUR
    assert ("unknown", None, None) in changes(ada.give(Timer(ada.now)))


def doubted(sent: int = 0, **policy: Any) -> Ledger:
    """A message in doubt for half an hour, that was sent again so often."""
    ada = Ledger(program(Send("hello", ("email",)), in_doubt=InDoubt(wait=HOUR // 2, **policy)))
    ada.hand_off()
    ada.answer("in_doubt")
    ada.message.resent, ada.now = sent, START + HOUR // 2
    return ada


@pytest.mark.parametrize("given", [None, "lost", "cut_off"])
def test_a_service_message_in_doubt_goes_out_once_more_and_no_more(given: str | None) -> None:
    for sent in (0, 1):
        ada = doubted(sent)
        decision = ada.give(Timer(ada.now) if given is None else Outcome(ada.message.id, "refused", kind=given))
        if sent:
            assert changes(decision)[0][0] == ("refused" if given == "cut_off" else "unknown")
            assert ada.message not in ada.profile.messages
        else:
            assert decision.cleared == [ada.message.id]
            assert (ada.message.state, ada.message.resent, ada.message.cleared_at) == ("cleared", 1, ada.now)


def test_where_doubts_are_dropped_they_end_as_what_is_known_of_them() -> None:
    quiet = doubted(transactional="drop")
    assert ("unknown", None, None) in changes(quiet.give(Timer(quiet.now)))
    lost = doubted(transactional="drop")
    assert changes(lost.give(Outcome(lost.message.id, "refused", kind="lost")))[0] == ("refused", "lost", None)


def test_a_doubt_that_is_to_be_held_meanwhile_waits_for_a_person() -> None:
    ada = doubted()
    ada.program = program(Send("hello", ("email",)), in_doubt=InDoubt(transactional="hold"))
    assert ada.give(Timer(ada.now)).messages == []
    assert (ada.message.state, ada.message.due) == ("in_doubt", None)


def test_more_doubts_than_are_kept_stay_doubts_of_the_tally() -> None:
    ada = Ledger(program(Send("hello", ("email",)), in_doubt=InDoubt(wait=100 * HOUR)))
    for number in range(IN_DOUBT_KEPT + 1):
        ada.order(f"n{number}")
    first = ada.message.id
    for message in [one for one in ada.profile.messages if one.template == "hello"]:
        ada.message = message
        ada.hand_off()
        ada.answer("in_doubt")
    doubts = [one.id for one in ada.profile.messages if one.state == "in_doubt"]
    assert len(doubts) == IN_DOUBT_KEPT
    assert first not in doubts
    assert ada.profile.tally == {"in_doubt": 2}
    assert (ada.profile.sent[0].id, ada.profile.sent[0].state) == (first, "in_doubt")


@pytest.mark.parametrize(("result", "state"), [("accepted", "accepted"), ("refused", "unknown")])
def test_what_was_sent_again_may_have_been_taken_the_first_time(result: str, state: str) -> None:
    ada = Ledger(program(Send("hello", ("email",))))
    ada.hand_off()
    ada.answer("in_doubt")
    ada.give(Outcome(ada.message.id, "refused", kind="lost"))
    assert (ada.message.state, ada.message.resent) == ("cleared", 1)
    ada.hand_off()
    ada.answer(result, kind="reject")
    assert ada.profile.tally == {state: 1}


def test_the_tally_counts_every_message_that_ends_alike() -> None:
    ada = Ledger()
    ada.order("p")
    for message in list(ada.profile.messages):
        ada.message = message
        ada.hand_off()
        ada.answer("refused", kind="reject")
    assert ada.profile.tally == {"refused": 2}
