"""`orchestrator doubts`: what is listed of a state file, and what it tells `serve`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrator.cli import app
from orchestrator.delivery.governor import OpenGovernor
from orchestrator.domain.input import Event, Outcome
from orchestrator.domain.moment import Controls
from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.partition.engine import Engine
from orchestrator.partition.live import Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.stores.sqlite import SqliteFile
from tests.unit.domain.test_receipts import START, WAIT, program

runner = CliRunner()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Ada's newest message is in doubt, her first one ended as unknown."""
    path = tmp_path / "s.sqlite"
    file, outbox = SqliteFile(path), Outbox()
    around = Surroundings(program(), OpenGovernor(), outbox, Controls(addresses=False))
    engine = Engine([file.partition(0)], around)
    for number, at in enumerate((START, START + 2 * WAIT)):
        engine.feed(Event(f"v{number}", at, name="Viewed", user_id="ada", received_at=at), at)
        engine.give(1, Outcome(outbox.take()[-1].message_id, "in_doubt"), at)
    engine.commit()
    file.close()
    return path


def listed(state: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(
        runner.invoke(app, ["doubts", "--state", str(state), "--format", "json"]).stdout
    )
    return found


def test_doubts_are_listed_with_when_they_end(state: Path) -> None:
    states = [(one["state"], one["profile"], one["ended"]) for one in listed(state)]
    assert ("unknown", "ada", True) in states
    assert ("in_doubt", "ada", False) in states
    lines = runner.invoke(app, ["doubts", "--state", str(state)]).stdout
    assert "news: t by email  in doubt, until " in lines
    assert "news: t by email  unknown\n" in lines


def test_nothing_in_doubt_is_said(tmp_path: Path) -> None:
    SqliteFile(tmp_path / "s.sqlite").close()
    assert runner.invoke(app, ["doubts", "--state", str(tmp_path / "s.sqlite")]).stdout == "no messages in doubt\n"


def test_what_is_not_in_doubt_cannot_be_settled(state: Path) -> None:
    ended = next(str(one["message"]) for one in listed(state) if one["ended"])
    for ident, why in ((ended, "it has ended"), ("none", "no such message")):
        result = runner.invoke(app, ["doubts", "--state", str(state), "--settle", ident, "--as", "sent"])
        assert isinstance(result.exception, UsageError)
        assert why in str(result.exception)
    assert isinstance(runner.invoke(app, ["doubts", "--state", str(state), "--settle", "x"]).exception, UsageError)


def test_where_no_serve_listens_it_says_what_to_do(state: Path) -> None:
    open_ = next(str(one["message"]) for one in listed(state) if not one["ended"])
    given = ["--settle", open_, "--as", "again", "--door", "http://127.0.0.1:9"]
    result = runner.invoke(app, ["doubts", "--state", str(state), *given])
    assert isinstance(result.exception, OrchestratorError)
    assert "is `orchestrator serve` running?" in str(result.exception)
