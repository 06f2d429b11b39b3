"""`orchestrator read`, and `explain` with the same words."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrator.cli import app
from orchestrator.cli.read import lines_of
from orchestrator.insight.reading.campaign import Read, Section

LIBRARY = Path(__file__).parents[3] / "rules" / "library"
CART = {"type": "track", "messageId": "1", "userId": "anna", "event": "Cart Updated", "timestamp": "2026-03-02T09:00:00Z"}
runner = CliRunner()


def run(*arguments: str) -> str:
    result = runner.invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_campaign_is_told_from_its_start_to_its_limits() -> None:
    lines = [line.strip() for line in run("read", str(LIBRARY), "cart-reminder").splitlines()]
    assert lines[0] == "cart-reminder"
    assert "Starts when       Cart Updated arrives, one run for each cart" in lines
    assert "Only if           the event's total is at least 50" in lines
    assert "Held out          10% of the customers who would start get nothing, to measure against" in lines
    assert "1. wait 1 hour" in lines
    assert "50% shipping:" in lines
    assert "Ends early when   Cart Emptied of the same cart arrives" in lines
    assert "at most 1 marketing message by sms in 1 day, all campaigns together" in lines
    assert "no sms from 21:00 to 09:00, the customer's time" in lines
    (goal,) = [line for line in lines if line.startswith("Goal")]
    assert goal.endswith(
        "Order Completed of the same cart arrives, within 3 days of the start; the run ends then; worth its total"
    )


def test_what_is_joined_inside_another_is_indented() -> None:
    lines = ("at least one of these holds:\n- orders is 0\n- all of these hold:\n  - a\n  - b", "orders is 9")
    told = Read("nested", (Section("if", "Only if", lines, "and"),), "Steps", (), ())
    assert list(lines_of(told))[1:7] == [
        "  Only if           at least one of these holds:",
        "                    - orders is 0",
        "                    - all of these hold:",
        "                      - a",
        "                      - b",
        "                    and orders is 9",
    ]


def test_it_is_told_in_italian() -> None:
    lines = [line.strip() for line in run("read", str(LIBRARY), "win-back", "--locale", "it").splitlines()]
    assert "Inizia quando     passano 90 giorni senza Order Completed" in lines
    assert "e open_tickets è 0" in lines
    assert "1. attendi le 10:00, ora del cliente" in lines


def test_a_service_message_tells_no_marketing_limits() -> None:
    said = run("read", str(LIBRARY), "complaint-recovery")
    assert "no consent, caps, holds or quiet hours apply" in said
    assert "marketing message" not in said


def test_json_holds_every_campaign_in_sections() -> None:
    told = json.loads(run("read", str(LIBRARY), "--format", "json"))
    assert told["locale"] == "en"
    assert len(told["campaigns"]) == len(list((LIBRARY / "campaigns").glob("*.yaml")))
    (csat,) = [one for one in told["campaigns"] if one["campaign"] == "delivery-csat-lite"]
    assert csat["exit"] == ["Order Refunded of the same order arrives"]
    answered = csat["steps"][2]
    assert (answered["id"], answered["ways"][0]["when"]) == ("answer", "if it came:")


def test_an_unknown_campaign_is_told_with_the_known_ones() -> None:
    result = runner.invoke(app, ["read", str(LIBRARY), "cart"])
    assert type(result.exception).__name__ == "UsageError"
    assert "it has ambassador-invitation, " in str(result.exception)


@pytest.mark.parametrize(
    ("locale", "why"),
    [
        ("en", "the event's total is 30, but must be at least 50"),
        ("it", "total dell'evento è 30, ma deve essere almeno 50"),
    ],
)
def test_explain_says_why_a_condition_was_not_true(tmp_path: Path, locale: str, why: str) -> None:
    log = tmp_path / "events.jsonl"
    log.write_text(json.dumps({**CART, "properties": {"cart_id": "C-1", "total": 30}}), encoding="utf-8")
    asked = [
        "explain",
        str(LIBRARY),
        "--events",
        str(log),
        "--profile",
        "anna",
        "--campaign",
        "cart-reminder",
        "--locale",
        locale,
    ]
    assert why in [line.strip() for line in run(*asked).splitlines()]
    (entry,) = json.loads(run(*asked, "--format", "json"))["entries"]
    assert (entry["why"], entry["rule"]["op"], entry["rule"]["value"]) == (why, ">=", False)


def test_explain_has_no_such_sentence_where_the_condition_held(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    log.write_text(json.dumps({**CART, "properties": {"cart_id": "C-1", "total": 80}}), encoding="utf-8")
    asked = ["explain", str(LIBRARY), "--events", str(log), "--profile", "anna", "--campaign", "cart-reminder"]
    entries = json.loads(run(*asked, "--format", "json"))["entries"]
    assert [entry["why"] for entry in entries] == [None] * len(entries)
