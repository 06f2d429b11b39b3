"""`orchestrator test` as people and CI systems meet it."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from orchestrator.cli import app

LIBRARY = Path(__file__).parents[3] / "rules" / "library"
runner = CliRunner()
WRONG = """
- test: "<nothing> goes & out"
  profile: {traits: {email: a@example.com}, consent: {reminders: [email]}}
  given: [{at: "2026-03-02T09:00:00Z", event: Cart Updated, properties: {cart_id: C-1, total: 80.0}}]
  expect: {}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Path(shutil.copytree(LIBRARY, tmp_path / "shop"))


def test_the_shipped_scenarios_hold_and_take_every_step() -> None:
    result = runner.invoke(app, ["test", str(LIBRARY), "--format", "json"])
    found = json.loads(result.stdout)
    assert [one for one in found["tests"] if not one["passed"]] == []
    assert result.exit_code == 0
    assert found["passed"] == len(found["tests"]) > 0
    assert found["coverage"]["steps"] == 1.0


def test_a_failure_is_shown_with_its_place_and_its_timeline(shop: Path) -> None:
    (shop / "tests" / "wrong.yaml").write_text(WRONG, encoding="utf-8")
    result = runner.invoke(app, ["test", str(shop), "--coverage"])
    assert result.exit_code == 1
    text = result.stdout.replace("\n", " ")
    assert "wrong.yaml:2" in text
    assert "sent, and not expected: cart-reminder" in text
    assert "Cart Updated" in text
    assert "1 failed" in text


def test_junit_names_the_failure(shop: Path) -> None:
    (shop / "tests" / "wrong.yaml").write_text(WRONG, encoding="utf-8")
    result = runner.invoke(app, ["test", str(shop), "--format", "junit"])
    suite = ET.fromstring(result.stdout)  # noqa: S314 - our own output
    assert suite.get("failures") == "1"
    (case,) = [case for case in suite if case.find("failure") is not None]
    assert case.get("name") == "<nothing> goes & out"
    assert case.get("line") == "2"


def test_a_workspace_with_errors_fails_with_each_of_them(shop: Path) -> None:
    (shop / "campaigns" / "welcome.yaml").write_text("campaign: welcome\nthen: []\n", encoding="utf-8")
    result = runner.invoke(app, ["test", str(shop), "--format", "json"])
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert found["failed"] > 0
    assert {one["file"] for one in found["tests"]} >= {"campaigns/welcome.yaml"}


def test_no_scenarios_is_said(shop: Path) -> None:
    shutil.rmtree(shop / "tests")
    result = runner.invoke(app, ["test", str(shop)])
    assert result.exit_code == 0
    assert "there are no scenarios" in result.stdout
