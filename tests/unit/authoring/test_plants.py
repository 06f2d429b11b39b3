"""Mistakes planted in the shipped workspace, one at a time: each is found where it was made (`¦` marks the character)."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from orchestrator.authoring import check

LIBRARY = Path(__file__).parents[3] / "rules" / "library"
CART, FOLLOW, CSAT = "campaigns/cart-reminder.yaml", "campaigns/order-follow-up.yaml", "campaigns/delivery-csat-lite.yaml"
WIN, WELCOME, CARE = "campaigns/win-back.yaml", "campaigns/welcome.yaml", "campaigns/complaint-recovery.yaml"
BACK, SECOND, ONBOARDING = "campaigns/welcome-back.yaml", "campaigns/second-order-thanks.yaml", "campaigns/onboarding.yaml"
CALL = "task: {queue: care-desk, title: Complaint overdue, due: 1d, shows: [ticket_id]}"
POLICIES, WHEEL, PROFILE = "policies.yaml", "wheel.yaml", "profile.yaml"

FOLLOWING = 12
"""Findings that one mistake may lead to: what names a thing that is gone."""

PLANTS: list[tuple[str, str, str, str]] = [
    # what cannot be read
    ("E102", CART, '{">=": [{var: event.properties.total}, 50]}', "{¦>=: [{var: event.properties.total}, 50]}"),
    ("E102", WELCOME, "owner: marketing", "owner: ¦@marketing"),
    ("E102", POLICIES, "  - {at_most: 3", "¦\t- {at_most: 3"),
    ("E102", FOLLOW, "owner: marketing", "owner: marketing¦: us"),
    ("E103", CART, "holdout: 10%", "holdout: 10%\n¦holdout: 5%"),
    ("W103", WIN, "weight: 34", "weight: ¦034"),
    # words and values
    ("E201", CART, "holdout: 10%", "¦holdot: 10%"),
    ("E201", CSAT, "expires: 2d", "¦expire: 2d"),
    ("E203", WHEEL, "turn: true", "turn: ¦yes"),
    ("E204", CART, "wait: 22h", "wait: ¦22 hours"),
    ("E204", ONBOARDING, 'at: "10:00"', 'at: ¦"25:00"'),
    ("E204", POLICIES, "zone: UTC", "zone: ¦Europe/Milan"),
    ("E205", CART, "prefer: [email, sms]", "prefer: [email, sms], ¦channel: sms"),
    ("E206", "events/order-delivered.yaml", "order_id: {type: string}", "order_id: {$ref: ¦order.yaml}"),
    ("E206", "events/ticket-opened.yaml", "subject: {type: string}", r"subject: {type: string, pattern: ¦'^(a)\1$'}"),
    ("E207", "events/cart-updated.yaml", "total: 123.0", "total: ¦much"),
    ("E207", "personas/regular.yaml", "plan: personal", "plan: ¦gold"),
    # names
    ("E301", CART, "on: {event: Cart Updated", "on: {event: ¦Cart Update"),
    ("E301", PROFILE, "orders: {count: Order Completed}", "orders: {count: ¦Order Complete}"),
    ("E302", CART, "goal: {event: Order Completed, key: cart", "goal: {event: Order Completed, key: ¦card"),
    ("E302", CART, "exit: [{event: Cart Emptied, key: cart}]", "exit: [{event: Ticket Opened, key: ¦ticket}]"),
    ("E303", BACK, "[repurchase, lost]", "[repurchase, ¦churned]"),
    ("E303", "touchpoints.yaml", "stage: conversion", "stage: ¦convertion"),
    ("E304", CART, "topic: reminders", "topic: ¦reminder"),
    ("E305", POLICIES, "[complaint-recovery, ", "[¦complaint-recover, complaint-recovery, "),
    ("E306", CART, "event.properties.total}", "¦event.properties.totl}"),
    ("E306", WIN, "profile.features.open_tickets", "¦profile.features.open_ticket"),
    ("E306", "templates/complaint-received/sms.txt", "{{ event.properties.ticket_id", "{{ ¦event.properties.ticketid"),
    ("E307", BACK, "if: {in: [{var: stage.previous}, [repurchase, lost]]}", "if: {segment: ¦lapsed}"),
    ("E309", CSAT, "      of: ask", "      of: ¦asked"),
    ("E310", WELCOME, "template: welcome,", "template: ¦welcom,"),
    ("E311", "templates/welcome/template.yaml", "sender: shop", "sender: ¦shopp"),
    ("E312", WELCOME, "prefer: [email, sms]", "prefer: [email, ¦whatsapp]"),
    ("E207", "tests/cart-reminder.yaml", "total: 80.0", "total: ¦-1"),
    ("E313", WELCOME, "campaign: welcome", "campaign: ¦welcome-back"),
    ("E314", "tests/cart-reminder.yaml", "profile: {user_id: anna", "profile: ¦nobody  # {user_id: anna"),
    # conditions
    ("E404", WELCOME, '{"==": [{var: [profile.traits.status, active]}', '{"!=": [{var: ¦profile.traits.status}'),
    ("E401", CART, '">=": [{var: event.properties.total}', '¦"=>": [{var: event.properties.total}'),
    ("E402", CARE, "complaint]}", "¦complain]}"),
    ("E403", CART, "event.properties.total}, 50]", 'event.properties.total}, ¦"50"]'),
    ("E404", POLICIES, "{var: [profile.features.last_nps, 10]}, 6]", "{var: ¦profile.features.last_nps}, 6]"),
    (
        "E405",
        SECOND,
        '{"==": [{var: profile.features.orders}, 2]}',
        '{"<": [{var: profile.features.orders}, 2]}\n  - {¦"==": [{var: profile.features.orders}, 3]}',
    ),
    ("E405", SECOND, "stage.current}, loyalty]}", 'stage.current}, loyalty]}\n  - {¦"==": [{var: stage.current}, retention]}'),
    ("E405", BACK, "reentry:", 'while: {¦"==": [{var: stage.previous}, interest]}\nreentry:'),
    ("W401", WIN, '{">=": [{var: profile.features.orders}, 1]}', '{¦">=": [{var: profile.features.orders}, 0]}'),
    # what holds for the whole
    ("E503", CARE, "owner: care", "owner: care\n¦holdout: 5%"),
    ("E504", POLICIES, "support-follow-up, ", "support-follow-up, ¦welcome, "),
    (
        "E506",
        ONBOARDING,
        "  - id: two-weeks\n    wait: {for: 14d",
        "  - wait: 3d\n  - ¦wait: 3d\n  - id: two-weeks\n    wait: {for: 14d",
    ),
    ("E507", CSAT, '{">=": [{var: event.properties.score}, 4]}', '{¦"==": [{var: event.properties.score}, 1]}'),
    ("W512", WHEEL, "  # Bought again", "  - ¦{from: retention, to: lost, on: {event: Order Completed}}\n  # Bought again"),
    ("E508", BACK, "reentry: {after: 90d}\nthen:", "reentry: always\nthen:\n  - move_to: interest\n  - move_to: ¦retention"),
    ("E509", WIN, ", with: {code: BACK10}", ""),
    (
        "E510",
        CARE,
        CALL,
        "¦emit: {event: Order Refunded}",
    ),
    ("E511", WELCOME, "reentry: once", "reentry: once\nactive: {from: 2026-05-01, until: ¦2026-04-01}"),
    ("E512", CSAT, "      of: ask", "      of: ¦send-review-request"),
    # messages
    ("E601", "templates/welcome/email.txt", "{{", "{% if %}{{"),
    ("E602", ONBOARDING, "template: onboarding-next, channel: email", "template: onboarding-next, channel: ¦sms"),
    ("E603", "templates/how-it-goes/sms.txt", "The Shop:", "{{ ¦profile.traits.first_name }}:"),
    ("W506", ONBOARDING, "template: onboarding-next, channel: email", "template: onboarding-next, prefer: [email, ¦sms]"),
    (
        "W601",
        "templates/welcome/sms.txt",
        "Have a look",
        "¦Ḧave a look around, and then have another look around, because there is much to see",
    ),
    (
        "W601",
        "templates/complaint-received/sms.txt",
        "The Shop: we have",
        "¦The Shop, which knows how annoying it is when something is not right: we have",
    ),
    # probably not meant
    ("W501", CART, ", within: 3d", ""),
    ("W502", ONBOARDING, "within: 60d", "within: ¦2d"),
    ("W503", CART, "prefer: [email, sms]", "prefer: [email, ¦email]"),
    ("W508", WHEEL, "outside: [lost]", "outside: [lost, ¦paused]"),
    ("W102", CART, "owner: shop", "owner: shop  ¦# check: ignore W507"),
]


ELSEWHERE: list[tuple[str, str, str, str, str, str]] = [
    ("E202", CSAT, "      within: 7d\n", "", CSAT, "wait_for:"),
    ("E207", "personas/lapsed.yaml", "stage: repurchase", "stage: awareness", "personas/lapsed.yaml", "if:"),
    ("E501", CART, "topic: reminders\n", "", CART, ""),
    ("E502", POLICIES, ", wants-to-leave]", "]", "campaigns/wants-to-leave.yaml", "class:"),
    ("E505", WIN, "weight: 34", "weight: 33", WIN, "arms:"),
    ("W505", "tables/products.csv", "\n", "\nP-400,Moka,coffee,1,\n", "tables/products.csv", "P-400,M"),
    ("W507", SECOND, "features.orders}, 2]", "features.orders}, 1]", SECOND, "on:"),
    (
        "W510",
        CARE,
        CALL,
        "wait: 1h",
        CARE,
        "then:",
    ),
]
"""… and those that are told where something is missing, or where the other side stands: at a line with the last text."""


def _planted(tmp_path: Path, file: str, old: str, new: str) -> tuple[Path, int, int | None]:
    """The workspace with the mistake, its line, and the column of its mark."""
    workspace = tmp_path / "workspace"
    copytree(LIBRARY, workspace)
    path = workspace / file
    text = path.read_text(encoding="utf-8")
    assert old in text, "the shipped file has moved"
    before, _, after = text.partition(old)
    ahead, mark, _ = (before + new).partition("¦")
    path.write_text(before + new.replace("¦", "") + after, encoding="utf-8")
    if not mark:
        return workspace, before.count("\n") + 1, None
    return workspace, ahead.count("\n") + 1, len(ahead.rpartition("\n")[2]) + 1


@pytest.mark.parametrize(("code", "file", "old", "new"), PLANTS)
def test_a_planted_mistake_is_found_where_it_was_made(code: str, file: str, old: str, new: str, tmp_path: Path) -> None:
    workspace, line, column = _planted(tmp_path, file, old, new)
    findings = check(workspace)
    told = [(each.code, each.file, each.line, each.column if column else None) for each in findings]
    assert (code, file, line, column) in told, findings
    assert len(told) < FOLLOWING, "one mistake is not told in many places"


@pytest.mark.parametrize(("code", "file", "old", "new", "other", "text"), ELSEWHERE)
def test_what_is_missing_is_told_where_it_must_be_written(
    code: str, file: str, old: str, new: str, other: str, text: str, tmp_path: Path
) -> None:
    workspace, *_ = _planted(tmp_path, file, old, new)
    lines = (workspace / other).read_text(encoding="utf-8").splitlines()
    places = [number for number, line in enumerate(lines, 1) if text in line]
    told = [(each.code, each.file, each.line) for each in check(workspace)]
    assert any((code, other, number) in told for number in places), told


def test_there_are_sixty_mistakes_or_more_and_none_in_what_is_shipped() -> None:
    assert len(PLANTS) + len(ELSEWHERE) >= 60
    assert check(LIBRARY) == []
