"""Leave that a worker has: for how long it is good, what takes it, what is given back."""

from __future__ import annotations

import pytest

from orchestrator.delivery.leases import AHEAD
from orchestrator.delivery.limits import (
    ASK_MS,
    BACK_MS,
    HEARTBEAT_MS,
    LAG_MS,
    LEASE_MS,
    SLOT_MS,
    SPARE_MS,
)
from orchestrator.delivery.permits import Count, Unused
from orchestrator.domain.input import Permit, Refusal
from tests.unit.delivery.worker import BEGIN, CALL, MAIL, NOW, Worker, call, message


def test_without_a_governor_nothing_leaves_and_each_comes_back_at_the_next_slot() -> None:
    worker = Worker()
    worker.clock += 50
    assert worker.back_at(message(1)) == BEGIN + SLOT_MS


def test_a_message_that_finds_leave_goes_at_once_for_a_lease_s_life() -> None:
    worker = Worker()
    worker.gets(1, after=0)
    found = worker.ask(message(1), lag=7)
    assert found == Permit(NOW + BEGIN - 7 + LEASE_MS)


@pytest.mark.parametrize(("left", "goes"), [(SPARE_MS + 1, True), (SPARE_MS, False)])
def test_leave_lives_from_its_question_and_must_last_until_the_commit(left: int, goes: bool) -> None:  # noqa: FBT001
    worker = Worker()
    asked = worker.asks(0)
    worker.clock += 300
    worker.hear(asked.number, Count(MAIL, 1))
    worker.clock = BEGIN + LEASE_MS - left
    assert worker.goes(message(1)) is goes


@pytest.mark.parametrize(("lag", "goes"), [(LAG_MS, True), (LAG_MS + 1, False)])
def test_a_partition_whose_clock_lags_behind_the_wall_s_has_no_leave(lag: int, goes: bool) -> None:  # noqa: FBT001
    worker = Worker()
    worker.gets(1, after=0)
    assert isinstance(worker.ask(message(1), lag), Permit) is goes


def test_one_that_came_too_late_comes_back_in_the_next_slot_after_the_wall_s_time() -> None:
    worker = Worker()
    worker.clock += 50
    assert worker.back_at(message(1), LAG_MS + 1) == BEGIN + SLOT_MS


def test_a_clock_before_the_wall_s_gives_a_turn_by_its_own_time() -> None:
    worker = Worker()
    found = worker.ask(message(1), lag=-30)
    assert isinstance(found, Refusal)
    assert found.retry_at == NOW + BEGIN + 30 + SLOT_MS


def test_each_leave_is_used_once() -> None:
    worker = Worker()
    worker.gets(2, after=0)
    assert [worker.goes(message(number)) for number in range(4)] == [True, True, False, False]


def test_leave_of_a_kind_is_for_that_kind_only() -> None:
    worker = Worker()
    worker.gets(5, after=0)
    others = [message(1, campaign="d"), message(2, cls="transactional"), message(3, channel="sms"), call(4)]
    assert not any(worker.goes(one) for one in others)
    worker.clock += SLOT_MS
    assert worker.goes(message(5))


def test_webhooks_ask_leave_of_whom_they_ask_and_of_no_campaign() -> None:
    worker = Worker()
    worker.gets(1, CALL, after=0)
    assert worker.goes(call(1))


def test_leave_granted_to_another_or_to_a_question_that_was_not_asked_is_not_ours() -> None:
    worker = Worker()
    asked = worker.asks(0)
    worker.hear(asked.number, Count(MAIL, 1), worker="v")
    worker.hear(asked.number + 1, Count(MAIL, 1))
    assert not worker.goes(message(1))
    worker.hear(asked.number, Count(MAIL, 1))
    worker.hear(asked.number, Count(MAIL, 1))
    worker.clock += SLOT_MS
    assert [worker.goes(message(number)) for number in (1, 2)] == [True, False]


def test_only_what_has_leave_may_leave() -> None:
    worker = Worker()
    worker.gets(1, after=0)
    assert worker.goes(message(1))
    assert not worker.goes(message(2, campaign="d"))
    assert [worker.leases.holds(ident) for ident in ("m1", "m2", "m3")] == [True, False, False]


@pytest.mark.parametrize(("after", "holds"), [(LEASE_MS - 1, True), (LEASE_MS, False)])
def test_leave_holds_for_a_lease_s_life_after_its_question(after: int, holds: bool) -> None:  # noqa: FBT001
    worker = Worker()
    asked = worker.asks(0)
    worker.hear(asked.number, Count(MAIL, 1))
    worker.clock += 100
    assert worker.goes(message(1))
    worker.clock = BEGIN + after
    assert worker.leases.holds("m1") is holds


def test_a_slow_commit_takes_newer_leave_but_none_beyond_its_own_lease() -> None:
    worker = Worker()
    worker.gets(1, after=0)
    worker.clock += 200
    assert worker.goes(message(1))
    worker.gets(1, after=300)
    worker.clock = BEGIN + LEASE_MS - 1
    assert worker.leases.holds("m1")
    worker.clock = BEGIN + LEASE_MS
    assert worker.leases.holds("m1")
    worker.clock = BEGIN + 200 + LEASE_MS - 1
    assert worker.leases.holds("m1")
    assert not worker.goes(message(2)), "the newer leave is used"
    worker.clock = BEGIN + 200 + LEASE_MS
    assert not worker.leases.holds("m1")


def test_newer_leave_of_a_slow_commit_may_be_nearly_over() -> None:
    worker = Worker()
    worker.gets(1, after=0)
    worker.clock += 590
    assert worker.goes(message(1))
    newer = worker.asks(0)
    assert newer.number == 2
    worker.hear(newer.number, Count(MAIL, 1))
    worker.clock = BEGIN + 590 + LEASE_MS - 1
    assert worker.leases.holds("m1")


def test_leave_of_a_campaign_that_nobody_took_is_given_back_until_that_is_heard() -> None:
    worker = Worker()
    number = worker.gets(3, after=0)
    assert worker.goes(message(1))
    assert worker.leases.holds("m1")
    assert worker.asks(LEASE_MS - 1).unused == []
    assert worker.asks(ASK_MS).unused == [Unused(number, MAIL, 2)]
    asked = worker.asks()
    assert asked.unused == [Unused(number, MAIL, 2)]
    worker.hear(asked.number)
    assert worker.asks(HEARTBEAT_MS).unused == []


@pytest.mark.parametrize(("after", "back"), [(BACK_MS - 1, True), (BACK_MS, False)])
def test_leave_is_given_back_for_a_while_only(after: int, back: bool) -> None:  # noqa: FBT001
    worker = Worker()
    number = worker.gets(3, after=0)
    unused = [Unused(number, MAIL, 3)]
    assert worker.asks(LEASE_MS).unused == unused
    assert worker.asks(after).unused == unused * back


def test_of_a_kind_that_nobody_asks_for_any_more_leave_is_given_back_and_then_it_is_forgotten() -> None:
    worker = Worker()
    worker.ask(message(1))
    number = worker.gets(3, after=0)
    worker.clock += SLOT_MS
    assert worker.goes(message(1))
    assert worker.leases.holds("m1")
    assert worker.asks(AHEAD * SLOT_MS).unused == []
    assert worker.asks().unused == [Unused(number, MAIL, 2)]
    worker.says()
    assert (worker.leases._due, worker.leases._granted) == ({}, {})


def test_leave_of_webhooks_is_not_given_back() -> None:
    worker = Worker()
    worker.gets(3, CALL, after=0)
    assert worker.asks(LEASE_MS).unused == []


@pytest.mark.parametrize(("after", "back"), [(LEASE_MS - 1, False), (LEASE_MS, True)])
def test_leave_of_a_message_is_over_a_lease_s_life_after_it_had_it(after: int, back: bool) -> None:  # noqa: FBT001
    worker = Worker()
    number = worker.gets(1, after=0)
    worker.clock += 100
    assert worker.goes(message(1))
    assert worker.asks(after).unused == [Unused(number, MAIL, 1)] * back


def test_leave_of_a_message_that_did_not_leave_is_given_back_once_it_is_over() -> None:
    worker = Worker()
    number = worker.gets(2, after=0)
    assert worker.goes(message(1))
    assert worker.goes(message(2))
    assert worker.leases.holds("m2"), "it may have left"
    assert worker.asks(LEASE_MS - 1).unused == []
    assert worker.asks(ASK_MS).unused == [Unused(number, MAIL, 1)]


def test_what_is_given_back_later_is_said_as_one_sum() -> None:
    worker = Worker()
    number = worker.gets(3, after=0)
    worker.clock += 200
    assert worker.goes(message(1))
    asked = worker.asks(LEASE_MS - 200)
    assert asked.unused == [Unused(number, MAIL, 2)]
    assert worker.asks(200).unused == [Unused(number, MAIL, 3)]
    worker.hear(asked.number)
    again = worker.asks()
    assert again.unused == [Unused(number, MAIL, 3)], "it has heard of two"


def test_what_a_governor_has_heard_of_is_not_forgotten_by_an_older_answer() -> None:
    worker = Worker()
    worker.gets(3, after=0)
    worker.clock += 200
    assert worker.goes(message(1))
    older, newer = worker.asks(LEASE_MS - 200), worker.asks(200)
    worker.hear(newer.number)
    worker.hear(older.number)
    assert worker.asks(HEARTBEAT_MS).unused == []


def test_a_message_that_asks_again_gives_its_first_leave_back() -> None:
    worker = Worker()
    number = worker.gets(2, after=0)
    assert worker.goes(message(1))
    assert worker.goes(message(1))
    assert worker.leases.holds("m1")
    assert worker.asks(LEASE_MS).unused == [Unused(number, MAIL, 1)]


def test_who_takes_newer_leave_gives_the_older_back_where_nobody_looked_at_it() -> None:
    worker = Worker()
    older = worker.gets(1, after=0)
    worker.clock += 200
    assert worker.goes(message(1))
    worker.gets(1, after=300)
    worker.clock = BEGIN + LEASE_MS
    assert worker.leases.holds("m1")
    assert worker.asks(0).unused == [Unused(older, MAIL, 1)]
    assert worker.asks(HEARTBEAT_MS * 2).unused == [Unused(older, MAIL, 1)], "the newer has been used"


def test_after_a_kill_nothing_leaves_and_everything_is_given_back() -> None:
    worker = Worker()
    number = worker.gets(5, after=0)
    for one in (1, 2, 2):
        assert worker.goes(message(one))
    assert worker.leases.holds("m1")
    asked = worker.asks(HEARTBEAT_MS)
    worker.hear(asked.number, killed=True)
    assert worker.leases.killed
    assert [worker.leases.holds(ident) for ident in ("m1", "m2")] == [False, False]
    assert not worker.goes(message(3))
    assert worker.asks().unused == [Unused(number, MAIL, 4)], "the first may have left"
    worker.hear(worker.asks().number)
    assert not worker.leases.killed
