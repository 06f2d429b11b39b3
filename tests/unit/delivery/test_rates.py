"""Rates of channels, accounts and senders, for an embedded engine and for workers alike; SMS count by segments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from orchestrator.config import read_settings
from orchestrator.delivery.limits import COUNTED_KEPT, RATE
from orchestrator.delivery.rates import Rate, Rates, sender_is_bounded
from orchestrator.domain.input import Outcome, Receipt
from orchestrator.domain.profile import Call, Message
from tests.simulation.rate_world import SECONDS, SENDERS, START, Left, change, distributed, embedded, message


def waiting(count: int, *templates: str, **more: str) -> list[Message]:
    return [message(number, templates[number % len(templates)], **more) for number in range(count)]


@pytest.fixture(params=(embedded, distributed), ids=("embedded", "workers"))
def drain(request: pytest.FixtureRequest) -> Iterator[Callable[..., Left]]:
    return request.param  # type: ignore[no-any-return]


def a_second(left: Left, units: Callable[[Message], int] = lambda _: 1, since: int = 4) -> float:
    """Units a second, once it runs."""
    return sum(units(one) for at, one in left if at >= since * 1_000) / (SECONDS - since)


def one_text(_: Message) -> int:
    return 1


def test_a_sender_s_rate_bounds_it_and_not_the_others(drain: Callable[..., Left]) -> None:
    left = drain({"sms": 100, "sender/shop": 5}, waiting(1_200, "code", "offer"), one_text)
    by = Counter(one.template for _, one in left)
    assert by["offer"] <= 5 * SECONDS
    assert by["offer"] >= 3 * SECONDS
    assert by["code"] == 600


def test_an_account_s_rate_bounds_all_of_its_channels_together(drain: Callable[..., Left]) -> None:
    both = [message(number, "offer", ("sms", "email")[number % 2]) for number in range(1_200)]
    left = drain({"sms": 100, "email": 100, "account/twilio": 20}, both, one_text)
    assert len(left) <= 20 * SECONDS
    assert len(left) >= 10 * SECONDS
    assert min(Counter(one.channel for _, one in left).values()) > 3 * SECONDS


def test_texts_count_by_their_segments_once_it_is_known_how_many_they_are(drain: Callable[..., Left]) -> None:
    left = drain({"sms": 30}, waiting(900, "text", cls="transactional"), lambda _: 10)
    assert 20 <= a_second(left, lambda _: 10, since=12) <= 33
    for seconds in (10, SECONDS):
        assert sum(10 for at, _ in left if at < seconds * 1_000) <= 30 * (seconds + 2), seconds


def test_a_text_of_more_segments_than_a_second_has_waits_until_they_are_paid(drain: Callable[..., Left]) -> None:
    left = drain({"sms": 2}, waiting(60, "text", cls="transactional"), lambda _: 6)
    assert 1 / 4 <= a_second(left) <= 1 / 2


def test_what_a_campaign_s_long_texts_owe_leaves_others_their_part(drain: Callable[..., Left]) -> None:
    codes = [message(number, "code", cls="transactional") for number in range(5_000, 5_040)]
    left = drain({"sms": 20}, [*waiting(400, "text"), *codes], lambda one: 8 if one.template == "text" else 1)
    assert all(at <= 12_000 for at, one in left if one.template == "code")
    assert sum(one.template == "code" for _, one in left) == 40


def test_a_template_counts_as_its_latest_text_did() -> None:
    rates, long, short = Rates(senders=SENDERS), message(1, "text"), message(2, "code")
    assert rates.more(change(long), Outcome("m1", "accepted", segments=4)) == 3
    assert (rates.weight(long), rates.weight(short)) == (4, 1)
    rates.counts("m1", 4)
    assert rates.more(change(long), Outcome("m1", "in_doubt", segments=5)) == 1
    assert rates.more(change(long), Outcome("m1", "refused", segments=9)) == 0
    assert rates.more(change(long), Outcome("m1", "accepted")) == 0
    assert rates.weight(long) == 1


def accepted(rates: Rates, number: int, segments: int, channel: str = "sms") -> int:
    one = message(number, "text", channel)
    return rates.more(change(one), Outcome(one.id, "accepted", segments=segments))


def test_everything_that_is_set_bounds_and_a_channel_of_which_nothing_is_said_has_the_usual_rate() -> None:
    known = {"sms": 7, "account/twilio": 5, "sender/shop": 2, "account/": 1, "sender/": 1}
    rates = Rates(known, {"sms": "twilio"})
    assert rates.of("sms", "shop") == (Rate("sms", 7), Rate("account/twilio", 5), Rate("sender/shop", 2))
    assert rates.of("sms", "alerts") == (Rate("sms", 7), Rate("account/twilio", 5))
    assert Rates().of("email", "shop") == (Rate("email", RATE),)


def test_what_bounds_a_channel_and_a_sender_is_found_once() -> None:
    known = {"sms": 7}
    rates = Rates(known)
    first = rates.of("sms", "shop")
    known["sms"] = 9
    assert rates.of("sms", "shop") is first
    assert rates.of("sms", "alerts") == (Rate("sms", 9),)


@pytest.mark.parametrize(("most", "marketing"), [(1, 1), (2, 1), (9, 7), (10, 8), (100, 80)])
def test_a_fifth_is_kept_from_marketing_which_has_one_at_least(most: int, marketing: int) -> None:
    assert Rate("sms", most).marketing == marketing


def test_those_wait_apart_whose_sender_has_a_rate() -> None:
    rates = Rates({"sender/shop": 2, "account/twilio": 5}, {"sms": "twilio"})
    assert sender_is_bounded(rates.of("sms", "shop"))
    assert not sender_is_bounded(rates.of("sms", "alerts"))


def test_who_sends_a_message_is_its_template_s_sender_and_a_webhook_s_is_whom_it_asks() -> None:
    rates = Rates(senders=SENDERS)
    assert [rates.sender(message(1, template)) for template in ("code", "offer", "another")] == ["alerts", "shop", ""]
    assert rates.sender(Call("w", "e", "c", "s", "desk", "transactional", START, START)) == "desk"


def test_webhooks_and_templates_that_nobody_has_sent_count_once() -> None:
    rates = Rates()
    assert rates.weight(message(1, "text")) == 1
    assert accepted(rates, 1, 4) == 3
    assert [rates.weight(message(2, template)) for template in ("text", "code")] == [4, 1]
    assert rates.weight(Call("w", "e", "c", "s", "desk", "transactional", START, START)) == 1


def test_only_texts_count_by_segments_and_only_once_they_have_left() -> None:
    rates = Rates()
    assert accepted(rates, 1, 4, "email") == 0
    one = message(1, "text")
    assert rates.more(change(one), Receipt("m1", "r", "delivered", START, "sms")) == 0
    for result in ("refused", "not_sent"):
        assert rates.more(change(one), Outcome("m1", result, segments=4)) == 0
    assert rates.weight(one) == 1
    assert rates.more(change(one), Outcome("m1", "in_doubt", segments=4)) == 3


def test_a_text_that_is_shorter_than_it_was_counted_for_gives_nothing_back() -> None:
    rates = Rates()
    rates.counts("m1", 4)
    assert accepted(rates, 1, 2) == 0
    assert rates.weight(message(2, "text")) == 2
    assert accepted(rates, 1, 2) == 1, "what was counted for it is known until its outcome"


def test_of_texts_under_way_the_newest_are_known_and_what_counts_once_is_not_kept() -> None:
    rates = Rates()
    for number in range(COUNTED_KEPT):
        rates.counts(f"m{number}", 3)
    rates.counts("single", 1)
    assert len(rates._counted) == COUNTED_KEPT
    rates.counts("new", 2)
    assert len(rates._counted) == COUNTED_KEPT
    assert [accepted(rates, number, 3) for number in (0, 1)] == [2, 0]


def test_the_environment_names_channels_accounts_and_senders() -> None:
    named = {
        "EMAIL": "sendgrid",
        "SMS_RATE": "7",
        "SENDGRID_RATE": "50",
        "SENDER_RATES": "shop=10, alerts=1",
        "WEBHOOK_RATE": "9",
    }
    settings = read_settings({f"ORCHESTRATOR_{name}": value for name, value in named.items()})
    assert settings.rates == {"sms": 7, "webhook": 9, "account/sendgrid": 50, "sender/shop": 10, "sender/alerts": 1}
    assert "rate" not in settings.adapter_settings["sendgrid"]
