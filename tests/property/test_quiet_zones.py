"""Quiet hours and local times by a clock looked at minute by minute; and where a phone number may be."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orchestrator.domain.campaign import Campaign, Node, Pattern, Reentry, Send, Steps
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.decision import Decision, MessageChange
from orchestrator.domain.gates import quiet_zone, recipient_zones
from orchestrator.domain.input import Event
from orchestrator.domain.moment import Controls, Moment
from orchestrator.domain.policies import Policies, QuietHours, Topic
from orchestrator.domain.program import Program, Wheel
from orchestrator.domain.zones import zones_of
from tests.property.quiet_zones import run

QUIET = QuietHours(21 * 60, 9 * 60)
WINTER = int(dt.datetime(2026, 1, 14, tzinfo=dt.UTC).timestamp() * 1000)
HOUR = 3_600_000


def test_a_sample_of_all_zones_is_never_wrong_and_never_double() -> None:
    """All of them by `python tests/property/quiet_zones.py`."""
    counted, wrong = run(every=75, first=11)
    assert wrong == []
    assert counted.changes > 50


@pytest.mark.parametrize(
    ("number", "named"),
    [
        ("+390212345678", {"Europe/Rome"}),
        ("+493012345678", {"Europe/Berlin"}),
        ("+12125551234", {"America/New_York"}),
        ("0212345678", set()),
        ("+0", set()),
        ("not a number", set()),
        ("+883510012345", set()),
    ],
)
def test_a_number_says_where_it_may_be(number: str, named: set[str]) -> None:
    assert {zone.key for zone in zones_of(number)} == named


def shop(traits: dict[str, Any], at: int, days_off: frozenset[str] = frozenset()) -> MessageChange:
    """What becomes of a text at that time."""
    steps = Steps("v", (Node("0", Send("t", ("sms",), expires=72 * HOUR)),), 0)
    campaign = Campaign("c", "a", steps, (Pattern("on", event="E"),), topic="news", reentry=Reentry(0))
    policies = Policies({"news": Topic("news", assumed=True)}, quiet={"sms": QUIET}, days_off=days_off, zone="Asia/Tokyo")
    program = Program("p", Wheel("a", ("a",)), policies=policies, campaigns={"c": campaign})
    event = Event("m", at, name="E", user_id="ada", received_at=at, traits=traits)
    (change,) = decide(program, Controls(), newcomer(program, at, "u:ada"), event, at).decision.messages
    return change


def hours(change: MessageChange) -> float | None:
    return None if change.until is None else (change.until - WINTER) / HOUR


def test_the_profiles_zone_comes_before_the_numbers_and_that_before_the_workspaces() -> None:
    at = WINTER + 3 * HOUR  # 3:00 in London, 4:00 in Rome, 12:00 in Tokyo
    own = shop({"phone": "+390212345678", "timezone": "Europe/London"}, at)
    assert (own.reason, hours(own)) == ("quiet", 9)
    assert hours(shop({"phone": "+390212345678"}, at)) == 8
    assert hours(shop({"phone": "+390212345678", "timezone": "no such zone"}, at)) == 8
    assert shop({"phone": "0212345678"}, at).reason is None


def test_of_several_zones_the_strictest_counts() -> None:
    """A mobile of Australia may be in Perth or in Sydney, and on Christmas Island."""
    mobile = {"phone": "+61412345678"}
    zones = zones_of(mobile["phone"])
    assert len(zones) > 4
    for at in range(WINTER, WINTER + 48 * HOUR, HOUR):
        change = shop(mobile, at)
        at_last = at if change.until is None else change.until
        shown = [dt.datetime.fromtimestamp(at_last / 1000, zone) for zone in zones]
        assert all(9 <= one.hour < 21 for one in shown), (at, shown)
        earlier = range(at, at_last, HOUR // 4)
        assert all(any(not 9 <= dt.datetime.fromtimestamp(t / 1000, z).hour < 21 for z in zones) for t in earlier)


def test_a_day_off_in_any_of_the_zones_is_off() -> None:
    mobile, noon = {"phone": "+61412345678"}, WINTER + 3 * HOUR
    assert shop(mobile, noon).reason is None
    change = shop(mobile, noon, frozenset({"2026-01-14"}))
    assert change.reason == "quiet"
    assert all(dt.datetime.fromtimestamp((change.until or 0) / 1000, zone).day == 15 for zone in zones_of(mobile["phone"]))


def test_a_replay_asks_for_no_number_and_what_is_quiet_is_told_by_its_zone() -> None:
    program = Program("p", Wheel("a", ("a",)), policies=Policies(quiet={"sms": QUIET}))
    profile = newcomer(program, WINTER, "u:ada")
    profile.traits["phone"] = "+61412345678"
    moment = Moment(program, Controls(), profile, WINTER + 11 * HOUR, "", Decision())  # 22:00 in Sydney, 19:00 in Perth
    assert len(recipient_zones(moment)) > 4
    assert dt.datetime.fromtimestamp(moment.now / 1000, quiet_zone(moment, "sms")).hour >= 21
    replayed = Moment(program, Controls(addresses=False), profile, WINTER, "", Decision())
    assert recipient_zones(replayed) == (ZoneInfo("UTC"),)
