"""Workers, their governor and their door as real processes on a real broker: run, kill, read what they left."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import NewTopic

from orchestrator.stores.kafka.reaching import reaching
from orchestrator.stores.kafka.restore import reading
from orchestrator.stores.kafka.topics import LARGE, Topics, asking
from tests.integration.small_workspace import write_workspace
from tests.ports import free_port

PARTITIONS = 3
PATIENCE_S = 180.0
LOOK_S = 0.2
QUIET_S = 5.0
ANSWER_S = 30.0
CHANNEL = {"ORCHESTRATOR_FILE_DURABLE": "false", "ORCHESTRATOR_FILE_EML": "false"}


def until(done: Callable[[], bool], what: str) -> None:
    """Wait for it."""
    end = time.monotonic() + PATIENCE_S
    while not done():
        if time.monotonic() > end:
            message = f"waited {PATIENCE_S:g} s for {what}"
            raise AssertionError(message)
        time.sleep(LOOK_S)


@dataclass
class Place:
    """One group of workers on topics of its own."""

    brokers: str
    folder: Path
    topic: str = field(default_factory=lambda: f"in-{uuid4().hex[:8]}")
    settings: dict[str, str] = field(default_factory=dict)
    copies: int = 1

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.workspace = write_workspace(self.folder / "workspace")
        asyncio.run(self._make())

    @property
    def name(self) -> str:
        return f"{self.topic}-orchestrator"

    @property
    def topics(self) -> Topics:
        return Topics.of(self.name)

    async def _make(self) -> None:
        async with asking(self.brokers) as admin:
            await admin.create_topics([NewTopic(self.topic, PARTITIONS, self.copies, topic_configs={**LARGE, **self.settings})])

    def places(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for number in range(PARTITIONS)]

    def drained(self) -> bool:
        """Whether every input is decided."""
        return asyncio.run(self._drained())

    async def _drained(self) -> bool:
        consumer = AIOKafkaConsumer(**reaching(self.brokers), group_id=self.name, enable_auto_commit=False)
        await consumer.start()
        committed = {place: await consumer.committed(place) or 0 for place in self.places(self.topic)}
        await consumer.stop()
        return all([not await records(self.brokers, place, offset) for place, offset in committed.items()])


@dataclass
class Worker:
    """One worker process. `settings` are its environment's; a breakpoint among them ends its whole group, which is its own."""

    place: Place
    number: int
    options: tuple[str, ...] = ("--development",)
    port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        place = self.place
        where = ["--brokers", place.brokers, "--input", place.topic, "--port", str(self.port), *self.options]
        command = [sys.executable, "-m", "orchestrator", *self.called(), *where]
        self.log = place.folder / f"{self.number}-{uuid4().hex[:6]}.log"
        with self.log.open("wb") as log:
            environment, alone = {**os.environ, **CHANNEL, **self.settings}, "BREAKPOINT" in self.settings
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=alone)

    def called(self) -> list[str]:
        """The command and what only it is told."""
        return ["worker", str(self.place.workspace), "--dir", str(self.folder)]

    @property
    def folder(self) -> Path:
        return self.place.folder / f"worker-{self.number}"

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def page(self, name: str) -> tuple[int, str]:
        """(status, text) of one of its pages; 0 while nobody answers."""
        with suppress(OSError):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{name}", timeout=5) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as refusal:
                return refusal.code, refusal.read().decode()
        return 0, ""

    def owned(self) -> list[str]:
        """The partitions that it has recovered, once it has all that it owns."""
        status, text = self.page("ready")
        return list(json.loads(text)["partitions"]) if status == 200 else []

    def health(self) -> dict[str, Any]:
        """What it says of itself; empty while it says nothing."""
        found: dict[str, Any] = json.loads(self.page("health")[1] or "{}")
        return found

    def ready(self) -> Self:
        until(
            lambda: self.process.poll() is not None or self.page("ready")[0] == 200, f"process {self.process.pid} to be ready"
        )
        assert self.process.poll() is None, self.said()
        return self

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)


class Governor(Worker):
    """Without it workers send nothing."""

    def called(self) -> list[str]:
        return ["governor"]


@contextmanager
def governed(place: Place, *options: str, **settings: str) -> Iterator[Governor]:
    """A governor that works while this lasts."""
    governor = Governor(place, 0, options or ("--development",), settings=settings)
    try:
        yield governor.ready()
    finally:
        governor.kill()


@dataclass
class Intake(Worker):
    """One intake process."""

    number: int = 9

    def called(self) -> list[str]:
        return ["intake", str(self.place.workspace)]

    def listens(self) -> Intake:
        """Wait until it accepts events."""
        until(lambda: self.process.poll() is not None or "listening on" in self.said(), "an intake to listen")
        assert self.process.poll() is None, self.said()
        return self

    def post(self, body: Sequence[dict[str, Any]], patience: float = ANSWER_S) -> tuple[int, dict[str, str], dict[str, Any]]:
        """(status, headers, answer); OSError or HTTPException where none comes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=patience)
        try:
            connection.request("POST", "/v1/batch", json.dumps({"batch": list(body)}), {"content-type": "application/json"})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, json.loads(answer.read())
        finally:
            connection.close()


def settled(place: Place, quiet_s: float = QUIET_S) -> None:
    """Wait until everything is decided and nothing has left for so long."""
    until(place.drained, "all inputs to be decided")
    left, since = len(sent(place)), time.monotonic()
    while time.monotonic() - since < quiet_s:
        time.sleep(LOOK_S)
        if len(sent(place)) > left:
            left, since = len(sent(place)), time.monotonic()


def sent(place: Place) -> list[dict[str, Any]]:
    """What the file channels of all workers wrote; a line without its end is being written, or its worker died in it."""
    outboxes = sorted(place.folder.glob("worker-*/outbox/*.jsonl"))
    texts = (outbox.read_text(encoding="utf-8") for outbox in outboxes)
    return [json.loads(line) for text in texts for line in text.splitlines(keepends=True) if line.endswith("\n")]


async def records(brokers: str, place: TopicPartition, since: int = 0) -> list[bytes]:
    """All that a committed reader sees from that offset on; marks of transactions have offsets, and are no records."""
    async with reading(brokers) as reader:
        reader.assign([place])
        reader.seek(place, since)
        end = (await reader.end_offsets([place]))[place]
        found: list[bytes] = []
        while await reader.position(place) < end:
            found += [one.value for one in (await reader.getmany(place, timeout_ms=200)).get(place, ())]
        return found
