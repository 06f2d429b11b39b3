"""`orchestrator replay` as people read it on a terminal of 80 columns."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from orchestrator.cli import app
from orchestrator.cli.tables import print_replay

LIBRARY = Path(__file__).parents[3] / "rules" / "library"
EVENTS = """
{"messageId": "1", "type": "identify", "userId": "ben", "timestamp": "2026-03-02T19:00:00Z", "traits": {"first_name": ["x"]}}
{"messageId": "2", "type": "track", "userId": "ben", "event": "Ticket Opened", "timestamp": "2026-03-02T19:00:00Z",\
 "properties": {"ticket_id": "T-1", "kind": "complaint"}}
"""


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> str:
    log = tmp_path_factory.mktemp("replay") / "events.jsonl"
    log.write_text(EVENTS.strip(), encoding="utf-8")
    result = CliRunner().invoke(app, ["replay", str(LIBRARY), "--events", str(log), "--format", "json"])
    assert result.exit_code == 0, result.output
    out = io.StringIO()
    print_replay(json.loads(result.stdout), [], Console(file=out, width=80))
    return out.getvalue()


def test_the_table_of_campaigns_is_whole(screen: str) -> None:
    assert "…" not in screen
    assert "ambassador-invitation       0 " in screen
    assert max(len(line) for line in screen.splitlines()) <= 80


def test_it_says_what_would_be_otherwise_live(screen: str) -> None:
    said = " ".join(screen.split())
    assert "1 run is still under way at 2026-03-02T19:00:00.000Z; --until TIME lets the clock run on" in said
    assert "accepted for people without an address: 1 (email 1)" in said
    assert "the file channel stands for email and SMS, and needs no address" in said
    assert "accepted, and live refused at rendering: 1" in said
    assert "1 of complaint-recovery: templates/complaint-received/email.html:2: " in said
