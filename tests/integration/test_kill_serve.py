"""A short run of the kill loop; the long one is `kill_serve.py`."""

from __future__ import annotations

from pathlib import Path

from tests.integration.kill_serve import VICTIMS, run

ROUNDS = 7


def test_kill_dash_nine_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    report = run(ROUNDS, tmp_path, seed=4, longest_s=1.5, quiet=True)
    assert not report.wrong, report
    assert report.answered > 0
    assert report.accepted >= report.answered
    assert {victim.partition(",")[0] for victim in report.killed} == set(VICTIMS)
