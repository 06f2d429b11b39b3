"""Caps and quiet hours: how many, when again, in whose time; and the first instant that suits both."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orchestrator.domain.gates import (
    Allow,
    Defer,
    caps_of,
    counted_before,
    inside_of,
    judge,
    quiet_zone,
    recipient_zone,
    recipient_zones,
)
from orchestrator.domain.moment import Controls
from orchestrator.domain.policies import Cap, QuietHours
from orchestrator.domain.profile import Counted
from orchestrator.domain.zones import zones_of
from tests.unit.domain.judging import DAY, HOUR, NOON, message, moment

NIGHT = QuietHours(21 * 60, 9 * 60)
LUNCH = QuietHours(12 * 60, 13 * 60)
MINUTE = 60_000
AUSTRALIAN = "+61412345678"
"""A mobile, that may be in several zones."""


def counted(*hours: float, channel: str = "email", topic: str | None = "news") -> list[Counted]:
    """Messages that went so many hours from noon."""
    return [Counted(f"h{hour}", NOON + int(hour * HOUR), channel, topic) for hour in hours]


def waits(gate: str, hours: float) -> Defer:
    return Defer(gate, NOON + int(hours * HOUR), "email")


# ── caps ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("went", "verdict"),
    [
        ([], Allow("email")),
        ([-1], Allow("email")),
        ([-4, -1], Allow("email")),
        ([-3.999, -1], waits("cap", 0.001)),
        ([-1, -3], waits("cap", 1)),
        ([-3, -2, -1], waits("cap", 2)),
    ],
)
def test_a_cap_has_room_again_when_the_oldest_that_fills_it_is_over(went: list[float], verdict: object) -> None:
    at = moment(caps=(Cap(2, 4 * HOUR),))
    at.profile.counted = counted(*went)
    assert judge(at, message("email")) == verdict


def test_a_cap_of_none_never_has_room() -> None:
    for at_most in (0, -1):
        assert judge(moment(caps=(Cap(at_most, HOUR),)), message("email")) == Defer("cap", None, "email")


@pytest.mark.parametrize(
    ("cap", "full"),
    [
        (Cap(1, HOUR), True),
        (Cap(1, HOUR, channel="email"), True),
        (Cap(1, HOUR, channel="sms"), False),
        (Cap(1, HOUR, topic="news"), True),
        (Cap(1, HOUR, topic="offers"), False),
        (Cap(1, HOUR, channel="email", topic="offers"), False),
        (Cap(1, HOUR, channel="sms", topic="news"), False),
    ],
)
def test_a_cap_holds_for_the_channel_and_topic_that_it_names(cap: Cap, *, full: bool) -> None:
    at = moment(caps=(cap,))
    assert caps_of(at, message(), "email") == ([cap] if full else [])
    at.profile.counted = counted(0)
    assert judge(at, message("email")) == (waits("cap", 1) if full else Allow("email"))


@pytest.mark.parametrize(
    ("cap", "times"),
    [
        (Cap(9, 4 * HOUR), [-3, -2, -1]),
        (Cap(9, 4 * HOUR, channel="email"), [-3, -1]),
        (Cap(9, 4 * HOUR, topic="news"), [-2, -1]),
        (Cap(9, 4 * HOUR, channel="email", topic="news"), [-1]),
        (Cap(9, 2 * HOUR), [-1]),
    ],
)
def test_a_cap_counts_what_went_by_its_channel_and_topic_the_earliest_first(cap: Cap, times: list[int]) -> None:
    went = [*counted(-1), *counted(-2, channel="sms"), *counted(-3, topic="offers")]
    assert [(at - NOON) / HOUR for at in inside_of(cap, went, NOON)] == times


def test_of_several_caps_each_must_have_room() -> None:
    at = moment(caps=(Cap(1, 2 * HOUR), Cap(2, 6 * HOUR), Cap(9, DAY)))
    at.profile.counted = counted(-3, -1)
    assert judge(at, message("email")) == waits("cap", 3)
    at.profile.counted = counted(-1)
    assert judge(at, message("email")) == waits("cap", 1)


def test_a_message_does_not_count_against_itself_nor_do_those_behind_it() -> None:
    at = moment(caps=(Cap(2, HOUR),))
    own = Counted("m", NOON, "email", "news")
    at.profile.counted = [*counted(0), own, *counted(0, 0)]
    assert counted_before(at, message()) == counted(0)
    assert judge(at, message("email")) == Allow("email")


# ── quiet hours ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("minutes", "verdict"),
    [
        (9 * 60 - 1, Allow("email")),
        (9 * 60, waits("quiet", 21)),
        (12 * 60, waits("quiet", 21)),
        (21 * 60 - 1, waits("quiet", 21)),
        (21 * 60, Allow("email")),
    ],
)
def test_quiet_hours_begin_with_their_first_minute_and_end_with_their_last(minutes: int, verdict: object) -> None:
    at = moment(NOON + minutes * MINUTE, quiet={"email": NIGHT})
    assert judge(at, message("email")) == verdict


def test_a_channel_has_quiet_hours_of_its_own_or_none() -> None:
    at = moment(quiet={"sms": LUNCH}, days_off=frozenset({"2024-10-04"}))
    assert judge(at, message("email")) == Allow("email")
    assert judge(at, message("sms")) == Defer("quiet", NOON + 12 * HOUR, "sms")


@pytest.mark.parametrize(
    ("days_off", "hours"), [([], 0), (["05"], 0), (["04"], 12), (["04", "05"], 36), (["04", "05", "07"], 36)]
)
def test_a_day_off_is_quiet_from_midnight_to_midnight(days_off: list[str], hours: int) -> None:
    at = moment(quiet={"email": QuietHours(1, 2)}, days_off=frozenset(f"2024-10-{day}" for day in days_off))
    assert judge(at, message("email")) == (waits("quiet", hours) if hours else Allow("email"))


def test_a_day_off_is_the_recipients() -> None:
    tokyo = {"email": "ada@example.com", "timezone": "Asia/Tokyo"}
    for off, hours in (("04", 3), ("05", 0)):
        at = moment(traits=tokyo, quiet={"email": QuietHours(1, 2)}, days_off=frozenset({f"2024-10-{off}"}))
        assert judge(at, message("email")) == (waits("quiet", hours) if hours else Allow("email")), "21:00 of the 4th"


def test_after_a_day_off_its_night_is_still_quiet() -> None:
    at = moment(quiet={"email": NIGHT}, days_off=frozenset({"2024-10-04"}))
    assert judge(at, message("email")) == waits("quiet", 21)


# ── both ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("went", "per", "verdict"),
    [
        (-1, 13, waits("cap", 21)),
        (-1, 10, waits("cap", 21)),
        (-1, 9, waits("cap", 8)),
        (-1, 24, waits("cap", 23)),
    ],
)
def test_where_a_cap_gives_way_in_quiet_hours_it_waits_for_their_end(went: int, per: int, verdict: object) -> None:
    at = moment(caps=(Cap(1, per * HOUR),), quiet={"email": NIGHT})
    at.profile.counted = counted(went)
    assert judge(at, message("email")) == verdict


def test_quiet_hours_that_end_before_a_cap_gives_way_do_not_let_it_go() -> None:
    at = moment(NOON + 10 * HOUR, caps=(Cap(1, DAY),), quiet={"email": NIGHT})
    at.profile.counted = counted(0)
    assert judge(at, message("email")) == waits("cap", 24)
    at.profile.counted = []
    assert judge(at, message("email")) == waits("quiet", 21)


@pytest.mark.parametrize(("number", "lives"), [("+18005551234", 3 * DAY), (AUSTRALIAN, 3 * DAY), (AUSTRALIAN, 9_000 * DAY)])
def test_where_it_is_never_day_in_all_zones_no_instant_before_the_expiry_is_looked_for_long(number: str, lives: int) -> None:
    """A free number of North America may be anywhere from Guam to Bermuda."""
    at = moment(traits={"phone": number}, quiet={"sms": QuietHours(11 * 60, 10 * 60)})
    verdict = judge(at, message("sms", expires_at=NOON + lives))
    assert isinstance(verdict, Defer)
    assert verdict.gate == "quiet"
    assert verdict.until is None or verdict.until >= NOON + lives
    assert (verdict.until is None) is (lives > 3 * DAY)


def test_the_search_ends_with_the_first_instant_that_is_too_late() -> None:
    at = moment(traits={"phone": AUSTRALIAN}, quiet={"sms": QuietHours(11 * 60, 10 * 60)})
    verdict = judge(at, message("sms", expires_at=NOON + 1))
    assert isinstance(verdict, Defer)
    assert verdict.until is not None
    for expires_at, same in ((verdict.until, True), (verdict.until + 1, False)):
        assert (judge(at, message("sms", expires_at=expires_at)) == verdict) is same


# ── whose time ──────────────────────────────────────────────────────────────────────────────────────────────────────────

ROME, TOKYO, UTC = ZoneInfo("Europe/Rome"), ZoneInfo("Asia/Tokyo"), ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("traits", "zones"),
    [
        ({"timezone": "Asia/Tokyo", "phone": "+390212345678"}, (TOKYO,)),
        ({"timezone": "Asia/Tokyo"}, (TOKYO,)),
        ({"timezone": "nowhere", "phone": "+390212345678"}, (ROME,)),
        ({"timezone": 9, "phone": "+390212345678"}, (ROME,)),
        ({"phone": "+390212345678"}, (ROME,)),
        ({"phone": "0212345678"}, (ZoneInfo("Europe/Oslo"),)),
        ({"phone": 390212345678}, (ZoneInfo("Europe/Oslo"),)),
        ({"email": "+390212345678"}, (ZoneInfo("Europe/Oslo"),)),
        ({}, (ZoneInfo("Europe/Oslo"),)),
        ({"phone": AUSTRALIAN}, zones_of(AUSTRALIAN)),
    ],
)
def test_a_recipient_is_where_they_say_else_where_their_number_is_else_where_the_workspace_is(
    traits: dict[str, Any], zones: tuple[ZoneInfo, ...]
) -> None:
    assert recipient_zones(moment(traits=traits, zone="Europe/Oslo")) == zones


def test_where_no_addresses_are_asked_for_no_number_says_where() -> None:
    blind = moment(controls=Controls(addresses=False), traits={"phone": "+390212345678"}, zone="Europe/Oslo")
    assert recipient_zones(blind) == (ZoneInfo("Europe/Oslo"),)


@pytest.mark.parametrize(
    ("own", "zone", "found"),
    [
        ("Asia/Tokyo", "Europe/Rome", TOKYO),
        ("nowhere", "Europe/Rome", ROME),
        (None, "Europe/Rome", ROME),
        (9, "Europe/Rome", ROME),
        (None, "nowhere", UTC),
    ],
)
def test_local_times_are_the_profiles_else_the_workspaces_else_utc(own: object, zone: str, found: ZoneInfo) -> None:
    assert recipient_zone(moment(traits={"timezone": own}, zone=zone)) == found


def test_quiet_hours_are_told_in_the_first_zone_in_which_it_is_quiet() -> None:
    zones = zones_of(AUSTRALIAN)
    for hour in range(24):
        at = moment(NOON + hour * HOUR, traits={"phone": AUSTRALIAN}, quiet={"sms": NIGHT})
        night = [zone for zone in zones if not 9 <= dt.datetime.fromtimestamp(at.now / 1000, zone).hour < 21]
        assert quiet_zone(at, "sms") == (night or zones)[0]
        assert quiet_zone(at, "email") == zones[0], "a channel without quiet hours"


def test_a_day_off_is_told_in_the_first_zone_in_which_it_is_that_day() -> None:
    zones, off = zones_of(AUSTRALIAN), "2024-10-05"
    for hour in range(24):
        day_off = frozenset({off})
        at = moment(NOON + hour * HOUR, traits={"phone": AUSTRALIAN}, quiet={"sms": QuietHours(0, 0)}, days_off=day_off)
        there = [zone for zone in zones if dt.datetime.fromtimestamp(at.now / 1000, zone).date().isoformat() == off]
        assert quiet_zone(at, "sms") == (there or zones)[0]
