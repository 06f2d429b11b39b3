"""What a worker asks the governor, when, and what it tells beside it."""

from __future__ import annotations

import pytest

from orchestrator.delivery.leases import AHEAD, BEHIND
from orchestrator.delivery.limits import (
    ASK_MS,
    BACK_MS,
    HEARTBEAT_MS,
    LEASE_MS,
    SILENT_MS,
    SLOT_MS,
    SPARE_MS,
)
from orchestrator.delivery.permits import Ask, Count, Kind, Rails, Want, question
from orchestrator.delivery.volume import Rail
from orchestrator.domain.input import Outcome, Receipt
from tests.unit.delivery.worker import FAST, MAIL, NOW, Worker, change, message, sent


def test_who_wants_nothing_asks_whether_anybody_is_there_at_once_and_now_and_then() -> None:
    worker = Worker()
    assert worker.says(0) == Ask("w", 1)
    assert worker.says(HEARTBEAT_MS - 1) is None
    assert worker.says(1) == Ask("w", 2)


def test_who_wants_something_asks_again_soon() -> None:
    worker = Worker()
    worker.ask(message(1))
    assert worker.asks(0).wants == [Want(MAIL, 1, 1)]
    assert worker.says(ASK_MS - 1) is None
    assert worker.asks(1).wants == [Want(MAIL, 1, 1)]


def test_leave_is_wanted_for_those_that_come_in_the_next_slots_less_what_is_here() -> None:
    worker = Worker({"email": 100})
    for number in range(50):
        worker.ask(message(number))
    first = worker.asks(0)
    assert first.wants == [Want(MAIL, AHEAD * 16, AHEAD * 16)]
    worker.hear(first.number, Count(MAIL, 32))
    assert worker.asks(SLOT_MS).wants == [Want(MAIL, 16, 16)]


@pytest.mark.parametrize(("left", "wanted"), [(SPARE_MS + 1, 2), (SPARE_MS, 5)])
def test_leave_that_will_be_over_by_the_answer_counts_as_none(left: int, wanted: int) -> None:
    worker = Worker({"email": 10})
    for number in range(8):
        worker.ask(message(number))
    worker.gets(2, after=0)
    assert worker.asks(LEASE_MS - left).wants == [Want(MAIL, wanted, wanted)]


def test_who_has_as_much_leave_as_is_wanted_asks_for_no_more() -> None:
    worker = Worker()
    worker.ask(message(1))
    worker.gets(1, after=0)
    assert worker.says() is None


def test_as_much_as_left_lately_is_wanted_again_though_nobody_waits() -> None:
    worker = Worker()
    for number in range(10):
        worker.ask(message(number))
    worker.gets(12, after=0)
    worker.clock += SLOT_MS
    for number in range(10):
        assert worker.goes(message(number))
    assert worker.asks(AHEAD * SLOT_MS - 1).wants == [Want(MAIL, 8, 0)]
    assert worker.says(1) is None
    assert worker.asks(HEARTBEAT_MS).wants == []


def test_what_has_not_come_back_for_long_is_wanted_no_more() -> None:
    worker = Worker()
    worker.ask(message(1))
    late = (1 + BEHIND) * SLOT_MS
    assert worker.asks(late + SLOT_MS - 1).wants == [Want(MAIL, 1, 1)]
    assert worker.says(1) is None
    assert worker.asks(HEARTBEAT_MS).wants == []


def test_what_has_gone_is_wanted_no_more_as_one_that_waits() -> None:
    worker = Worker()
    worker.ask(message(1))
    worker.gets(1, after=0)
    worker.clock += SLOT_MS
    assert worker.goes(message(1))
    assert worker.asks(ASK_MS).wants == [Want(MAIL, 1, 0)]


def test_what_went_badly_is_told_until_it_is_heard_and_again_once_there_is_more() -> None:
    worker = Worker()
    worker.asks(0)
    worker.leases.hear_of(change(message(1)), Outcome("m1", "refused", kind="reject"), NOW)
    worker.leases.hear_of(change(message(2)), Receipt("m2", "r", "complained", NOW, "email"), NOW)
    worker.leases.hear_of(change(message(3)), Outcome("m3", "accepted"), NOW)
    assert worker.asks().badly == {"c": 2}
    asked = worker.asks()
    assert asked.badly == {"c": 2}
    worker.hear(asked.number)
    assert worker.says() is None
    assert worker.asks(HEARTBEAT_MS).badly == {}
    worker.leases.hear_of(change(message(4)), Outcome("m4", "refused", kind="reject"), NOW)
    assert worker.asks().badly == {"c": 3}


def test_what_went_badly_of_one_campaign_is_not_told_again_with_another_s() -> None:
    worker = Worker()
    for number, campaign in enumerate("cd"):
        one = message(number, campaign=campaign)
        worker.leases.hear_of(change(one), Outcome(one.id, "refused", kind="reject"), NOW)
        asked = worker.asks()
        assert asked.badly == {campaign: 1}
        worker.hear(asked.number)
    assert worker.asks(HEARTBEAT_MS).badly == {}


def test_what_texts_were_more_than_they_were_counted_for_is_told_once_of_their_sender() -> None:
    worker = Worker()
    worker.leases.goes_live(Rails("p", "ada", [Rail("c")]), {"text": "shop"})
    worker.asks(0)
    sent(worker, 1, 4)
    sent(worker, 2, 6)
    sent(worker, 3, 2, cls="transactional")
    kinds = Kind("sms", marketing=True, sender="shop"), Kind("sms", marketing=False, sender="shop")
    asked = worker.asks()
    assert asked.more == [Count(kinds[0], 8), Count(kinds[1], 1)]
    assert worker.says() is None
    worker.hear(asked.number)
    assert worker.asks(BACK_MS).more == []


@pytest.mark.parametrize(("after", "again"), [(BACK_MS - 1, False), (BACK_MS, True)])
def test_what_a_question_without_an_answer_told_of_texts_is_told_again(after: int, again: bool) -> None:  # noqa: FBT001
    worker = Worker()
    sent(worker, 1, 4)
    more = [Count(Kind("sms", marketing=True), 3)]
    assert worker.asks(0).more == more
    assert worker.asks(after).more == more * again


def test_leave_that_was_granted_unasked_counts_once_a_text() -> None:
    worker = Worker({"sms": FAST})
    worker.gets(1, Kind("sms", marketing=True, campaign="c"), after=0)
    one = message(1, channel="sms", template="text")
    assert worker.goes(one)
    sent(worker, 1, 2)
    assert worker.asks().more == [Count(Kind("sms", marketing=True), 1)]


def test_a_template_s_next_texts_are_wanted_for_as_many_segments_as_its_latest_had() -> None:
    worker = Worker({"sms": FAST})
    sent(worker, 1, 4)
    one = message(2, channel="sms", template="text")
    kind = Kind("sms", marketing=True, campaign="c")
    worker.ask(one)
    asked = worker.asks(0)
    assert asked.wants == [Want(kind, 1, 1, 4)]
    worker.hear(asked.number, Count(kind, 1))
    sent(worker, 3, 1)
    worker.clock += SLOT_MS
    assert worker.goes(one)
    worker.leases.hear_of(change(one), Outcome(one.id, "accepted", segments=6), NOW)
    assert worker.asks().more == [Count(Kind("sms", marketing=True), 2)], "beyond the four that it was counted for"


def test_where_the_governor_knows_no_rails_a_worker_says_those_that_are_live_here_once() -> None:
    worker = Worker()
    rails = Rails("p", "ada", [Rail("c", "one")])
    asked = worker.asks(0)
    worker.hear(asked.number, rails="")
    worker.clock += ASK_MS
    worker.leases.goes_live(rails, {})
    said = worker.leases.request()
    assert said is not None
    assert question(said) == rails
    assert worker.says() is None
    assert worker.asks(HEARTBEAT_MS) == Ask("w", asked.number + 1)


def test_a_worker_that_knows_no_rails_either_asks_on() -> None:
    worker = Worker()
    asked = worker.asks(0)
    worker.hear(asked.number, rails="")
    assert worker.asks() == Ask("w", asked.number + 1)


def test_a_governor_is_there_as_long_as_a_question_of_lately_has_an_answer() -> None:
    worker = Worker()
    worker.clock += SILENT_MS - 1
    assert worker.leases.answered
    worker.clock += 1
    assert not worker.leases.answered
    first, second = worker.asks(), worker.asks(HEARTBEAT_MS)
    at = worker.clock
    worker.hear(second.number)
    worker.hear(first.number)
    worker.clock = at + SILENT_MS - 1
    assert worker.leases.answered
    worker.clock += 1
    assert not worker.leases.answered
