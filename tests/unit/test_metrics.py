from __future__ import annotations

from orchestrator import metrics
from orchestrator.metrics import INPUTS, METRICS, READY, Reading, page


def test_every_name_is_listed_once_and_is_ours() -> None:
    declared = [one for one in vars(metrics).values() if isinstance(one, metrics.Metric)]
    assert sorted(one.name for one in declared) == sorted({one.name for one in METRICS})
    assert all(one.name.startswith("orchestrator_") and one.says.endswith(".") for one in METRICS)


def test_a_page_tells_what_each_number_is_and_what_the_process_takes() -> None:
    told = page([Reading(INPUTS, 3, {"partition": "0"}), Reading(INPUTS, 4, {"partition": "1"}), Reading(READY, 0)]).decode()
    assert told.count("# TYPE orchestrator_inputs_total counter\n") == 1
    assert 'orchestrator_inputs_total{partition="1"} 4.0\n' in told
    assert "# TYPE orchestrator_ready gauge\norchestrator_ready 0.0\n" in told
    assert "process_resident_memory_bytes" in told
