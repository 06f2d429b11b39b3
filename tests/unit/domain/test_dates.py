"""When the dates that profiles hold come, and when they do not."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.domain.calendar import iso
from orchestrator.domain.campaign import Dated, Goal, Pattern, SetTraits, Value, Wait, WaitFor
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.input import Adopt, Event, Look, Move, Visit
from orchestrator.domain.moment import Controls
from orchestrator.domain.policies import Policies
from orchestrator.domain.profile import seal
from orchestrator.domain.program import Feature, Program, Transition, Wheel
from tests.unit.domain.life import DAY, HOUR, START, Life, campaign, entered

BIRTHDAY = ("traits", "birthday")
NINE = 9 * 60
PLAIN = Wheel("a", ("a", "b"))


def at(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).timestamp() * 1000)


def dated(**more: Any) -> Pattern:
    return Pattern("day/on/0", date=Dated(**{"path": BIRTHDAY, "every": "year", "at": NINE, **more}))


def live(pattern: Pattern, *others: Any, wheel: Wheel = PLAIN, **more: Any) -> Program:
    campaigns = {one.name: one for one in (campaign("day", pattern), *others)}
    policies = Policies(**{"zone": "UTC", **more.pop("policies", {})})
    return Program("p", wheel, campaigns=campaigns, policies=policies, **more)


def comes(life: Life, end: str) -> list[str]:
    return [iso(when)[:16] for when, _ in life.until(at(end))]


def test_an_anniversary_comes_each_year_where_the_customer_lives() -> None:
    life = Life(live(dated()))
    life.identify(START, birthday="1990-11-05", timezone="America/New_York")
    assert comes(life, "2026-12-01T00:00Z") == ["2024-11-05T14:00", "2025-11-05T14:00", "2026-11-05T14:00"]


def test_each_month_and_the_last_day_of_short_ones() -> None:
    life = Life(live(dated(every="month", zone="Europe/Rome")))
    life.identify(START, birthday="2024-10-31", timezone="America/New_York")
    came = comes(life, "2025-04-01T00:00Z")
    assert came == [
        "2024-10-31T08:00", "2024-11-30T08:00", "2024-12-31T08:00", "2025-01-31T08:00", "2025-02-28T08:00", "2025-03-31T07:00",
    ]  # fmt: skip


@pytest.mark.parametrize(("leap_day", "came"), [("02-28", "2025-02-28T09:00"), ("03-01", "2025-03-01T09:00")])
def test_the_29_february_comes_on_the_day_that_the_policies_say(leap_day: str, came: str) -> None:
    life = Life(live(dated(), policies={"leap_day": leap_day}))
    life.identify(START, birthday="2000-02-29")
    assert comes(life, "2028-12-31T00:00Z")[::3] == [came, "2028-02-29T09:00"]


def test_nothing_comes_before_the_date_itself() -> None:
    life = Life(live(dated()))
    life.identify(START, birthday="2026-05-01")
    assert comes(life, "2027-06-01T00:00Z") == ["2026-05-01T09:00", "2027-05-01T09:00"]


def test_what_is_past_when_it_becomes_known_has_been() -> None:
    life = Life(live(dated()))
    life.identify(at("2024-11-05T10:00Z"), birthday="1990-11-05")
    assert comes(life, "2025-12-01T00:00Z") == ["2025-11-05T09:00"]


def test_a_corrected_birthday_brings_no_second_present() -> None:
    life = Life(live(dated()))
    life.identify(START, birthday="1990-11-05")
    assert comes(life, "2024-11-06T00:00Z") == ["2024-11-05T09:00"]
    life.identify(at("2024-11-06T00:00Z"), birthday="1990-11-20")
    assert comes(life, "2025-12-01T00:00Z") == ["2025-11-20T09:00"]


def test_a_correction_of_what_came_to_nothing_comes() -> None:
    life = Life(live(dated()))
    life.identify(at("2024-11-05T10:00Z"), birthday="1970-01-01")
    life.identify(at("2024-11-05T11:00Z"), birthday="1990-11-05")
    life.identify(at("2024-11-05T12:00Z"), birthday="1990-11-20")
    assert comes(life, "2024-12-01T00:00Z") == ["2024-11-20T09:00"]


def test_a_birthday_taken_away_and_given_again_brings_none_either() -> None:
    life = Life(live(dated(), never_null=frozenset({"birthday"})))
    life.identify(START, birthday="1990-11-05")
    assert comes(life, "2024-11-06T00:00Z") == ["2024-11-05T09:00"]
    life.identify(at("2024-11-06T00:00Z"), birthday=None)
    assert life.due is None
    life.identify(at("2024-11-07T00:00Z"), birthday="1990-11-08")
    assert comes(life, "2025-11-30T00:00Z") == ["2025-11-08T09:00"]


def test_a_single_date_comes_once_and_again_when_it_is_another() -> None:
    life = Life(live(dated(every=None, offset=-2 * DAY)))
    life.identify(START, birthday="2024-11-05")
    assert comes(life, "2025-11-06T00:00Z") == ["2024-11-03T09:00"]
    life.identify(at("2025-11-06T00:00Z"), birthday="2025-12-01")
    assert comes(life, "2026-12-01T00:00Z") == ["2025-11-29T09:00"]
    life.identify(at("2026-12-01T00:00Z"), birthday="2026-12-02")
    assert comes(life, "2027-12-01T00:00Z") == []


def test_a_date_time_comes_at_its_own_time() -> None:
    life = Life(live(dated(every=None, at=None, offset=-90 * 60_000)))
    life.identify(START, birthday="2024-11-05T18:30:15+01:00")
    assert [iso(when) for when, _ in life.until(START + 90 * DAY)] == ["2024-11-05T16:00:15.000Z"]


def test_whole_days_move_the_local_day_and_keep_the_time() -> None:
    """The clocks change on 2025-03-30 in Rome."""
    for offset, came in ((-2 * DAY, "2025-03-29T08:00"), (-36 * HOUR, "2025-03-29T19:00")):
        life = Life(live(dated(every=None, offset=offset, zone="Europe/Rome")))
        life.identify(START, birthday="2025-03-31")
        assert comes(life, "2025-04-10T00:00Z") == [came]


def test_a_time_that_does_not_exist_and_one_that_comes_twice() -> None:
    life = Life(live(dated(at=2 * 60 + 30, zone="Europe/Rome")))
    life.identify(START, birthday="2025-03-30")
    assert comes(life, "2025-04-01T00:00Z") == ["2025-03-30T01:00"]
    life = Life(live(dated(at=2 * 60 + 30, zone="Europe/Rome")))
    life.identify(START, birthday="2024-10-27")
    assert comes(life, "2024-12-01T00:00Z") == ["2024-10-27T00:30"]


def test_a_zone_that_puts_it_into_the_past_lets_it_come_at_once() -> None:
    life = Life(live(dated()))
    life.identify(START, birthday="1990-11-05", timezone="America/New_York")
    assert entered(life.identify(at("2024-11-05T10:00Z"), timezone="Europe/Rome")) == ["day"]
    assert entered(life.identify(at("2024-11-05T11:00Z"), timezone="America/New_York")) == []
    assert comes(life, "2024-12-01T00:00Z") == []


def test_a_zone_that_puts_what_was_over_into_the_future_lets_it_come_then() -> None:
    life = Life(live(dated()))
    life.identify(at("2024-11-05T07:30Z"), birthday="1990-11-05", timezone="Asia/Tokyo")
    life.identify(at("2024-11-05T07:40Z"), timezone="Europe/Rome")
    assert comes(life, "2024-12-01T00:00Z") == ["2024-11-05T08:00"]


def test_a_set_is_met_too() -> None:
    zone = SetTraits({"timezone": Value(constant="Asia/Tokyo")})
    moves = campaign("moves", Pattern("m/on/0", event="Moved"), verbs=(zone,))
    life = Life(live(dated(), moves))
    life.identify(START, birthday="1990-11-05")
    found = life.event("Moved", at("2024-11-05T08:00Z"))
    assert found[0].inputs == [Look("set moves", 1)]
    assert entered(found) == ["moves", "day"]
    renews = campaign(
        "renews", Pattern("r/on/0", event="Renewed"), verbs=(SetTraits({"birthday": Value(constant="2025-01-02")}),)
    )
    life = Life(live(dated(every=None), renews))
    life.identify(START, birthday="2024-10-10")
    life.event("Renewed", START + 1)
    assert comes(life, "2025-12-01T00:00Z") == ["2025-01-02T09:00"]


def test_what_was_past_when_it_went_live_has_been_and_what_was_not_comes() -> None:
    pattern = dated()
    life = Life(live(Pattern("day/on/0", event="Seen")))
    life.identify(START, birthday="1990-11-05")
    named = live(pattern)
    life.program = replace(named, live_since=dict.fromkeys(named.index.live, at("2024-11-05T09:00Z")))
    assert entered(life.give(Visit("visit"), at("2024-11-05T09:30Z"))) == []
    life = Life(live(Pattern("day/on/0", event="Seen")))
    life.identify(START, birthday="1990-11-05")
    life.program = replace(named, live_since=dict.fromkeys(named.index.live, at("2024-11-05T08:59Z")))
    assert entered(life.give(Visit("visit"), at("2024-11-05T09:30Z"))) == ["day"]


def test_another_time_of_day_brings_no_second_present() -> None:
    life = Life(live(dated()))
    life.identify(START, birthday="1990-11-05")
    assert comes(life, "2024-11-05T09:01Z") == ["2024-11-05T09:00"]
    later = live(dated(at=NINE + 120))
    life.program = replace(later, live_since=dict.fromkeys(later.index.live, at("2024-11-05T09:30Z")))
    life.give(Visit("visit"), at("2024-11-05T09:30Z"))
    assert comes(life, "2025-12-01T00:00Z") == ["2025-11-05T11:00"]


def test_two_profiles_that_become_one_have_one_birthday() -> None:
    program = live(dated())
    life = Life(program)
    life.identify(START, birthday="1990-11-05")
    assert comes(life, "2024-11-06T00:00Z") == ["2024-11-05T09:00"]
    other = newcomer(program, START, "a:web")
    said = Event("i", at("2024-11-07T00:00Z"), type="identify", anonymous_id="web", traits={"birthday": "1990-11-20"})
    decide(program, Controls(), other, said, said.occurred_at)
    life.give(Adopt(seal(other), 7), at("2024-11-08T00:00Z"))
    assert life.profile.traits["birthday"] == "1990-11-20"
    assert comes(life, "2025-12-01T00:00Z") == ["2025-11-20T09:00"]


def test_the_wheel_waits_only_in_the_stage_that_it_leads_from() -> None:
    day = Pattern("w", date=Dated(BIRTHDAY, None, NINE))
    wheel = Wheel("a", ("a", "b"), (), (Transition(frozenset({"b"}), "a", day),))
    life = Life(live(Pattern("none", event="Never"), wheel=wheel))
    life.identify(START, birthday="2024-11-05")
    life.until(at("2024-11-05T10:00Z"))
    life.give(Move("b", "by hand"), at("2024-11-05T10:00Z"))
    life.event("Seen", at("2024-11-05T11:00Z"))
    assert (life.profile.stage, life.due) == ("b", None)
    life.identify(at("2024-11-05T12:00Z"), birthday="2024-11-06")
    life.until(at("2024-11-07T10:00Z"))
    assert life.profile.stage == "a"


def test_runs_wait_for_dates_and_end_by_them() -> None:
    day = Pattern("d", date=Dated(BIRTHDAY, "year", NINE))
    begun = Pattern("x/on/0", event="Seen")
    waits = campaign("waits", begun, verbs=(WaitFor((day,), 60 * DAY),))
    ends = campaign("ends", begun, verbs=(Wait(Value(constant=90 * DAY)),), exits=(day,))
    aims = campaign("aims", begun, verbs=(Wait(Value(constant=90 * DAY)),), goal=Goal(day, 90 * DAY))
    life = Life(live(Pattern("none", event="Never"), waits, ends, aims))
    life.identify(START, birthday="1990-11-05")
    life.event("Seen", START + 1)
    life.until(at("2024-11-05T08:00Z"))
    assert not [run for run in life.profile.runs if run.ended]
    found = life.event("Seen", at("2024-11-05T09:00Z"))
    ended = sorted((one.campaign, one.reason) for decision in found for one in decision.ends)
    assert ended == [("aims", "goal"), ("ends", "exit"), ("waits", "done")]


def test_a_feature_may_hold_the_date() -> None:
    feature = Feature("renewal", "last", "Renewed", path=("properties", "until"))
    life = Life(live(dated(path=("features", "renewal"), every=None), features=(feature,)))
    life.event("Renewed", START, properties={"until": "2024-11-05"})
    assert comes(life, "2025-01-01T00:00Z") == ["2024-11-05T09:00"]


@pytest.mark.parametrize("odd", ["tomorrow", "", 5, None, ["2024-11-05"], "9999-12-31", "0001-01-01", "2024-11-05T25:00"])
def test_what_is_no_date_never_comes_and_hurts_nobody(odd: Any) -> None:
    for offset in (0, 400 * DAY, -400 * DAY):
        life = Life(live(dated(every=None, offset=offset)))
        life.identify(START, birthday=odd)
        assert comes(life, "2030-01-01T00:00Z") == []


def test_programs_without_dates_keep_their_records() -> None:
    life = Life(live(Pattern("day/on/0", event="Seen")))
    life.identify(START, birthday="1990-11-05")
    assert b"dates" not in seal(life.profile)
    life.program = live(dated())
    life.identify(START + 1, birthday="1990-11-06")
    assert life.profile.dates
    life.program = live(Pattern("day/on/0", event="Seen"))
    life.give(Visit("visit"), START + 2)
    assert b"dates" not in seal(life.profile)
