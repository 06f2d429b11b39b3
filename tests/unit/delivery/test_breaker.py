"""A provider that fails is left alone: messages wait and are not burnt, one probe at a time finds out when it is back."""

from __future__ import annotations

import pytest

from orchestrator.delivery.breaker import Breaker, Breakers
from orchestrator.delivery.governor import Governor, went_badly
from orchestrator.delivery.limits import OPEN_MAX_MS, OPEN_MS, OPEN_SETTINGS_MS, PROBE_MS, TRIED_MS
from orchestrator.domain.decision import MessageChange
from orchestrator.domain.input import Outcome, Permit, Refusal
from orchestrator.domain.profile import Message

START = 1_764_547_200_000
SECOND = 1_000


def message(number: int, channel: str = "email") -> Message:
    return Message(f"m{number}", "e", "c", "s", "t", "marketing", [channel], START, START + 10**9, number, channel=channel)


class Shop:
    """A governor, and a provider that answers as it is told."""

    def __init__(self) -> None:
        self.governor, self.now, self.attempts = Governor(rates={"email": 1_000}), START, 0

    def send(self, number: int, result: str = "accepted", kind: str = "", retry_at: int | None = None) -> Refusal | None:
        verdict = self.governor.ask(message(number), self.now, self.now)
        if isinstance(verdict, Refusal):
            return verdict
        assert isinstance(verdict, Permit)
        self.attempts += 1
        self.hear(number, Outcome(f"m{number}", result, kind=kind, retry_at=retry_at))
        return None

    def hear(self, number: int, outcome: Outcome) -> None:
        one = message(number)
        change = MessageChange(one.id, one.campaign, one.step, one.channel, one.template, one.cls, one.planned_at, "accepted")
        self.governor.hear_of(change, outcome, self.now)


def test_refused_settings_open_at_once_and_nobody_is_burnt_until_a_probe_is_taken() -> None:
    shop = Shop()
    shop.send(0, "refused", "config")
    first = shop.send(1)
    for number in range(2, 500):
        refusal = shop.send(number)
        assert refusal is not None
        assert (refusal.gate, refusal.why) == ("permit", "breaker")
        assert refusal.retry_at is not None
        assert refusal.retry_at > START + OPEN_SETTINGS_MS
    assert shop.attempts == 1
    assert first is not None
    assert first.retry_at is not None
    shop.now = first.retry_at
    shop.send(1, "refused", "config")
    assert shop.send(2) is not None
    assert shop.attempts == 2


@pytest.mark.parametrize(("result", "kind"), [("in_doubt", ""), ("not_sent", "unreachable")])
def test_a_share_of_failures_opens_and_a_single_one_does_not(result: str, kind: str) -> None:
    shop = Shop()
    for number in range(9):
        assert shop.send(number, result, kind) is None
    assert shop.send(9, result, kind) is None
    assert shop.send(10) is not None
    calm = Shop()
    for number in range(100):
        assert calm.send(number, *(("accepted", "") if number % 3 else (result, kind))) is None


def test_a_single_probe_finds_out_and_a_failed_one_makes_the_wait_longer() -> None:
    breaker = Breaker()
    breaker.heard(Outcome("a", "refused", kind="config"), START)
    breaker.until = START
    assert breaker.lets("b", START) is None
    breaker.goes("b", START)
    assert breaker.lets("c", START + 1) == (START + PROBE_MS, "breaker")
    assert breaker.lets("c", START + PROBE_MS) is None
    breaker.heard(Outcome("b", "in_doubt"), START + 2)
    assert breaker.lets("c", START + 3) == (START + 2 + 2 * OPEN_MS, "breaker")
    again = breaker.until
    breaker.goes("c", again)
    breaker.heard(Outcome("c", "accepted"), again + 1)
    assert breaker.lets("d", again + 2) is None
    for _ in range(40):
        breaker.heard(Outcome("x", "refused", kind="config"), breaker.until + 1)
    assert breaker.until - OPEN_MAX_MS <= again + 40 * (OPEN_MAX_MS + 1)


def test_what_a_provider_asks_for_holds_for_the_whole_channel_and_no_other() -> None:
    shop = Shop()
    wait = START + 30 * SECOND
    shop.send(0, "not_sent", "throttle", wait)
    refusal = shop.send(1)
    assert refusal is not None
    assert refusal.why == "throttle"
    assert refusal.retry_at is not None
    assert refusal.retry_at >= wait
    assert isinstance(shop.governor.ask(message(2, "sms"), shop.now, shop.now), Permit)
    shop.now = refusal.retry_at
    assert shop.send(1) is None


def test_who_waits_comes_back_spread_over_time() -> None:
    shop = Shop()
    shop.governor.rates["email"] = 10
    shop.send(0, "refused", "config")
    found = [shop.send(number) for number in range(1, 101)]
    assert len({one.retry_at for one in found if one is not None}) >= 10


def opened(at: int = START) -> Breaker:
    """One that refused settings have opened."""
    breaker = Breaker()
    breaker.heard(Outcome("first", "refused", kind="config"), at)
    return breaker


def test_a_throttle_is_over_at_the_instant_that_it_named() -> None:
    breaker = Breaker()
    breaker.heard(Outcome("a", "not_sent", kind="throttle", retry_at=START + 7), START)
    assert breaker.lets("b", START + 6) == (START + 7, "throttle")
    assert breaker.lets("b", START + 7) is None


def test_who_is_told_when_to_come_back_is_unreachable_all_the_same() -> None:
    breaker = Breaker()
    for number in range(10):
        breaker.heard(Outcome(f"m{number}", "not_sent", kind="unreachable", retry_at=START + 1_000), START)
    assert breaker.lets("b", START + 1) == (START + OPEN_MS, "breaker")


@pytest.mark.parametrize(("result", "kind"), [("refused", "reject"), ("refused", "suppress"), ("not_sent", "")])
def test_what_says_nothing_of_the_provider_opens_nothing(result: str, kind: str) -> None:
    breaker = Breaker()
    for number in range(40):
        breaker.heard(Outcome(f"m{number}", result, kind=kind, retry_at=START), START)
    assert breaker.lets("b", START + 1) is None


@pytest.mark.parametrize("kind", ["lost", "cut_off"])
def test_evidence_is_no_answer_of_the_provider(kind: str) -> None:
    breaker = opened()
    until = START + OPEN_SETTINGS_MS
    breaker.goes("probe", until)
    breaker.heard(Outcome("probe", "refused", kind=kind), until)
    assert breaker.lets("b", until) == (until + PROBE_MS, "breaker")
    assert not went_badly(Outcome("a", "refused", kind=kind))
    assert went_badly(Outcome("a", "refused", kind="reject"))


def test_half_of_ten_attempts_opens_whatever_succeeded_between_them() -> None:
    breaker = Breaker()
    for number in range(4):
        breaker.heard(Outcome(f"a{number}", "accepted"), START)
        breaker.heard(Outcome(f"d{number}", "in_doubt"), START)
    breaker.heard(Outcome("a4", "accepted"), START)
    assert breaker.lets("b", START) is None
    breaker.heard(Outcome("d4", "in_doubt"), START)
    assert breaker.lets("b", START) == (START + OPEN_MS, "breaker")


def test_what_failed_a_minute_ago_is_not_counted_any_more() -> None:
    breaker = Breaker()
    for number in range(9):
        breaker.heard(Outcome(f"m{number}", "in_doubt"), START)
    breaker.heard(Outcome("last", "in_doubt"), START + TRIED_MS)
    assert breaker.lets("b", START + TRIED_MS) is None


def test_an_answer_to_what_was_under_way_closes_nothing_before_its_time() -> None:
    breaker = opened()
    until = START + OPEN_SETTINGS_MS
    breaker.heard(Outcome("under way", "accepted"), until - 1)
    assert breaker.lets("b", until - 1) == (until, "breaker")
    breaker.heard(Outcome("under way, too", "accepted"), until)
    breaker.goes("b", until)
    assert breaker.lets("c", until) is None


def test_a_probe_that_did_not_leave_says_nothing() -> None:
    breaker = opened()
    until = START + OPEN_SETTINGS_MS
    breaker.goes("probe", until)
    breaker.heard(Outcome("probe", "not_sent", retry_at=until + 1), until)
    assert breaker.lets("b", until) == (until + PROBE_MS, "breaker")


def test_a_probe_that_fails_at_the_very_end_doubles_the_wait_and_the_next_may_be_another() -> None:
    breaker = opened()
    until = START + OPEN_SETTINGS_MS
    breaker.goes("probe", until)
    breaker.heard(Outcome("probe", "in_doubt"), until)
    assert breaker.lets("b", until) == (until + 2 * OPEN_MS, "breaker")
    assert breaker.lets("b", until + 2 * OPEN_MS) is None


def test_once_closed_it_knows_nothing_of_before() -> None:
    breaker = opened()
    until = START + OPEN_SETTINGS_MS
    breaker.goes("probe", until)
    breaker.heard(Outcome("probe", "accepted"), until)
    breaker.goes("b", until)
    assert breaker.lets("c", until) is None
    breaker.heard(Outcome("d", "refused", kind="config"), until)
    assert breaker.lets("e", until) == (until + OPEN_SETTINGS_MS, "breaker")


def test_of_a_channel_the_message_that_got_leave_first_is_the_probe() -> None:
    breakers = Breakers({"email": opened()})
    until = START + OPEN_SETTINGS_MS
    assert breakers.lets(message(1), until) is None
    breakers.goes(message(1), until)
    assert breakers.lets(message(1), until + 1) is None
    assert breakers.lets(message(2), until + 1) == (until + PROBE_MS, "breaker")
    assert breakers.lets(message(2, "sms"), until + 1) is None
