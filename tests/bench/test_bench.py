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
    assert {row["bench"] for row in rows} == {"decide", "embedded", "rules", "check", "diff", "explain", "restart", "visit"}
    costs = [row[name] for row in rows for name in ("decide_us", "cpu_us", "first_decision_s") if name in row]
    assert len(costs) == 14
    assert all(cost > 0 for cost in costs)


def test_the_edge_bench_runs() -> None:
    (row,) = printed("edge.py", "--seconds", "0.5", "--rate", "100", "--json")
    assert row["throughput"]["events_s"] > 0
    assert row["latency"]["batches"] > 0
    assert row["latency"]["refused"] == 0
