"""Who is told to end while the broker is gone, or silent, ends all the same, within a bound and without a complaint."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.integration.driving import lone_broker
from tests.integration.kafka_console import Console
from tests.integration.serving import order
from tests.integration.test_kafka_bridge import Bridge, emit, made
from tests.integration.test_kafka_governor import letters
from tests.integration.workers import Governor, Intake, Place, Worker, sent, until
from tests.ports import lasting_port

BOUND_S = 25.0
"""Half as much again as is promised, for a machine that is busy; the shortest grace of the chart is 30 s."""
GONE_S = 2.0
"""Since when the broker is gone: whatever was sent just before is still under way."""
WRONG = ("Traceback", "Unclosed", "never retrieved", "was destroyed", "Error while stopping")


def post(intake: Intake) -> None:
    """A request that the broker will not acknowledge."""
    with suppress(OSError, HTTPException):
        intake.post([order("m", "u")])


def ended(processes: dict[str, Worker | Console], within_s: float) -> dict[str, float]:
    """Tell all to end; after how many seconds each did."""
    told, took = time.monotonic(), dict[str, float]()
    for one in processes.values():
        one.process.send_signal(signal.SIGTERM)
    while len(took) < len(processes) and time.monotonic() - told < within_s:
        for name, one in processes.items():
            if name not in took and one.process.poll() is not None:
                took[name] = round(time.monotonic() - told, 1)
        time.sleep(0.05)
    return took


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["gone", "silent"])
def test_told_to_end_without_a_broker_each_process_does(
    brokers: str, tmp_path: Path, how: signal.Signals, record_property: pytest.RecordProperty
) -> None:
    assert brokers  # the shared one has shown that there are jars
    with lone_broker(tmp_path / "broker", lasting_port()) as own, ThreadPoolExecutor() as threads:
        place = asyncio.run(made(Place(own.address, tmp_path / "run")))
        intake = Intake(place)
        processes: dict[str, Worker | Console] = {"governor": Governor(place, 0), "worker": Worker(place, 1)}
        processes |= {"intake": intake, "bridge": Bridge(place, 3), "console": Console(place)}
        try:
            intake.listens()
            for one in processes.values():
                until(lambda said=one.said: "console on" in said() or "pages:" in said() or "listening" in said(), "its start")
            for name in ("governor", "worker", "bridge"):
                processes[name].ready()  # type: ignore[union-attr]
            letters(place, 2_000)
            asyncio.run(emit(place, [b"{}"] * 100))
            until(lambda: bool(sent(place)), "messages to leave")
            os.kill(own.running.pid, how)
            threads.submit(post, intake)
            time.sleep(GONE_S)
            took = ended(processes, 4 * BOUND_S)
        finally:
            for one in processes.values():
                one.process.kill()
                one.process.wait()
            with suppress(ProcessLookupError):
                os.kill(own.running.pid, signal.SIGCONT)
    record_property("seconds", took)
    assert took.keys() == processes.keys()
    assert max(took.values()) < BOUND_S, took
    assert {name: one.process.returncode for name, one in processes.items()} == dict.fromkeys(processes, 0)
    assert not [(name, wrong) for name, one in processes.items() for wrong in WRONG if wrong in one.said()]
