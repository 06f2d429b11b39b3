"""`orchestrator alarms`: what campaigns' alarms say of a state file."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrator.cli import app
from orchestrator.domain.campaign import Alarm, Expected
from orchestrator.domain.input import Control
from orchestrator.errors import UsageError
from orchestrator.stores.sqlite import SqliteFile
from tests.unit.partition.test_alarms import Shop, program

HOUR = 3_600_000
runner = CliRunner()


def test_what_is_raised_stands_first_and_is_a_failure(tmp_path: Path) -> None:
    expected = Alarm(sends=Expected(HOUR, at_least=1), triggers=Expected(HOUR, at_most=0))
    shop = Shop(tmp_path / "s.sqlite", program(expected))
    shop.happens(1, time.time_ns() // 1_000_000)
    asked = runner.invoke(app, ["alarms", "--state", str(tmp_path / "s.sqlite")])
    assert asked.stdout.splitlines() == [
        "ALARM  c: 1 run began within 1 hour, at most 0 are usual",
        "fine   c: 1 message left within 1 hour, at least 1 is expected",
    ]
    assert asked.exit_code == 1
    told = json.loads(runner.invoke(app, ["alarms", "--state", str(tmp_path / "s.sqlite"), "--format", "json"]).stdout)
    assert [(one["of"], one["kind"], one["number"], one["bound"], one["raised"]) for one in told] == [
        ("sends", "silence", 1, 1, False),
        ("triggers", "surge", 1, 0, True),
    ]


def test_what_is_paused_says_so_and_is_no_failure(tmp_path: Path) -> None:
    shop, now = Shop(tmp_path / "s.sqlite", program(Alarm(sends=Expected(HOUR, at_least=1)))), time.time_ns() // 1_000_000
    shop.live.turn([], [], now - 2 * HOUR, caught_up=True)
    asked = ["alarms", "--state", str(tmp_path / "s.sqlite")]
    assert runner.invoke(app, asked).exit_code == 1
    shop.live.control(Control("pause", on=True, campaign="c"))
    shop.live.turn([], [], now, caught_up=True)
    told = runner.invoke(app, asked)
    line = "paused c: 0 messages left within 1 hour, at least 1 is expected; a switch stops its messages, so silence is none"
    assert (told.exit_code, told.stdout) == (0, f"{line}\n")
    assert json.loads(runner.invoke(app, [*asked, "--format", "json"]).stdout)[0]["held"] is True


def test_where_nothing_is_expected_it_says_how_to(tmp_path: Path) -> None:
    SqliteFile(tmp_path / "s.sqlite").close()
    asked = runner.invoke(app, ["alarms", "--state", str(tmp_path / "s.sqlite")])
    assert (asked.exit_code, "write `alarm:" in asked.stdout) == (0, True)


@pytest.mark.parametrize("where", [[], ["--state", "s.sqlite", "--input", "in"]])
def test_it_wants_one_place_to_look_at(where: list[str]) -> None:
    assert isinstance(runner.invoke(app, ["alarms", *where]).exception, UsageError)
