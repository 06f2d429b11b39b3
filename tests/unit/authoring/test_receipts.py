"""What providers say of messages, in a workspace: known to the check, waited for by its message, and no loop without an end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.authoring import check, load_program
from orchestrator.domain.policies import InDoubt

Written = Callable[..., Path]
FOLLOW = """\
campaign: follow
stage: retention
topic: offers
on: {event: Order Completed, key: order}
reentry: always
then:
  - id: first
    send: {template: coupon, channel: email, with: {code: TEN}}
  - wait_for: {event: Email Link Clicked, of: first, within: 3d, if: {"==": [{var: event.properties.channel}, email]}}
    else: [exit]
  - wait: 1d
"""
CLICKED = """\
campaign: clicked
stage: retention
topic: offers
on: {event: Email Link Clicked}
reentry: always
then:
  - send: {template: coupon, channel: email, with: {code: TEN}}
"""


def codes(written: Written, name: str, text: str) -> list[str]:
    found = check(written({f"campaigns/{name}.yaml": text}))
    return [one.code for one in found if one.file.endswith(f"{name}.yaml") and one.severity == "error"]


def test_receipts_are_events_that_the_check_knows(written: Written) -> None:
    assert codes(written, "follow", FOLLOW) == []


def test_a_name_nearly_right_is_told(written: Written) -> None:
    folder = written({"campaigns/follow.yaml": FOLLOW.replace("Email Link Clicked", "Email Link Clickd")})
    (finding,) = [one for one in check(folder) if one.code == "E301"]
    assert "`Email Link Clicked`" in finding.fix


def test_a_property_that_no_receipt_has_is_told(written: Written) -> None:
    assert codes(written, "follow", FOLLOW.replace("event.properties.channel", "event.properties.chanel")) == ["E306"]


def test_a_campaign_that_every_receipt_starts_would_answer_itself_for_ever(written: Written) -> None:
    assert codes(written, "clicked", CLICKED) == ["E508"]
    ours = 'on: {event: Email Link Clicked, if: {"==": [{var: event.properties.campaign}, receipt]}}'
    assert codes(written, "clicked", CLICKED.replace("on: {event: Email Link Clicked}", ours)) == []
    assert codes(written, "clicked", CLICKED.replace("reentry: always", "reentry: {after: 7d}")) == []


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("", InDoubt()),
        ("in_doubt: {wait: 1h}\n", InDoubt(wait=3_600_000)),
        ("in_doubt: {marketing: hold, transactional: drop}\n", InDoubt(marketing="hold", transactional="drop")),
    ],
)
def test_what_becomes_of_doubts_is_a_policy(written: Written, said: str, means: InDoubt) -> None:
    folder = written()
    policies = folder / "policies.yaml"
    policies.write_text(policies.read_text() + said)
    assert load_program(folder).policies.in_doubt == means


@pytest.mark.parametrize(
    "said", ["in_doubt: {marketing: resend}", "in_doubt: {wait: soon}", "in_doubt: drop", "in_doubt: {sms: hold}"]
)
def test_marketing_is_never_sent_again_by_a_policy(written: Written, said: str) -> None:
    folder = written()
    policies = folder / "policies.yaml"
    policies.write_text(policies.read_text() + said + "\n")
    assert [one.file for one in check(folder) if one.severity == "error"] == ["policies.yaml"]
