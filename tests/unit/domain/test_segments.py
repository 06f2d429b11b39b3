"""Who comes into a segment, who goes out of it, and what that starts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from orchestrator.domain.campaign import (
    Campaign,
    Dated,
    Goal,
    MoveTo,
    Pattern,
    SetTraits,
    Value,
    Wait,
    WaitFor,
)
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.input import Adopt, Event, Look, Move, Timer, Visit
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import seal
from orchestrator.domain.program import Feature, Program, Transition, Wheel
from orchestrator.domain.segments import circle, in_order
from rules import compile_condition
from tests.unit.domain.life import DAY, START, Life, campaign, crossed, entered


def _rule(rule: Any) -> Any:
    return compile_condition(rule)


def orders(operator: str, number: int) -> Any:
    return _rule({operator: [{"var": "profile.features.orders"}, number]})


FEATURES = (Feature("orders", "count", "Ordered"), Feature("since", "days_since", "Ordered"))
WHEEL = Wheel("a", ("a", "b"), (), (Transition(frozenset({"a"}), "b", Pattern("w", segment="fans")),))
PLAIN = Wheel("a", ("a", "b"))
SEGMENTS = {
    "buyers": orders(">=", 1),
    "fans": _rule({"and": [{"segment": "regulars"}, {"!=": [{"var": ["profile.traits.closed", False]}, True]}]}),
    "regulars": orders(">=", 2),
    "quiet": _rule({">=": [{"var": ["profile.features.since", 0]}, 3]}),
    "settled": _rule({"==": [{"var": "stage.current"}, "b"]}),
}


def program(*campaigns: Campaign, **more: Any) -> Program:
    named = {one.name: one for one in campaigns}
    return Program("p", features=FEATURES, **{"wheel": PLAIN, "segments": SEGMENTS, "campaigns": named, **more})


def on(segment: str) -> Pattern:
    return Pattern(f"{segment}/on/0", segment=segment)


def off(segment: str) -> Pattern:
    return Pattern(f"{segment}/off/0", left=segment)


def test_coming_in_and_going_out_start_once() -> None:
    life = Life(program(campaign("hello", on("buyers")), campaign("bye", off("settled")), campaign("in-b", on("settled"))))
    assert entered(life.event("Seen", START)) == []
    assert entered(life.event("Ordered", START + 1)) == ["hello"]
    assert entered(life.event("Ordered", START + 2)) == []
    assert entered(life.give(Move("b", "by hand"), START + 3)) == ["in-b"]
    assert entered(life.give(Move("a", "by hand"), START + 4)) == ["bye"]
    assert crossed(life.event("Seen", START + 5)) == []


def test_to_be_in_from_the_beginning_is_no_entry() -> None:
    segments = {"new": orders("<", 1), "odd": orders(">=", 0)}
    life = Life(
        program(campaign("new", on("new")), campaign("odd", on("odd")), campaign("gone", off("new")), segments=segments)
    )
    assert entered(life.event("Seen", START)) == []
    assert entered(life.event("Ordered", START + 1)) == ["gone"]


def test_segments_in_terms_of_others_are_judged_after_them() -> None:
    assert in_order(SEGMENTS).index("fans") > in_order(SEGMENTS).index("regulars")
    life = Life(program(campaign("fans", on("fans")), wheel=WHEEL))
    life.event("Ordered", START)
    found = life.event("Ordered", START + 1)
    assert entered(found) == ["fans"]
    assert [(one.target, one.cause) for one in found[0].transitions] == [("b", "entered segment fans")]


def test_a_circle_of_segments_is_found() -> None:
    one, other = _rule({"segment": "other"}), _rule({"or": [{"segment": "one"}, {"==": [{"var": "stage.current"}, "a"]}]})
    assert circle({"one": one, "other": other}) == ["one", "other", "one"]
    assert circle(SEGMENTS) == []


def test_time_alone_is_met_by_a_timer() -> None:
    life = Life(program(campaign("quiet", on("quiet")), campaign("back", off("quiet"))))
    life.event("Ordered", START)
    assert life.until(START + 6 * DAY) == [(20_003 * DAY, "quiet")]
    assert entered(life.event("Ordered", START + 7 * DAY)) == ["back"]


def test_the_clock_itself_is_looked_at_each_day() -> None:
    segments = {"old": _rule({"after": [{"var": "now"}, "2024-10-07T12:00:00Z"]})}
    life = Life(program(campaign("old", on("old")), segments=segments))
    life.event("Seen", START)
    assert life.due == 20_001 * DAY
    assert entered(life.give(Timer(20_001 * DAY), 20_001 * DAY)) == []
    now = 20_004 * DAY
    assert entered(life.give(Timer(now), now)) == ["old"]


def test_a_set_that_turns_a_membership_is_looked_at_at_once() -> None:
    closing = campaign("closing", Pattern("c/on/0", event="Closed"), verbs=(SetTraits({"closed": Value(constant=True)}),))
    life = Life(program(closing, campaign("bye", off("fans"))))
    for n in range(2):
        life.event("Ordered", START + n)
    found = life.event("Closed", START + 3)
    assert entered(found) == ["closing", "bye"]
    assert found[0].inputs == [Look("set closing", 1)]
    assert entered(life.event("Closed", START + 4)) == ["closing"]


def test_sets_that_turn_each_other_end_at_the_depth() -> None:
    on_, off_ = (SetTraits({"closed": Value(constant=one)}) for one in (True, False))
    close, reopen = campaign("close", on("fans"), verbs=(on_,)), campaign("reopen", off("fans"), verbs=(off_,))
    life = Life(program(close, reopen))
    life.event("Ordered", START)
    found = life.event("Ordered", START + 1)
    assert len(entered(found)) == 9
    assert found[-1].dropped == ["set close: crossings deeper than 8"]
    assert life.profile.memberships["fans"].inside is False
    assert crossed(life.event("Seen", START + 2)) == []


def test_people_across_at_publish_do_not_enter() -> None:
    before = Life(program())
    before.event("Ordered", START)
    before.event("Ordered", START + 1)
    names = program(campaign("fans", on("fans")), campaign("buyers", on("buyers")))
    live = replace(names, live_since=dict.fromkeys(names.index.live, START + 10))
    life = Life(live, before.profile)
    assert entered(life.event("Ordered", START + 11)) == []
    assert life.profile.memberships["fans"].inside


def test_who_crosses_before_the_first_look_enters() -> None:
    before = Life(program())
    before.event("Ordered", START)
    names = program(campaign("fans", on("fans")))
    live = replace(names, live_since=dict.fromkeys(names.index.live, START + 10))
    assert entered(Life(live, before.profile).event("Ordered", START + 11)) == ["fans"]


def test_a_changed_definition_brings_nobody_across() -> None:
    wide = program(campaign("fans", on("fans")))
    narrow = program(campaign("fans", on("fans")), segments={**SEGMENTS, "regulars": orders(">=", 1)})
    assert set(wide.index.live).isdisjoint(narrow.index.live)
    life = Life(replace(wide, live_since=dict.fromkeys(wide.index.live, 1)))
    life.event("Ordered", START)
    life.program = replace(narrow, live_since=dict.fromkeys(narrow.index.live, START + 5))
    assert crossed(life.give(Visit("visit"), START + 6)) == []
    assert life.profile.memberships["fans"].inside
    assert entered(life.event("Ordered", START + 7)) == []


def test_what_crosses_without_any_input_is_met_by_the_look_at_everyone() -> None:
    """As a table's change does: it is no part of the definition."""
    of = {"lookup": ["tiers", {"var": ["profile.traits.plan", "none"]}, "worth", 0]}
    rule = {">": [of, 1]}

    def live(worth: int) -> Program:
        tables = {"tiers": {"gold": {"worth": worth}}}
        segments = {"worthy": compile_condition(rule, tables)}
        return program(campaign("worthy", on("worthy")), segments=segments, tables=tables)

    life = Life(live(0))
    life.event("", START, type="identify", traits={"plan": "gold"})
    life.program = live(2)
    found = life.give(Visit("visit"), START + 1)
    assert found[0].inputs == [Look("visit")]
    assert entered(found) == ["worthy"]


def test_where_nothing_is_watched_nothing_is_kept() -> None:
    life = Life(program(campaign("fans", on("fans"))))
    life.event("Seen", START)
    assert life.profile.memberships
    life.program = program()
    life.give(Visit("visit"), START + 1)
    assert life.profile.memberships == {}


def test_an_old_event_crosses_and_starts_nothing() -> None:
    life = Life(program(campaign("buyers", on("buyers"))))
    found = life.event("Ordered", START + 9 * DAY, at=START)
    assert crossed(found) == [("buyers", True)]
    assert [(entry.outcome, entry.reason) for entry in found[0].entries] == [("not_entered", "age")]


def test_runs_wait_for_crossings_and_end_by_them() -> None:
    waits = campaign("waits", Pattern("w/on/0", event="Seen"), verbs=(WaitFor((on("buyers"),), DAY), MoveTo("b")))
    ends = campaign("ends", Pattern("e/on/0", event="Seen"), verbs=(Wait(Value(constant=9 * DAY)),), exits=(on("settled"),))
    aims = campaign("aims", Pattern("a/on/0", event="Seen"), verbs=(Wait(Value(constant=9 * DAY)),), goal=Goal(on("fans"), DAY))
    life = Life(program(waits, ends, aims))
    life.event("Seen", START)
    found = life.event("Ordered", START + 1)
    assert [(one.campaign, one.step, one.way) for one in found[0].steps] == [("waits", "0", "then"), ("waits", "1", "then")]
    assert [(one.campaign, one.reason) for decision in found for one in decision.ends] == [("waits", "done"), ("ends", "exit")]
    assert [one.campaign for one in life.event("Ordered", START + 2)[0].goals] == ["aims"]


def _other(live: Program, orders_before: int) -> bytes:
    other = newcomer(live, START, "a:web")
    for n in range(orders_before):
        decide(live, Controls(), other, Event(f"o{n}", START, name="Ordered", anonymous_id="web"), START)
    return seal(other)


def test_a_crossing_that_only_the_joining_brings_fires() -> None:
    live = program(campaign("buyers", on("buyers")), campaign("regulars", on("regulars")))
    life = Life(live)
    life.event("Ordered", START)
    found = life.give(Adopt(_other(live, 1), 7), START + 1)
    assert entered(found) == ["regulars"]
    assert found[0].inputs == [Look("merge")]


def test_where_two_profiles_disagreed_nothing_fires() -> None:
    live = program(campaign("buyers", on("buyers")), campaign("regulars", on("regulars")))
    life = Life(live)
    life.event("Seen", START)
    assert crossed(life.give(Adopt(_other(live, 2), 7), START + 1)) == []
    assert life.profile.memberships["regulars"].inside


def test_programs_without_such_patterns_keep_their_records() -> None:
    life = Life(program(campaign("seen", Pattern("s/on/0", event="Seen"))))
    life.event("Seen", START)
    assert b"memberships" not in seal(life.profile)


def test_a_merge_before_the_visit_forgets_what_is_not_watched_any_more() -> None:
    life = Life(program(campaign("fans", on("fans"))))
    life.event("Seen", START)
    birthday = Pattern("day/on/0", date=Dated(("traits", "birthday"), "year"))
    life.program = program(campaign("day", birthday))
    life.give(Adopt(_other(life.program, 1), 7), START + 1)
    assert life.profile.memberships == {}
