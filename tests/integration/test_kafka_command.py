"""`orchestrator kafka`: it starts, tells, and ends one broker and nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from orchestrator.stores.kafka import broker
from orchestrator.stores.kafka.java import JarsAbsent, class_path
from orchestrator.stores.kafka.running import Running, detach
from orchestrator.stores.kafka.topics import examine

STARTED_S = 120


def kafka(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "orchestrator", "kafka", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=STARTED_S)


def told(*arguments: str) -> dict[str, Any]:
    ran = kafka(*arguments, "--format", "json")
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    try:
        class_path()
    except JarsAbsent as error:
        pytest.skip(str(error))
    yield tmp_path / "broker"
    kafka("stop", "--dir", str(tmp_path / "broker"))


def test_one_broker_is_started_told_and_stopped(folder: Path) -> None:
    first = told("start", "--port", "0", "--dir", str(folder))
    again = told("start", "--dir", str(folder))
    assert again["pid"] == first["pid"]
    assert told("status", "--dir", str(folder)) == {**first, "topics": []}
    other = kafka("start", "--port", str(first["port"] - 1), "--dir", str(folder))
    assert other.returncode == 1
    assert f"its broker runs on port {first['port']}; stop it first" in other.stderr
    assert told("stop", "--dir", str(folder))["running"] is False
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", first["port"]), timeout=5)
    assert kafka("status", "--dir", str(folder)).returncode == 1
    log = (folder / "broker.log").read_text(encoding="utf-8")
    assert "ERROR" not in log


def test_the_topic_of_the_inputs_is_made_once_and_keeps_its_partitions(brokers: str) -> None:
    where = ("topic", "--input", f"in-{uuid4().hex[:8]}", "--brokers", brokers)
    assert told(*where, "--partitions", "3") == {"topic": where[2], "partitions": 3}
    refused = kafka(*where, "--partitions", "4")
    assert (refused.returncode, refused.stderr) == (
        2,
        f"error: --partitions 4: topic {where[2]} is there, with 3 partitions for life\n",
    )
    assert asyncio.run(examine(brokers, where[2], development=True)) == 3


def test_a_port_in_use_is_told(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = kafka("start", "--port", str(port), "--dir", str(folder))
    assert refused.returncode == 1
    assert f"127.0.0.1:{port} cannot be listened on (Address already in use); name another port with --port" in refused.stderr


def test_a_port_for_pages_in_use_is_told_before_anything_is_begun() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "orchestrator", "governor", "--port", str(port), "--brokers", "127.0.0.1:1"]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=STARTED_S)
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"error: 127.0.0.1:{port}: cannot listen there (Address already in use)")


def test_a_stranger_with_the_number_of_the_broker_is_left_alone(tmp_path: Path) -> None:
    """Numbers of processes come again; when a process began does not."""
    record = {"running": {"pid": os.getpid(), "begun": "12"}, "port": 9092, "version": "4.1.0"}
    (tmp_path / "broker.json").write_text(json.dumps(record), encoding="utf-8")
    ran = kafka("stop", "--dir", str(tmp_path))
    assert (ran.returncode, ran.stdout) == (0, "no broker runs there\n")


def test_a_process_that_does_not_hear_is_killed(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    running = detach([sys.executable, "-c", deaf], tmp_path / "log")
    until = time.monotonic() + 30
    while "deaf" not in (tmp_path / "log").read_text(encoding="utf-8"):
        assert time.monotonic() < until
    assert running.end(within_s=0.2) is False
    assert not running.alive


def test_a_process_that_has_ended_is_not_alive(tmp_path: Path) -> None:
    running = detach([sys.executable, "-c", ""], tmp_path / "log")
    assert running.gone(within_s=30)
    assert Running(running.pid, "").alive is False


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = kafka("start", "--dir", str(tmp_path / "file"))
    assert ran.returncode == 1
    assert "a broker cannot be kept there" in ran.stderr


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "sys.modules['jgo'] = None\n"
        f"sys.argv = ['orchestrator', 'kafka', 'start', '--dir', {str(tmp_path)!r}]\n"
        "from orchestrator.cli import main\n"
        "main()\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    told = "error: Kafka needs packages that are not installed (jgo): pip install 'orchestrator[kafka-broker]'\n"
    assert ran.stderr == told


def test_a_clusters_name_may_begin_with_a_dash(folder: Path) -> None:
    """One in 64 that are drawn does."""
    settings, name = folder / "server.properties", "-9pQQeNNRuqa1bjWvnhNCA"
    folder.mkdir()
    settings.write_text(broker._properties(folder, 1, [broker.Ports(1, 2)]), encoding="utf-8")
    broker._format(class_path(), settings, name)
    assert f"cluster.id={name}" in (folder / "log" / "meta.properties").read_text(encoding="utf-8")
