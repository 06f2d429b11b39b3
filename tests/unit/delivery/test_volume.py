"""What a campaign may send by itself: exact at every moment, in any order of questions, over restarts."""

from __future__ import annotations

from random import Random

import pytest

from orchestrator.delivery.volume import ACTOR, APPROVE, Rail, Tally, Volume, tally_of
from orchestrator.domain.campaign import Approval
from orchestrator.domain.input import Control
from orchestrator.domain.policies import Breaker, Canary
from tests.unit.delivery.accounts import DAY, HOUR, MINUTE, START, volume


def take(account: Volume, wanted: int, now: int) -> int:
    """What is granted of so many."""
    count = min(wanted, account.room("c", now, wanted).count)
    account.grant("c", count, now)
    return count


def again(account: Volume) -> Volume:
    """The same accounts after a restart: only what was kept."""
    found = Volume()
    found.lay(account.rails.values())
    for _, kept in account.notes():
        found.remember(tally_of(kept))
    return found


def approve(actor: str, up_to: int, until: int) -> Control:
    return Control(APPROVE, on=True, campaign="c", actor=actor, up_to=up_to, until=until)


@pytest.mark.parametrize("seed", range(30))
def test_in_no_window_more_is_granted_than_the_envelope(seed: int) -> None:
    rng, now, granted = Random(seed), START, list[tuple[int, int]]()
    within, over = rng.choice((HOUR, DAY)), rng.choice((5, 100))
    account = volume(approval=Approval(over, within))
    for _ in range(400):
        now += rng.choice((0, 1_000, within // 30, within // 3))
        granted.append((now, take(account, rng.randrange(1, 40), now)))
        if rng.random() < 0.1:
            account._changed.add("c")
            account = again(account)
        assert sum(count for at, count in granted if at > now - within) <= over
    assert sum(count for _, count in granted) > over


def test_beyond_the_envelope_a_message_hears_why_and_when_there_is_room_again() -> None:
    account = volume(approval=Approval(10, DAY))
    assert take(account, 25, START) == 10
    room = account.room("c", START)
    assert (room.refusal.gate, room.refusal.why) == ("permit", "approval")
    assert room.until is not None
    assert take(account, 25, room.until - 1) == 0
    assert take(account, 25, room.until + HOUR) == 10


def test_an_approval_is_another_person_s_and_is_used_up() -> None:
    account = volume(approval=Approval(10, DAY))
    take(account, 10, START)
    for nobody in ("ada", " ADA", ""):
        account.hear(approve(nobody, 50, START + DAY), START)
        assert take(account, 5, START) == 0
    account.hear(approve("ben", 50, START + HOUR), START)
    assert take(account, 30, START) == 30
    assert take(again(account), 30, START + MINUTE) == 20
    account.hear(approve("ben", 50, START + HOUR), START)
    assert take(account, 5, START + HOUR) == 0


def test_a_campaign_without_a_past_trips_at_its_floor_and_says_so_once() -> None:
    account = volume(breaker=Breaker())
    assert sum(take(account, 7, START + n * MINUTE) for n in range(50)) == 200
    [trip] = account.take_trips()
    assert (trip.switch, trip.on, trip.campaign, trip.actor) == ("pause", True, "c", ACTOR)
    assert "200 messages within an hour" in trip.reason
    assert account.room("c", START + 5 * HOUR).refusal.gate == "pause"
    assert account.take_trips() == []
    assert again(account).room("c", START + DAY).refusal.gate == "pause"


def test_who_lets_it_go_on_says_that_this_was_usual() -> None:
    account = volume(breaker=Breaker())
    take(account, 200, START)
    take(account, 1, START)
    account.hear(Control("pause", on=False, campaign="c"), START)
    assert sum(take(account, 100, START + n * MINUTE) for n in range(20)) == 800
    assert account.room("c", START + 20 * MINUTE).count == 0


def test_a_busy_hour_of_the_last_weeks_is_the_measure_and_this_day_s_is_not() -> None:
    account = volume(breaker=Breaker(at_least=200, times=5, days=28))
    assert take(account, 150, START) == 150
    assert sum(take(account, 200, START + 2 * HOUR) for _ in range(5)) == 200
    account = volume(breaker=Breaker(at_least=200, times=5, days=28))
    take(account, 150, START)
    assert take(account, 1_000, START + 28 * DAY) == 750
    account = volume(breaker=Breaker(at_least=200, times=5, days=28))
    take(account, 150, START)
    assert take(account, 1_000, START + 29 * DAY) == 200


def test_new_content_goes_to_a_few_and_then_waits_for_what_becomes_of_them() -> None:
    account = volume(canary=Canary(first=100, hold=HOUR, worst=500))
    assert take(account, 300, START) == 100
    assert account.room("c", START).refusal.why == "canary"
    for _ in range(5):
        account.saw("c")
    account = again(account)
    assert take(account, 300, START + HOUR - 1) == 0
    assert take(account, 300, START + HOUR) == 300
    account.lay([Rail("c", content="two", publisher="ada", canary=Canary(first=100, hold=HOUR, worst=500))])
    assert take(account, 300, START + 2 * HOUR) == 100


def test_a_canary_of_which_too_many_went_badly_stays_held_until_somebody_else_says_so() -> None:
    account = volume(canary=Canary(first=100, hold=HOUR, worst=500))
    take(account, 100, START)
    for _ in range(6):
        account.saw("c")
    assert take(account, 300, START + DAY) == 0
    account.hear(approve("ada", 1, START), START + DAY)
    assert take(account, 300, START + DAY) == 0
    account.hear(approve("ben", 1, START), START + DAY)
    assert take(account, 300, START + DAY) == 300


def test_an_account_stays_small() -> None:
    account, now = volume(breaker=Breaker(), approval=Approval(10**9, DAY)), START
    rng = Random(1)
    for _ in range(20_000):
        now += rng.randrange(5 * MINUTE)
        take(account, rng.randrange(3), now)
    tally: Tally = account.tallies["c"]
    assert (len(tally.minutes), len(tally.days), len(tally.window)) <= (61, 29, 26)
