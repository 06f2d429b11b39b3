"""Consent by the latest word, double opt-in that waits for its confirmation, and snoozes; in any order of arrival."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from msgspec import structs

from orchestrator.domain.campaign import Pattern, Send
from orchestrator.domain.consent import consented, fold_consent, join_consents, question, ruling_word
from orchestrator.domain.decide import newcomer
from orchestrator.domain.input import Event
from orchestrator.domain.limits import DAY_MS
from orchestrator.domain.policies import Policies, Topic
from orchestrator.domain.profile import Profile, Snooze, seal, unseal
from orchestrator.domain.program import Program, Wheel
from tests.unit.domain.life import START, Life, campaign

POLICIES = Policies({"news": Topic("news", double=True), "tips": Topic("tips")})
GIVEN, CONFIRMED, WITHDRAWN = "Consent Given", "Consent Confirmed", "Consent Withdrawn"


def profile() -> Profile:
    return newcomer(Program("p", Wheel("a", ("a",))), START, "u:ada")


def said(name: str, at: int, **properties: Any) -> Event:
    return Event(f"{name} {at}", START + at, name=name, user_id="ada", properties={"topic": "news", **properties})


def after(*events: Event) -> Profile:
    found = profile()
    for event in events:
        fold_consent(found, event, POLICIES)
    return found


def test_what_is_given_waits_for_its_confirmation() -> None:
    asked = after(said(GIVEN, 1, channel="email"))
    assert not consented(POLICIES, asked, "news", "email")
    word = question(asked, "news", "email")
    assert word is not None
    assert word.at == START + 1
    assert question(asked, "news", "sms") is None
    assert unseal(seal(asked)) == asked
    confirmed = after(said(GIVEN, 1, channel="email"), said(CONFIRMED, 2, channel="email"))
    assert consented(POLICIES, confirmed, "news", "email")
    assert not consented(POLICIES, confirmed, "news", "sms")
    assert confirmed.asked == {}


def test_a_single_opt_in_needs_none() -> None:
    assert consented(POLICIES, after(said(GIVEN, 1, topic="tips")), "tips", "sms")


@pytest.mark.parametrize(
    ("events", "agreed", "asked"),
    [
        ([said(GIVEN, 1), said(CONFIRMED, 2)], True, False),
        ([said(GIVEN, 1), said(CONFIRMED, 2), said(WITHDRAWN, 3)], False, False),
        ([said(GIVEN, 1), said(WITHDRAWN, 2)], False, False),
        ([said(WITHDRAWN, 1), said(GIVEN, 2)], False, True),
        ([said(GIVEN, 1), said(CONFIRMED, 2), said(GIVEN, 3)], True, False),
        ([said(CONFIRMED, 1), said(WITHDRAWN, 2), said(GIVEN, 3), said(CONFIRMED, 4)], True, False),
        ([said(GIVEN, 1, channel="email"), said(WITHDRAWN, 2)], False, False),
    ],
)
def test_the_order_of_arrival_does_not_matter(events: list[Event], *, agreed: bool, asked: bool) -> None:
    for order in permutations(events):
        found = after(*order)
        assert consented(POLICIES, found, "news", "email") is agreed, order
        assert (question(found, "news", "email") is not None) is asked, order


def test_a_consent_by_a_clock_that_goes_ahead_goes_before_no_later_end() -> None:
    ahead = structs.replace(said(GIVEN, 3_600_000, topic="tips"), received_at=START)
    left = structs.replace(said(WITHDRAWN, 60_000, topic="tips"), received_at=START + 60_000)
    for order in permutations([ahead, left]):
        assert not consented(POLICIES, after(*order), "tips", "email")
    word = ruling_word(after(ahead), "tips", "email")
    assert word is not None
    assert word.at == START  # so who leaves by the address list has done so later, too
    snooze = structs.replace(snoozed(3_600_000, days=0), received_at=START)
    assert after(snooze, structs.replace(snoozed(60_000, days=7), received_at=START + 60_000)).snooze == Snooze(
        START + 60_000 + 7 * DAY_MS, START + 60_000, "s60000"
    )


def test_two_profiles_that_are_one_know_what_either_was_asked() -> None:
    one, other = after(said(GIVEN, 1), said(GIVEN, 1, topic="tips")), after(said(CONFIRMED, 2))
    join_consents(one, other)
    assert consented(POLICIES, one, "news", "email")
    assert one.asked == {}


def snoozed(at: int, **properties: Any) -> Event:
    return Event(f"s{at}", START + at, name="Marketing Snoozed", user_id="ada", properties=properties)


def test_the_latest_snooze_counts_and_is_bounded() -> None:
    for order in permutations([snoozed(1, days=30), snoozed(2, days=7)]):
        assert after(*order).snooze == Snooze(START + 2 + 7 * DAY_MS, START + 2, "s2")
    assert after(snoozed(1, days=10_000)).snooze == Snooze(START + 1 + 365 * DAY_MS, START + 1, "s1")
    assert after(snoozed(1, until="2024-10-05T00:00:00Z")).snooze == Snooze(1_728_086_400_000, START + 1, "s1")
    ended = after(snoozed(1, days=30), snoozed(2, days=0)).snooze
    assert ended is not None
    assert ended.until == START + 2
    one = after(snoozed(1, days=30))
    join_consents(one, after(snoozed(2, days=7)))
    assert one.snooze is not None
    assert one.snooze.at == START + 2


def test_a_snooze_stops_marketing_and_nothing_else() -> None:
    on = (Pattern("on", event="E"),)
    marketing = campaign("tips", *on, verbs=(Send("t", ("email",)),), topic="tips")
    service = campaign("service", *on, verbs=(Send("t", ("email",)),), cls="transactional")
    policies = Policies({"tips": Topic("tips", assumed=True)})
    program = Program("p", Wheel("a", ("a",)), policies=policies, campaigns={"service": service, "tips": marketing})
    life = Life(program)
    life.identify(START, email="ada@example.com")
    life.event("Marketing Snoozed", START, properties={"days": 1})
    states = [(one.campaign, one.state, one.reason) for d in life.event("E", START + DAY_MS - 1) for one in d.messages]
    assert states == [("service", "planned", None), ("tips", "suppressed", "hold")]
    states = [(one.campaign, one.state) for d in life.event("E", START + DAY_MS) for one in d.messages]
    assert ("tips", "planned") in states
