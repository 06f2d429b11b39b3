"""What intake, worker and governor tell a real Prometheus: together every panel and every alert finds its metrics."""

from __future__ import annotations

from pathlib import Path

from tests.integration.prometheus import Asked, asked, lint, names_asked, prometheus
from tests.integration.serving import identify, order
from tests.integration.workers import Intake, Place, Worker, governed

FROM_ELSEWHERE = {"Receipts", "Turned away", "Alarms", "Suppressed an hour", "Not entered an hour", "Errors an hour"}
"""Panels that need what `test_prometheus.py` does beside: refused bodies, unsigned receipts, a text that cannot be rendered."""


def of_kafka() -> list[Asked]:
    return [one for one in asked() if one.title not in FROM_ELSEWHERE]


def test_every_panel_finds_its_metrics_in_a_live_scrape(brokers: str, tmp_path: Path) -> None:
    place = Place(brokers, tmp_path)
    with governed(place) as governor:
        worker, intake = Worker(place, 0).ready(), Intake(place).listens()
        targets = {"governor-0": governor.port, "worker-0": worker.port, "intake-0": intake.port}
        turns = iter(range(10_000))

        def lives() -> None:
            user = f"u{next(turns)}"
            assert intake.post([identify(f"i-{user}", user), order(f"o-{user}", user)])[0] == 200

        try:
            with prometheus(tmp_path, {pod: f"127.0.0.1:{port}" for pod, port in targets.items()}) as running:
                assert running.unheard(of_kafka(), lives) == []
                missing = names_asked() - running.names()
                pages = [part.page("metrics")[1] for part in (governor, worker, intake)]
        finally:
            worker.kill()
            intake.kill()
    assert [lint(page) for page in pages] == [""] * 3
    left = {"alarm", "campaign_errors_total", "campaign_not_entered_total", "campaign_suppressed_total", "receipts_total"}
    assert missing == {f"orchestrator_{name}" for name in {*left, "turned_away_total"}}
