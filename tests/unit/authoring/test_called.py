"""Schedules and broadcasts in a workspace: what the check says, at the character to change (`¦`), and what they compile to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.authoring import check, load_program
from orchestrator.domain.calendar import instant_of
from orchestrator.domain.campaign import Schedule

Written = Callable[..., Path]
NEWS = """\
campaign: news
stage: retention
topic: offers
on: {schedule: monday, at: "09:00", to: buyers}
reentry: always
then:
  - send: {template: coupon, channel: email, with: {code: TEN}}
"""
DROP = """\
campaign: drop
stage: retention
topic: news
on: {broadcast: Price Dropped, to: buyers}
if: {in: [{var: event.properties.product_id}, {var: profile.features.bought}]}
goal: {event: Order Completed, within: 3d}
then:
  - send: {template: coupon, channel: email, with: {code: {var: event.properties.product_id}}}
"""
DROPPED = """\
event: Price Dropped
keys: {product: properties.product_id}
properties: {type: object, required: [product_id], properties: {product_id: {type: string}}}
"""
FILES = {"campaigns/news.yaml": NEWS, "campaigns/drop.yaml": DROP, "events/price-dropped.yaml": DROPPED}
MONDAY, ON = 'schedule: monday, at: "09:00"', 'on: {schedule: monday, at: "09:00", to: buyers}'
NEWS_FILE, DROP_FILE = "campaigns/news.yaml", "campaigns/drop.yaml"

REPLACED: list[tuple[str, str, str, str]] = [
    ("E202", NEWS_FILE, ON, "¦on: {schedule: monday, to: buyers}"),
    ("E202", NEWS_FILE, ON, '¦on: {schedule: monday, at: "09:00"}'),
    ("E202", NEWS_FILE, ON, "¦on: {schedule: 2026-11-27, to: buyers}"),
    ("E204", NEWS_FILE, "schedule: monday", "schedule: ¦mondy"),
    ("E204", NEWS_FILE, "schedule: monday", "schedule: ¦Tuesday"),
    ("E204", NEWS_FILE, "schedule: monday", "schedule: [monday, ¦noday]"),
    ("E204", NEWS_FILE, "schedule: monday", "schedule: ¦32"),
    ("E204", NEWS_FILE, "schedule: monday", "schedule: ¦2026-02-30"),
    ("E204", NEWS_FILE, MONDAY, 'schedule: ¦"0 9 * *"'),
    ("E204", NEWS_FILE, MONDAY, 'schedule: ¦"0 25 * * *"'),
    ("E204", NEWS_FILE, MONDAY, "schedule: ¦2026-02-30T09:00:00"),
    ("E204", NEWS_FILE, MONDAY, 'schedule: ¦"@daily"'),
    ("E205", NEWS_FILE, MONDAY, 'schedule: "0 9 * * 1", ¦at: "09:00"'),
    ("E205", NEWS_FILE, MONDAY, 'schedule: 2026-11-27T09:00, ¦at: "09:00"'),
    ("E205", NEWS_FILE, MONDAY, f"{MONDAY}, ¦key: order"),
    ("E205", NEWS_FILE, MONDAY, f"{MONDAY}, ¦for: 3d"),
    ("E205", DROP_FILE, "to: buyers", 'to: buyers, ¦at: "09:00"'),
    ("E205", DROP_FILE, "{event: Order Completed, within", "{event: Order Completed, ¦to: buyers, within"),
    ("E301", DROP_FILE, "broadcast: Price Dropped", "broadcast: ¦Price Drop"),
    ("E302", DROP_FILE, "to: buyers", "to: buyers, key: ¦order"),
    ("E306", DROP_FILE, "{var: event.properties.product_id}, {var", "{var: ¦event.properties.sku}, {var"),
    ("E306", NEWS_FILE, "reentry: always", "if: {'==': [{var: ¦event.properties.total}, 1]}\nreentry: always"),
    ("E307", NEWS_FILE, "to: buyers", "to: ¦buyer"),
    ("E307", DROP_FILE, "to: buyers", "to: ¦buyer"),
    ("E405", NEWS_FILE, "reentry: always", "if: {¦'==': [{var: profile.features.orders}, 0]}\nreentry: always"),
    ("E521", NEWS_FILE, "schedule: monday", "schedule: ¦31"),
    ("E521", NEWS_FILE, "schedule: monday", 'schedule: ¦"29"'),
    ("E521", NEWS_FILE, MONDAY, 'schedule: ¦"0 9 1,30 * *"'),
    ("E522", "profile.yaml", "{count: Order Completed}", "{count: ¦Price Dropped}"),
    ("E522", "campaigns/receipt.yaml", "on: {event: Order Completed}", "on: {event: ¦Price Dropped}"),
    ("E522", "wheel.yaml", "without: Order Completed", "without: ¦Price Dropped"),
    ("E522", DROP_FILE, "goal: {event: Order Completed", "goal: {event: ¦Price Dropped"),
    ("E522", DROP_FILE, "then:\n", "then:\n  - emit: {event: ¦Price Dropped, properties: {product_id: P-1}}\n"),
    ("E522", DROP_FILE, "broadcast: Price Dropped", "broadcast: ¦Consent Given"),
]


def changed(base: dict[str, str], name: str, old: str, new: str) -> tuple[dict[str, str | None], tuple[int, int]]:
    files = {**base, **FILES}
    assert files[name].count(old) >= 1, (name, old)
    text = files[name].replace(old, new, 1)
    line = text[: text.index("¦")].count("\n") + 1
    column = text.index("¦") - text.rfind("\n", 0, text.index("¦"))
    return {**FILES, name: text.replace("¦", "")}, (line, column)


@pytest.mark.parametrize(("code", "name", "old", "new"), REPLACED, ids=lambda text: str(text)[:40])
def test_a_mistake_is_told_where_it_stands(
    code: str, name: str, old: str, new: str, written: Written, base: dict[str, str]
) -> None:
    files, place = changed(base, name, old, new)
    found = [one for one in check(written(files)) if one.code == code]
    assert [(one.file, one.line, one.column) for one in found] == [(name, *place)], check(written(files))


def test_nothing_is_wrong_with_them(written: Written) -> None:
    assert [str(one) for one in check(written(FILES)) if one.severity == "error"] == []


@pytest.mark.parametrize(
    ("other", "overlap"),
    [
        ('schedule: daily, at: "09:00"', 1),
        ('schedule: tuesday, at: "09:00"', 0),
        ('schedule: "0 9 * * 1-5"', 1),
        ('schedule: 1, at: "09:00"', 1),
        ("schedule: 2026-11-30T09:00", 1),
        ("schedule: 2026-12-01T09:00", 0),
    ],
)
def test_campaigns_whose_times_meet_can_both_send(other: str, overlap: int, written: Written) -> None:
    second = NEWS.replace("campaign: news", "campaign: second").replace(MONDAY, other)
    found = check(written({**FILES, "campaigns/second.yaml": second}))
    assert [one.file for one in found if one.code == "W507"] == ["campaigns/second.yaml"] * overlap


def test_two_broadcasts_of_one_event_can_both_send(written: Written) -> None:
    second = DROP.replace("campaign: drop", "campaign: second")
    found = [one for one in check(written({**FILES, "campaigns/second.yaml": second})) if one.code == "W507"]
    assert [one.file for one in found] == ["campaigns/second.yaml"]
    assert "Price Dropped" in found[0].message


@pytest.mark.parametrize(
    ("schedule", "compiled"),
    [
        ('daily, at: "09:05"', "5 9 * * *"),
        ('[thursday, monday], at: "21:00"', "0 21 * * 1,4"),
        ('15, at: "09:00"', "0 9 15 * *"),
        ('last, at: "00:00"', "0 0 L * *"),
        ('"*/5 9-17 * * MON-FRI"', "*/5 9-17 * * MON-FRI"),
        ('"0 9 31 12 *"', "0 9 31 12 *"),
        ('2026-11-27, at: "09:00"', "2026-11-27T08:00:00Z"),
        ("2026-11-27T09:00", "2026-11-27T08:00:00Z"),
        ("2026-11-27T09:00:00Z", "2026-11-27T09:00:00Z"),
        ("2026-03-29T02:30", "2026-03-29T01:00:00Z"),
        ("2026-10-25T02:30", "2026-10-25T00:30:00Z"),
    ],
)
def test_a_schedule_is_in_the_zone_of_the_workspace(schedule: str, compiled: str, written: Written) -> None:
    path = written({**FILES, NEWS_FILE: NEWS.replace(MONDAY, f"schedule: {schedule}")})
    (pattern,) = load_program(path).campaigns["news"].on
    at = instant_of(compiled)
    assert pattern.schedule == Schedule("Europe/Rome", cron=None if at is not None else compiled, at=at)
    assert pattern.to == "buyers"
