"""`orchestrator consents`: lines of a file become events with their proof, all or none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestrator.cli import app
from orchestrator.errors import UsageError
from orchestrator.intake.segment import parse

runner = CliRunner()
HEAD = "user_id,anonymous_id,topic,channel,given,at,source,text\n"


def events(tmp_path: Path, text: str) -> list[dict[str, Any]]:
    path, out = tmp_path / "consents.csv", tmp_path / "events.jsonl"
    path.write_text(text, encoding="utf-8")
    result = runner.invoke(app, ["consents", str(path), "--out", str(out)], catch_exceptions=False, standalone_mode=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def test_each_line_is_an_event_of_its_customer_with_its_proof(tmp_path: Path) -> None:
    lines = "anna,,news,email,yes,2024-05-01,shop form,v3\n,dev-1,news,,no,2024-05-02T10:00:00Z,,\n"
    lines += "ben,,news,,confirmed,2024-05-03,,\n"
    found = events(tmp_path, HEAD + lines)
    assert [(one["event"], one.get("userId"), one.get("anonymousId")) for one in found] == [
        ("Consent Given", "anna", None),
        ("Consent Withdrawn", None, "dev-1"),
        ("Consent Confirmed", "ben", None),
    ]
    assert found[0]["properties"] == {"topic": "news", "channel": "email", "source": "shop form", "text": "v3"}
    assert found[0]["timestamp"] == "2024-05-01T00:00:00.000Z"
    assert len({one["messageId"] for one in found}) == 3
    assert found == events(tmp_path, HEAD + lines), "brought over again, each is the same event"
    assert parse(json.dumps(found[0]).encode(), received_at=1_800_000_000_000, source="x", ordinal="0").name == "Consent Given"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("user_id,topic\na,b\n", "columns"),
        ("user_id,topic,at,mood\na,b,c,d\n", "mood"),
        (HEAD + ",,news,,yes,2024-05-01,,\n", "line 2: it names no customer"),
        (HEAD + "a,,news,,maybe,2024-05-01,,\n", "write yes, no or confirmed"),
        (HEAD + "a,,news,,yes,,,\n", "say when"),
        (HEAD + "a,,news,,yes,soon,,\n", "at soon"),
    ],
)
def test_a_file_with_a_wrong_line_brings_nothing(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        events(tmp_path, text)
