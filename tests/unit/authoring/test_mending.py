"""What the check tells to write instead, where YAML has misled the author."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.authoring import check

Written = Callable[..., Path]
THANKS, WHEEL, POLICIES = "campaigns/thanks.yaml", "wheel.yaml", "policies.yaml"

MISLED = [
    ("E203", WHEEL, "to: retention, on:", "to: retention, turn: yes, on:", "write `true`"),
    ("E203", WHEEL, "to: retention, on:", "to: retention, turn: Off, on:", "write `false`"),
    ("E204", THANKS, "wait: 1d", "wait: {at: 9:00}", "write `09:00`"),
    ("E203", THANKS, "wait: 1d", "wait: {at: 600}", "write `10:00`"),
    ("E204", THANKS, "wait: 1d", "wait: 10:00", 'a time of day is {at: "10:00"}'),
    ("E204", POLICIES, '"21:00-09:00"', "21:00-9:00", "write `21:00-09:00`"),
    ("E201", THANKS, "on: {event: Order Completed", "true: {event: Order Completed", "was this `on`"),
    ("E201", THANKS, "topic: news", "<<: {topic: news}", "YAML 1.2 merges nothing"),
    ("E102", THANKS, "topic: news", "topic: @news", "put it in quotes"),
    ("E103", THANKS, "topic: news", "topic: news\ntopic: news", "keep one of them"),
    ("W103", THANKS, "weight: 50}\n", "weight: 0o62}\n", '"0o62"'),
]


@pytest.mark.parametrize(("code", "file", "old", "new", "fix"), MISLED)
def test_a_trap_of_yaml_is_told_with_a_way_out(
    code: str, file: str, old: str, new: str, fix: str, written: Written, base: dict[str, str]
) -> None:
    assert old in base[file]
    findings = check(written({file: base[file].replace(old, new, 1)}))
    assert [each for each in findings if each.code == code and fix in each.fix], findings


def test_what_yaml_1_1_would_change_stays_as_it_is_written(written: Written, base: dict[str, str]) -> None:
    text = base[THANKS].replace("wait: 1d", "wait: {at: 10:00}").replace("topic: news", "topic: NO")
    policies = base[POLICIES].replace("topics: {", "topics: {NO: {consent: asked}, ")
    assert check(written({THANKS: text, POLICIES: policies})) == []
