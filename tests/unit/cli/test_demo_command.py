"""`orchestrator demo`: the shipped workspace over the CDNOW sample."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from orchestrator.authoring import load_workspace
from orchestrator.cli import app
from orchestrator.cli.demo import lay_out, print_story
from orchestrator.errors import UsageError
from orchestrator.insight.page import Story
from orchestrator.insight.page.story import Line

runner = CliRunner()
PAGE_BYTES = 400_000


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    out = tmp_path_factory.mktemp("demo") / "out"
    result = runner.invoke(app, ["demo", "--out", str(out)])
    assert result.exit_code == 0, result.output
    return result.stdout, out


def test_it_says_on_screen_that_consent_is_assumed(ran: tuple[str, Path]) -> None:
    screen = " ".join(ran[0].split())
    assert "carry no consent, so the demo assumes it" in screen
    assert "The wheel" in screen
    assert "Campaigns" in screen
    assert "One customer, explained: cdnow-" in screen
    assert str(ran[1] / "index.html") in ran[0]


def test_it_replays_every_order_and_writes_the_rows(ran: tuple[str, Path]) -> None:
    out = ran[1]
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert (summary["events"], summary["profiles"], summary["rejected"]) == (6_919, 2_357, 0)
    assert sum(summary["stages"].values()) == 2_357
    messages = (out / "messages.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(messages) == sum(
        n for states in summary["messages"].values() for state, n in states.items() if state != "held_out"
    )
    assert len((out / "transitions.jsonl").read_text(encoding="utf-8").splitlines()) == sum(summary["transitions"].values())
    assert (out / "rejected.jsonl").read_text(encoding="utf-8") == ""


def test_the_page_is_one_small_file_that_names_its_assumptions_and_its_source(ran: tuple[str, Path]) -> None:
    page = (ran[1] / "index.html").read_text(encoding="utf-8")
    assert len(page.encode()) < PAGE_BYTES
    assert "the demo assumes it" in page
    assert "Fader" in page
    assert "MIT licence" in page
    assert "No customer got anything" in page


def test_the_policy_laid_over_assumes_consent_and_changes_nothing_else(tmp_path: Path) -> None:
    laid = load_workspace(lay_out(tmp_path / "laid")).program
    shipped = load_workspace(Path(__file__).parents[3] / "rules" / "library").program
    assert all(topic.assumed for topic in laid.policies.topics.values())
    assert not any(topic.assumed for topic in shipped.policies.topics.values())
    assert laid.policies.caps == shipped.policies.caps
    assert laid.campaigns.keys() == shipped.campaigns.keys()


def test_a_file_in_the_way_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("mine", encoding="utf-8")
    result = runner.invoke(app, ["demo", "--out", str(tmp_path / "demo")])
    assert isinstance(result.exception, UsageError)


def test_a_story_is_printed_as_it_is() -> None:
    lines = (Line(0, "event", "[red]Order[/]", "USD 1.00"), Line(3_600_000, "sent", "gets hello by email", "cart"))
    screen = io.StringIO()
    print_story(
        Story("[b]x", "retention", 0, lines, (), (("welcome", "no Signed Up was seen"),)), Console(file=screen, width=60)
    )
    assert "[red]Order[/] (USD 1.00)" in screen.getvalue()
    assert "01:00  gets hello by email (cart)" in screen.getvalue()
    assert "1 Jan 1970" in screen.getvalue()
    assert "welcome: nothing, because no Signed Up was seen" in screen.getvalue()
