"""`orchestrator tasks`, on the file of a replay and beside a running `serve`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrator.cli import app
from orchestrator.errors import OrchestratorError, UsageError

LIBRARY = Path(__file__).parents[3] / "rules" / "library"
runner = CliRunner()


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complaint that stayed open for four days."""
    folder = tmp_path_factory.mktemp("tasks")
    opened = {
        "type": "track",
        "messageId": "1",
        "userId": "ben",
        "event": "Ticket Opened",
        "timestamp": "2026-03-02T09:00:00Z",
        "properties": {"ticket_id": "T-1", "kind": "complaint"},
    }
    (folder / "events.jsonl").write_text(json.dumps(opened) + "\n", encoding="utf-8")
    given = ["--events", str(folder / "events.jsonl"), "--state", str(folder / "s.sqlite"), "--out", str(folder / "out")]
    result = runner.invoke(app, ["replay", str(LIBRARY), *given, "--until", "2026-03-06"])
    assert result.exit_code == 0, result.output
    assert "tasks for care-desk: open 1" in result.stdout
    return folder / "s.sqlite"


def test_open_tasks_are_listed(state: Path) -> None:
    first, second = runner.invoke(app, ["tasks", "--state", str(state)]).stdout.splitlines()
    assert first.partition("  ")[2].startswith("care-desk: Complaint overdue  ")
    assert first.endswith("2026-03-06T09:00:00.000Z")
    assert second.strip().startswith("ben, ticket_id T-1  (complaint-recovery, task-complaint-overdue, opened 2026-03-05T09:00")


def test_as_json_and_in_what_a_replay_writes(state: Path) -> None:
    (task,) = json.loads(runner.invoke(app, ["tasks", "--state", str(state), "--format", "json"]).stdout)
    (row,) = (json.loads(line) for line in (state.parent / "out" / "tasks.jsonl").read_text().splitlines())
    assert task["profile"] == row["profile"] == "ben"
    assert {name: task[name] for name in ("task", "queue", "due", "shows")} == {
        "task": row["task"],
        "queue": "care-desk",
        "due": "2026-03-06T09:00:00.000Z",
        "shows": {"ticket_id": "T-1"},
    }


def test_another_queue_has_none(state: Path) -> None:
    assert runner.invoke(app, ["tasks", "--state", str(state), "--queue", "leads"]).stdout == "no open tasks\n"


def test_one_that_is_not_open_cannot_be_done(state: Path) -> None:
    result = runner.invoke(app, ["tasks", "--state", str(state), "--done", "none"])
    assert isinstance(result.exception, UsageError)


def test_where_no_serve_listens_it_says_what_to_do(state: Path) -> None:
    (task,) = json.loads(runner.invoke(app, ["tasks", "--state", str(state), "--format", "json"]).stdout)
    result = runner.invoke(app, ["tasks", "--state", str(state), "--done", task["task"], "--door", "http://127.0.0.1:9"])
    assert isinstance(result.exception, OrchestratorError)
    assert "is `orchestrator serve` running?" in str(result.exception)
