"""The ids of traces are the same wherever they are asked; without a receiver there are none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from orchestrator.config import traces_wanted
from orchestrator.tracing import DECIDE, DOOR, Place, event_place, parent_in

WHERE = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


def test_an_event_has_one_trace_and_a_span_for_each_part() -> None:
    door, decided = event_place(DOOR, "m-1"), event_place(DECIDE, "m-1")
    assert door.trace == decided.trace
    assert door.span != decided.span
    assert event_place(DOOR, "m-2").trace != door.trace


def test_an_id_is_the_same_in_every_version() -> None:
    """Links lead to spans that another version has told of days before."""
    assert event_place(DECIDE, "m-1") == Place(0xA7100DAE1841D2741BB9B96D15CD4F57, 0xFB2E7480320A6F11)


@pytest.mark.parametrize("text", ["", "00-0-0-01", f"00-{0:032x}-{1:016x}-01", f"00-{1:032x}-{0:016x}-01", "01-" + "a" * 50])
def test_what_names_no_parent_is_none(text: str) -> None:
    assert parent_in(text) is None


def test_a_parent_is_read() -> None:
    assert parent_in(f" 00-{7:032x}-{9:016x}-00 ") == Place(7, 9)


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, False),
        (WHERE, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({**WHERE, "OTEL_SDK_DISABLED": "true"}, False),
        ({**WHERE, "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_the_standard_variables_say_whether_there_are_traces(variables: dict[str, str], *, wanted: bool) -> None:
    assert traces_wanted(variables) is wanted


def test_nothing_of_opentelemetry_is_imported_where_nothing_is_traced() -> None:
    program = "import sys, orchestrator.bootstrap.engine, orchestrator.bootstrap.edge; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert not any(name.startswith("opentelemetry") for name in done.stdout.split())
