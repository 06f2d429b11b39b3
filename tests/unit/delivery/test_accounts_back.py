"""What giving leave back undoes in a campaign's account, and what it does not."""

from __future__ import annotations

import pytest

from orchestrator.delivery.volume import Given, Rail, Room
from orchestrator.domain.campaign import Approval
from orchestrator.domain.policies import Breaker, Canary
from tests.unit.delivery.accounts import DAY, HOUR, MINUTE, START, approve, kept, left, take, volume


def test_what_is_given_back_has_room_in_the_envelope_again_in_its_own_part_of_the_window() -> None:
    account = volume(approval=Approval(10, DAY))
    given = take(account, 6, START + 1)
    take(account, 4, START + 2 * HOUR)
    kept(account)
    account.take_back(given, 2)
    assert (left(account, START + 2 * HOUR), kept(account)) == (2, ["volume/c"])
    assert account.tallies["c"].window == {START // HOUR: 4, START // HOUR + 2: 4}
    account.take_back(given, 3)
    assert account.tallies["c"].window[START // HOUR] == 1
    account.take_back(given, 1)
    assert account.tallies["c"].window == {START // HOUR + 2: 4}


def test_what_left_the_window_meanwhile_gives_nothing_back() -> None:
    account = volume(approval=Approval(10, DAY))
    given = take(account, 6, START)
    take(account, 4, START + 2 * DAY)
    account.take_back(given, 6)
    assert left(account, START + 2 * DAY) == 6
    assert sum(account.tallies["c"].minutes.values()) == 4


@pytest.mark.parametrize("count", [0, -3])
def test_giving_nothing_back_changes_nothing(count: int) -> None:
    account = volume(approval=Approval(10, DAY))
    given = take(account, 6, START)
    kept(account)
    account.take_back(given, count)
    assert (left(account, START), kept(account)) == (4, [])


def test_what_a_campaign_that_is_gone_gives_back_is_nobody_s() -> None:
    account = volume()
    given = take(account, 6, START)
    kept(account)
    account.lay([Rail("d")])
    account.take_back(given, 6)
    account.take_back(Given("d", 1, START, "", 0), 1)
    assert kept(account) == []


def test_what_is_given_back_was_not_usual() -> None:
    account = volume(breaker=Breaker(at_least=10, times=5))
    given = take(account, 10, START + 1)
    account.take_back(given, 3)
    assert left(account, START + 1) == 3
    assert left(account, START + DAY) == 35


def test_what_is_given_back_at_the_end_of_an_hour_was_of_it() -> None:
    account = volume(breaker=Breaker(at_least=10, times=5))
    take(account, 6, START)
    given = take(account, 4, START + HOUR + MINUTE // 2)
    account.take_back(given, 2)
    assert account.tallies["c"].days == {START // DAY: 8}


def test_what_is_given_back_after_midnight_counts_less_of_the_day_before() -> None:
    account = volume(breaker=Breaker(at_least=10, times=5))
    given = take(account, 10, START - MINUTE)
    account.room("c", START, 0)
    account.take_back(given, 3)
    assert left(account, START) == 28


def test_the_busiest_hour_stays_where_what_is_given_back_was_of_another() -> None:
    account = volume(breaker=Breaker(at_least=10, times=5))
    take(account, 10, START)
    given = take(account, 4, START + 5 * HOUR)
    account.take_back(given, 4)
    assert left(account, START + DAY) == 50


def test_what_is_given_back_of_an_approval_can_be_used_again() -> None:
    account = volume(approval=Approval(10, DAY))
    take(account, 10, START)
    account.hear(approve(20, START + HOUR), START)
    given = take(account, 15, START)
    account.take_back(given, 4)
    assert (account.tallies["c"].used, left(account, START)) == (11, 9)
    account.take_back(given, 11)
    assert (account.tallies["c"].used, left(account, START)) == (0, 20)


@pytest.mark.parametrize("until", [START + HOUR, START + 2 * HOUR])
def test_what_was_not_of_this_approval_gives_it_nothing_back(until: int) -> None:
    account = volume(approval=Approval(100, DAY))
    before = take(account, 10, START)
    account.hear(approve(20, until), START)
    after = take(account, 10, START)
    account.hear(approve(30, START + 3 * HOUR), START)
    account.grant("c", 5, START)
    for given in (before, after):
        account.take_back(given, 10)
    assert account.tallies["c"].used == 5


def test_what_left_after_an_approval_was_over_gives_it_nothing_back() -> None:
    account = volume(approval=Approval(100, DAY))
    account.hear(approve(20, START + HOUR), START)
    take(account, 10, START)
    given = take(account, 5, START + HOUR)
    account.take_back(given, 5)
    assert account.tallies["c"].used == 10


def test_a_canary_is_not_complete_any_more_once_some_of_it_is_given_back() -> None:
    account = volume(canary=Canary(first=10, hold=HOUR, worst=0))
    given = take(account, 10, START)
    account.take_back(given, 3)
    assert account.room("c", START) == Room(3, "canary")
    take(account, 3, START + MINUTE)
    assert account.room("c", START + MINUTE).until == START + MINUTE + HOUR


def test_a_canary_of_which_all_is_given_back_has_not_begun() -> None:
    account = volume(canary=Canary(first=10, hold=HOUR, worst=0))
    account.take_back(take(account, 4, START), 4)
    assert account.room("c", START) == Room(10, "canary")


def test_a_canary_that_is_complete_without_what_is_given_back_waits_on() -> None:
    account = volume(canary=Canary(first=10, hold=HOUR, worst=0))
    given = take(account, 10, START)
    account.lay([Rail("c", "one", "ada", None, None, Canary(first=7, hold=HOUR, worst=0))])
    account.take_back(given, 3)
    assert account.room("c", START) == Room(0, "canary", START + HOUR)


def test_what_other_content_gives_back_is_not_this_one_s() -> None:
    account = volume(canary=Canary(first=10, hold=HOUR, worst=0))
    given = take(account, 10, START)
    account.lay([Rail("c", "two", "ada", None, None, Canary(first=10, hold=HOUR, worst=0))])
    take(account, 10, START)
    account.take_back(given, 5)
    assert left(account, START) == 0


def test_content_that_has_passed_needs_nothing_back() -> None:
    account = volume(canary=Canary(first=10, hold=HOUR, worst=0))
    given = take(account, 10, START)
    account.hear(approve(0, START), START)
    account.take_back(given, 5)
    assert account.tallies["c"].fresh == 10
