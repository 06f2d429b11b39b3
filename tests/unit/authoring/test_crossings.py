"""What the check says of patterns that wait for segments and dates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.authoring import check
from orchestrator.authoring.limits import WATCHED

Written = Callable[..., Path]
SEGMENTS = """\
buyers: {if: {">": [{var: profile.features.orders}, 0]}}
new: {if: {"==": [{var: profile.features.orders}, 0]}}
rich: {if: [{">=": [{var: profile.features.spent}, 100]}, {segment: buyers}]}
free: {if: {"==": [{var: profile.traits.plan}, free]}}
business: {if: {"==": [{var: profile.traits.plan}, business]}}
patient: {if: {or: [{">=": [{var: stage.turns}, 2]}, {"!": {"<": [{var: profile.features.orders}, 3]}}]}}
"""
SEND = "  - send: {template: coupon, channel: email, with: {code: TEN}}\n"


def campaign(name: str, on: str, *steps: str, more: str = "") -> str:
    head = f"campaign: {name}\nstage: retention\ntopic: news\non: {on}\n{more}reentry: always\nthen:\n"
    return head + "".join(step if step.startswith("  -") else f"  - {step}\n" for step in steps)


def told(written: Written, **campaigns: str) -> list[tuple[str, str, int, int]]:
    files = {f"campaigns/{name.replace('_', '-')}.yaml": text for name, text in campaigns.items()}
    found = check(written({"segments.yaml": SEGMENTS, **files}))
    return [(each.code, each.file, each.line, each.column) for each in found]


@pytest.mark.parametrize(
    ("on", "code"),
    [
        ("{left: buyers}", "W516"),
        ("{left: patient}", "W516"),
        ("{segment: new}", "W516"),
        ("{segment: buyers}", ""),
        ("{left: new}", ""),
        ("{left: rich}", ""),
        ("{left: free}", ""),
    ],
)
def test_a_crossing_that_there_is_not_is_a_warning(on: str, code: str, written: Written) -> None:
    column = len("on: ") + on.index(":") + 3
    expected = [(code, "campaigns/aa.yaml", 4, column)] if code else []
    assert told(written, aa=campaign("aa", on, "move_to: lost")) == expected


def test_who_has_crossed_is_known_to_be_inside_or_outside(written: Written) -> None:
    inside = 'if: [{"!=": [{var: event.properties.total}, 0]}]\n'
    aa = campaign("aa", "{segment: free}", "move_to: lost", more='if: {"==": [{var: [profile.traits.plan, free]}, business]}\n')
    assert told(written, aa=aa) == [("E405", "campaigns/aa.yaml", 5, 6)]
    bb = campaign("aa", "{left: free}", "move_to: lost", more='if: {"==": [{var: profile.traits.plan}, free]}\n')
    assert told(written, aa=bb) == [("E405", "campaigns/aa.yaml", 5, 6)]
    cc = campaign("aa", "{segment: free}", "move_to: lost", more=inside)
    assert [code for code, *_ in told(written, aa=cc)] == ["E306"]


def test_two_that_one_crossing_starts_can_both_send(written: Written) -> None:
    one = campaign("aa", "{segment: free}", SEND)
    assert told(written, aa=one, zz=one.replace("aa", "zz")) == [("W507", "campaigns/zz.yaml", 4, 1)]
    other = campaign("zz", "{segment: free}", SEND, more="if: {segment: business}\n")
    assert [code for code, *_ in told(written, aa=one, zz=other)] == ["E405"]
    day = '{date: profile.traits.birthday, every: year, at: "09:00"}'
    found = check(written({f"campaigns/{name}.yaml": campaign(name, day, SEND) for name in ("aa", "zz")}))
    assert [(each.code, each.file) for each in found] == [("W507", "campaigns/zz.yaml")]
    assert "who has reached the date profile.traits.birthday year 09:00" in found[0].message


def test_an_event_and_the_crossing_that_it_brings_can_both_send(written: Written) -> None:
    one = campaign("aa", "{event: Order Completed}", SEND)
    near = campaign("zz", "{segment: rich}", SEND)
    assert told(written, aa=one, zz=near)[-1] == ("W507", "campaigns/zz.yaml", 4, 1)
    far = campaign("zz", "{segment: rich}", "wait: 3d", SEND)
    assert [file for _, file, *_ in told(written, aa=one, zz=far)] != ["campaigns/zz.yaml"]


def test_sets_that_turn_each_other_are_a_loop(written: Written) -> None:
    one = campaign("aa", "{segment: free}", "set: {traits.plan: business}")
    other = campaign("zz", "{segment: business}", "set: {traits.plan: free}")
    assert told(written, aa=one, zz=other) == [("E508", "campaigns/zz.yaml", 7, 10)]
    assert told(written, aa=one, zz=other.replace("set:", "wait: 1d\n  - set:")) == []
    assert told(written, aa=one, zz=other.replace("always", "once")) == []
    away = campaign("zz", "{left: free}", "set: {traits.plan: free}")
    assert told(written, aa=one, zz=away) == [("E508", "campaigns/zz.yaml", 7, 10)]


def test_a_set_that_turns_nothing_back_is_no_loop(written: Written) -> None:
    alone = campaign("aa", "{segment: free}", "set: {traits.plan: business}")
    again = campaign("zz", "{left: free}", "set: {traits.plan: business}")
    assert told(written, aa=alone) == []
    assert told(written, aa=alone, zz=again) == []


def test_an_event_that_turns_a_segment_is_a_loop_if_it_can_turn_it_back(written: Written) -> None:
    emit = "emit: {event: Order Completed, properties: {order_id: x, total: 1}}"
    assert told(written, aa=campaign("aa", "{segment: buyers}", emit)) == []
    assert told(written, aa=campaign("aa", "{segment: rich}", emit)) == [("E508", "campaigns/aa.yaml", 7, 11)]


def test_a_record_keeps_so_many_edges_and_no_more(written: Written) -> None:
    days = "[" + ", ".join(f"{{date: profile.traits.birthday, every: year, offset: {n}d}}" for n in range(WATCHED + 1)) + "]"
    found = told(written, aa=campaign("aa", days, "move_to: lost"))
    assert [(code, file, line) for code, file, line, _ in found] == [("E106", "campaigns/aa.yaml", 4)]
