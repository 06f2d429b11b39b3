"""A short run of sends under fire; the long one is `kill_sends.py`."""

from __future__ import annotations

from pathlib import Path

from tests.integration.kill_sends import run

ROUNDS = 3


def test_each_message_ends_as_what_its_provider_did_and_marketing_is_never_sent_twice(tmp_path: Path) -> None:
    report = run(ROUNDS, tmp_path, seed=3, lost=0.2, longest_s=2.0)

    assert not report.wrong, report
    assert report.lost, report
    assert report.kills, report
    assert report.doubted, report
    assert report.states["in_doubt"] == 0, report
    assert report.states["delivered"] > 20, report
