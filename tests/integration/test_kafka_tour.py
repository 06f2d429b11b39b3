"""The README's tour of many processes: its very lines, on ports of this run, from the broker's start to its end."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from orchestrator.stores.kafka import broker
from orchestrator.stores.kafka.java import JarsAbsent, class_path
from tests.ports import free_port
from tests.unit.house.tours import bash, blocks

TOUR_S = 240
_NEXT = "── next block"
_PORT = re.compile(r"\b(?:9092|8080|606\d)\b")


def test_the_tour_of_many_processes_prints_what_it_shows(tmp_path: Path) -> None:
    """As one script: what a block starts works for the next ones."""
    if shutil.which("curl") is None:
        pytest.skip("the tour needs curl, which is not here: apt-get install curl")
    try:
        class_path()
    except JarsAbsent as error:
        pytest.skip(str(error))
    typed, printed = zip(*blocks("kafka"), strict=True)
    script = f"\necho '{_NEXT}'\n".join(typed)
    ports = {port: str(free_port()) for port in sorted(set(_PORT.findall(script)))}
    try:
        _, out, err = bash(_on(f"export ORCHESTRATOR_KAFKA_BROKERS=127.0.0.1:9092\n{script}", ports), tmp_path, TOUR_S)
    finally:
        broker.stop(tmp_path / "kafka")
    shown = [part.strip().splitlines() for part in out.split(_NEXT)]
    assert shown == [_on(part, ports).splitlines() for part in printed], err


def _on(text: str, ports: dict[str, str]) -> str:
    return _PORT.sub(lambda found: ports[found[0]], text)
