"""When a message that has no leave comes back: by its rate, its sender, its campaign's room."""

from __future__ import annotations

from collections import Counter

import pytest

from orchestrator.delivery.limits import (
    ASK_MS,
    HEARTBEAT_MS,
    OPEN_SETTINGS_MS,
    SHUT_MS,
    SLOT_MS,
)
from orchestrator.delivery.permits import Count, Kind, Rails, Shut
from orchestrator.delivery.volume import Rail
from orchestrator.domain.input import Control, Outcome, Refusal
from orchestrator.domain.profile import Message
from tests.unit.delivery.worker import BEGIN, CALL, MAIL, NOW, Worker, call, change, message, sent


@pytest.mark.parametrize(("cls", "a_slot"), [("marketing", 16), ("transactional", 20)])
def test_those_that_wait_come_back_spread_over_the_rate(cls: str, a_slot: int) -> None:
    worker = Worker({"email": 100})
    back = Counter(worker.back_at(message(number, cls=cls)) for number in range(3 * a_slot))
    assert back == {BEGIN + place * SLOT_MS: a_slot for place in (1, 2, 3)}


def test_of_a_slow_channel_one_comes_back_each_slot() -> None:
    worker = Worker({"email": 1})
    assert [worker.back_at(message(number)) for number in range(3)] == [BEGIN + place * SLOT_MS for place in (1, 2, 3)]


def test_new_ones_go_no_faster_than_the_rate_though_there_is_leave() -> None:
    worker = Worker({"email": 100})
    worker.gets(50, after=0)
    assert [worker.goes(message(number)) for number in range(20)] == [True] * 16 + [False] * 4


def test_one_that_comes_back_in_its_turn_goes_beside_those_that_are_new() -> None:
    worker = Worker({"email": 1})
    assert worker.back_at(message(1)) == BEGIN + SLOT_MS
    worker.gets(50, after=SLOT_MS)
    assert worker.goes(message(1))
    worker.clock += SLOT_MS
    assert [worker.goes(message(number)) for number in (2, 3)] == [True, False]


@pytest.mark.parametrize("begin", [0, BEGIN])
def test_one_that_missed_its_turn_goes_beside_those_that_are_new(begin: int) -> None:
    worker = Worker({"email": 1})
    worker.clock = begin
    worker.back_at(message(1))
    worker.gets(9, after=3 * SLOT_MS)
    assert [worker.goes(message(number)) for number in (1, 2, 3)] == [True, True, False]


def test_a_turn_that_has_not_come_is_kept() -> None:
    worker = Worker({"email": 1})
    for number in range(5):
        worker.back_at(message(number))
    worker.clock += SLOT_MS
    assert worker.back_at(message(4)) == BEGIN + 5 * SLOT_MS


def test_one_that_has_had_its_turn_needs_another() -> None:
    worker = Worker({"email": 1})
    worker.back_at(message(1))
    worker.gets(9, after=SLOT_MS)
    assert [worker.goes(message(1)) for _ in range(2)] == [True, False]


def test_one_that_comes_back_after_very_long_is_as_good_as_new() -> None:
    worker = Worker({"email": 1})
    worker.back_at(message(1))
    worker.asks(60 * SLOT_MS)
    assert worker.leases._due == {}
    worker.gets(1, after=HEARTBEAT_MS)
    assert worker.goes(message(1))


def test_leave_that_comes_lets_nobody_pass_those_that_wait() -> None:
    worker = Worker({"email": 1, "webhook": 1})
    for number in range(3):
        worker.back_at(message(number))
        worker.back_at(call(number))
    asked = worker.asks(0)
    worker.hear(asked.number, Count(MAIL, 1), Count(CALL, 1))
    assert worker.back_at(message(9)) == worker.back_at(call(9)) == BEGIN + 4 * SLOT_MS


def test_campaigns_wait_together() -> None:
    worker = Worker({"email": 1})
    assert [worker.back_at(message(n, campaign=f"c{n}")) for n in range(3)] == [BEGIN + n * SLOT_MS for n in (1, 2, 3)]


def long_texts(worker: Worker, segments: int = 4) -> list[Message]:
    """New ones of a template whose latest text had so many segments."""
    sent(worker, 999, segments)
    return [message(number, channel="sms", template="text") for number in range(20)]


def test_texts_of_several_segments_take_as_many_turns() -> None:
    worker = Worker({"sms": 100})
    back = Counter(worker.back_at(one) for one in long_texts(worker))
    assert back == {BEGIN + place * SLOT_MS: 4 for place in (1, 2, 3, 4, 5)}


def test_new_texts_of_several_segments_go_no_faster_than_the_rate_though_there_is_leave() -> None:
    worker = Worker({"sms": 100})
    worker.gets(50, Kind("sms", marketing=True, campaign="c"), after=0)
    assert sum(worker.goes(one) for one in long_texts(worker)) == 4


def test_a_sender_with_a_rate_waits_apart_and_the_others_together() -> None:
    worker = Worker({"sms": 10, "sender/shop": 1})
    worker.leases.goes_live(Rails("p", "ada", [Rail("c")]), {"offer": "shop", "code": "alerts", "note": "desk"})
    for number in range(5):
        worker.back_at(message(number, channel="sms", template="offer"))
    assert worker.back_at(message(9, channel="sms", template="code")) == BEGIN + SLOT_MS
    assert worker.back_at(message(10, channel="sms", template="note")) == BEGIN + 2 * SLOT_MS


def test_marketing_and_transactional_messages_wait_apart() -> None:
    worker = Worker({"email": 1})
    for number in range(5):
        worker.back_at(message(number))
    assert worker.back_at(message(9, cls="transactional")) == BEGIN + SLOT_MS


def test_while_its_provider_is_left_alone_a_message_comes_back_after_that() -> None:
    worker = Worker()
    one = message(1)
    worker.gets(9, after=0)
    worker.leases.hear_of(change(one), Outcome("m0", "refused", kind="config"), NOW + BEGIN)
    worker.clock += 50
    found = worker.ask(one)
    assert isinstance(found, Refusal)
    assert (found.gate, found.why) == ("permit", "breaker")
    assert found.retry_at == NOW + BEGIN + OPEN_SETTINGS_MS
    worker.clock = BEGIN + OPEN_SETTINGS_MS
    worker.gets(9, after=0)
    assert worker.goes(one)
    assert isinstance(worker.ask(message(2)), Refusal)


def test_those_that_wait_for_a_provider_come_back_one_after_another_whatever_their_campaign() -> None:
    worker = Worker({"email": 1})
    worker.leases.hear_of(change(message(0)), Outcome("m0", "refused", kind="config"), NOW + BEGIN)
    back = [worker.back_at(message(number, campaign=f"c{number}")) for number in range(3)]
    assert back == [BEGIN + OPEN_SETTINGS_MS + place * SLOT_MS for place in (1, 2, 3)]


def shut(worker: Worker, wait_ms: int, after: int = ASK_MS) -> None:
    asked = worker.asks(after)
    worker.hear(asked.number, shut=[Shut("c", "approval", wait_ms)])


def test_a_campaign_without_room_waits_apart_and_hears_why() -> None:
    worker = Worker({"email": 1})
    shut(worker, SHUT_MS)
    found = worker.ask(message(1))
    assert isinstance(found, Refusal)
    assert found.why == "approval"
    assert found.retry_at == NOW + (BEGIN + ASK_MS + SHUT_MS) // SLOT_MS * SLOT_MS + SLOT_MS
    assert worker.back_at(message(2, campaign="d")) == BEGIN + SLOT_MS
    worker.clock = BEGIN + ASK_MS + SHUT_MS
    found = worker.ask(message(3))
    assert isinstance(found, Refusal)
    assert (found.why, found.retry_at) == ("", NOW + BEGIN + SHUT_MS + SLOT_MS)
    worker.says()
    assert worker.leases._full == {}


def test_an_approval_that_the_answer_did_not_know_yet_opens_its_campaign() -> None:
    worker = Worker()
    asked = worker.asks()
    worker.clock += 10
    worker.leases.told(Control("approve", on=True, campaign="c", up_to=5), NOW)
    worker.hear(asked.number, shut=[Shut("c", "approval", SHUT_MS)])
    assert worker.back_at(message(1)) == BEGIN + SLOT_MS
    worker.clock += ASK_MS
    worker.leases.told(Control("approve", on=True, campaign="c", up_to=5), NOW)
    later = worker.asks(0)
    worker.hear(later.number, shut=[Shut("c", "approval", SHUT_MS)])
    assert worker.back_at(message(2)) > BEGIN + SHUT_MS, "it was asked after that approval"


def test_those_that_wait_for_room_need_not_wait_as_long_where_it_is_said_to_come_sooner() -> None:
    worker = Worker()
    shut(worker, 100 * SHUT_MS)
    assert worker.back_at(message(1)) > BEGIN + 100 * SHUT_MS
    shut(worker, SHUT_MS, HEARTBEAT_MS)
    assert worker.back_at(message(2)) <= worker.clock + SHUT_MS + SLOT_MS


def test_a_switch_of_no_campaign_opens_none() -> None:
    worker = Worker()
    asked = worker.asks()
    worker.leases.told(Control("pause", on=False), NOW)
    worker.clock += 10
    worker.hear(asked.number, shut=[Shut("c", "approval", SHUT_MS)])
    worker.leases.told(Control("pause", on=False, campaign="d"), NOW)
    assert worker.back_at(message(1)) > BEGIN + SHUT_MS


def test_another_program_opens_all_campaigns_whatever_an_older_question_hears() -> None:
    worker = Worker()
    shut(worker, SHUT_MS)
    worker.ask(message(1))
    asked = worker.asks(HEARTBEAT_MS)
    worker.clock += 1
    worker.leases.goes_live(Rails("q", "ada", [Rail("c")]), {})
    worker.hear(asked.number, shut=[Shut("c", "approval", SHUT_MS)])
    assert worker.back_at(message(2)) == BEGIN + 4 * SLOT_MS


def test_a_campaign_may_be_shut_at_the_very_first_moment_of_a_clock() -> None:
    worker = Worker()
    worker.clock = 0
    asked = worker.asks(0)
    worker.hear(asked.number, shut=[Shut("c", "approval", SHUT_MS)])
    assert worker.back_at(message(1)) == SHUT_MS + SLOT_MS


def test_those_that_wait_for_room_keep_their_turns_while_it_comes_no_sooner() -> None:
    worker = Worker({"email": 1})
    shut(worker, SHUT_MS)
    first = BEGIN + SHUT_MS + SLOT_MS
    assert [worker.back_at(message(number)) for number in (1, 2, 1)] == [first, first + SLOT_MS, first]
    shut(worker, SHUT_MS - HEARTBEAT_MS, HEARTBEAT_MS)
    assert worker.back_at(message(3)) == first + 2 * SLOT_MS


def test_one_whose_campaign_has_room_again_goes_in_its_turn_beside_those_that_are_new() -> None:
    worker = Worker({"email": 1})
    shut(worker, SHUT_MS)
    turn = worker.back_at(message(1))
    worker.clock = turn - ASK_MS
    worker.gets(5)
    assert [worker.goes(message(number)) for number in (2, 1, 3)] == [True, True, False]


def test_leave_that_comes_opens_its_campaign() -> None:
    worker = Worker()
    shut(worker, SHUT_MS)
    worker.gets(1, after=HEARTBEAT_MS)
    assert worker.goes(message(1))
    assert worker.back_at(message(2)) == BEGIN + 4 * SLOT_MS


def test_a_worker_turns_no_switch_notes_nothing_and_is_not_killed() -> None:
    worker = Worker()
    assert worker.leases.killed is False
    assert (worker.leases.take_trips(), list(worker.leases.notes())) == ([], [])
