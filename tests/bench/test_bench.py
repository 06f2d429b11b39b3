"""The benchmarks run and print what they promise; their figures are for people."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def printed(script: str, *options: str) -> list[dict[str, Any]]:
    command = [sys.executable, str(HERE / script), *options]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240, cwd=HERE)
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_engine_bench_runs() -> None:
    rows = printed("bench.py", "--tiny")
    known = "decide embedded rules check diff explain restart visit render handoff"
    assert sorted({row["bench"] for row in rows}) == sorted(known.split())
    costs = [row[name] for row in rows for name in ("decide_us", "cpu_us", "first_decision_s", "median_us") if name in row]
    assert len(costs) == 19
    assert all(cost > 0 for cost in costs)


def test_the_edge_bench_runs() -> None:
    (row,) = printed("edge.py", "--seconds", "0.5", "--rate", "100", "--json")
    assert row["throughput"]["events_s"] > 0
    assert row["latency"]["batches"] > 0
    assert row["latency"]["refused"] == 0


def test_the_bench_of_a_whole_worker_runs() -> None:
    told, row = printed("whole_worker.py", "--tiny", "--rules", "5", "--workers", "2")
    assert told["bytes"] > 0
    assert row["workers"] == 2
    assert all(row[name] > 0 for name in ("cpu_us", "bare_us", "engine_us", "events_s"))


def test_the_bench_of_a_recovery_runs() -> None:
    rows = printed("recovery.py", "--tiny")
    assert [row["cache"] for row in rows] == ["warm", "late", "cold"]
    assert all(row["wall_s"] > 0 for row in rows)


def test_the_bench_of_a_mirror_runs() -> None:
    anew, followed = printed("mirror.py", "--profiles", "400", "--inputs", "800")
    assert (anew["inputs"], followed["inputs"]) == (400, 800)
    assert all(row["wall_s"] > 0 and row["rss_mb"] > 0 for row in (anew, followed))
