"""Workers on a real broker that are killed under load, and what must be true of the topics afterwards.

    uv run python tests/integration/kill_worker.py --kills 20

Every event that the broker took must be decided exactly once, every profile's rows must lead back to its first without a gap
and decide again to the same bytes, its messages must add up, and no marketing message may have left twice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.errors import KafkaError

from orchestrator.authoring import load_program
from orchestrator.bootstrap.engine import Coming
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.input import Activation, Broadcast, Control, Event
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import Profile, seal, unseal
from orchestrator.domain.program import Program
from orchestrator.insight.accepted import given_of
from orchestrator.partition.ports import JournalRow
from orchestrator.partition.standing import Standing
from orchestrator.stores.kafka import broker
from orchestrator.stores.kafka.cache import Cache
from orchestrator.stores.kafka.records import read_journal
from orchestrator.stores.kafka.restore import reading, restore
from orchestrator.stores.kafka.topics import LARGE, Topics, asking
from tests.integration.small_workspace import write_workspace

USERS = 60
PARTITIONS = 3
PATIENCE_S = 180.0
LOOK_S = 0.2
RATE = 150
"""Events a second."""
CHANNEL = {"ORCHESTRATOR_FILE_DURABLE": "false", "ORCHESTRATOR_FILE_EML": "false"}


def until(done: Callable[[], bool], what: str) -> None:
    """Wait for it."""
    end = time.monotonic() + PATIENCE_S
    while not done():
        if time.monotonic() > end:
            message = f"waited {PATIENCE_S:g} s for {what}"
            raise AssertionError(message)
        time.sleep(LOOK_S)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


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
        consumer = AIOKafkaConsumer(bootstrap_servers=self.brokers, group_id=self.name, enable_auto_commit=False)
        await consumer.start()
        committed = {place: await consumer.committed(place) or 0 for place in self.places(self.topic)}
        await consumer.stop()
        return all([not await records(self.brokers, place, offset) for place, offset in committed.items()])


@dataclass
class Worker:
    """One worker process. `settings` are its environment's."""

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
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **CHANNEL, **self.settings})

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
        until(lambda: self.process.poll() is not None or self.page("ready")[0] == 200, "a process to be ready")
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
class Feeder:
    """Emits events until it has emitted so many; `taken` are those that the broker has. What is refused is sent again."""

    place: Place
    count: int
    seed: int = 1
    refused: int = 0
    taken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self.thread.start()

    def finished(self, within_s: float = PATIENCE_S) -> None:
        self.thread.join(within_s)
        assert not self.thread.is_alive()

    async def _run(self) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.place.brokers, enable_idempotence=True)
        await producer.start()
        for number, (key, event) in enumerate(events(self.seed, self.count)):
            while not await self._sent(producer, key, event):
                self.refused += 1
            self.taken.append(event["messageId"])
            if number % 10 == 0:
                await asyncio.sleep(10 / RATE)
        await producer.stop()

    async def _sent(self, producer: AIOKafkaProducer, key: str, event: dict[str, Any]) -> bool:
        try:
            await producer.send_and_wait(self.place.topic, json.dumps(event).encode(), key=key.encode())
        except KafkaError:
            return False
        return True


def events(seed: int, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """(key, event in the Segment shape): people who say where they are, order, pay and want letters."""
    chance = random.Random(seed)
    for number in range(count):
        user = f"user-{number if number < USERS else chance.randrange(USERS)}"
        event: dict[str, Any] = {"messageId": f"m{number}", "userId": user, "type": "track", "properties": {}}
        kind = chance.random()
        if number < USERS:
            event |= {"type": "identify", "traits": {"email": f"{user}@shop.example", "first_name": user}}
        elif kind < 0.1:
            event |= {"event": "Consent Given", "properties": {"topic": "news"}}
        elif kind < 0.2:
            event |= {"event": "Letter Wanted"}
        elif kind < 0.6:
            event |= {"event": "Order Paid", "properties": {"order_id": f"O-{chance.randrange(max(1, number))}"}}
        else:
            event |= {"event": "Order Completed", "properties": {"order_id": f"O-{number}", "total": 10.5}}
        yield user, event


@dataclass
class Judged:
    """What the topics say."""

    decided: Counter[str] = field(default_factory=Counter)
    """message id of an emitter → how often it was decided."""
    profiles: int = 0
    rows: int = 0
    gaps: int = 0
    differs: int = 0
    unbalanced: int = 0
    orders: dict[str, int] = field(default_factory=dict)
    messages: Counter[str] = field(default_factory=Counter)
    sent: list[dict[str, Any]] = field(default_factory=list)

    @property
    def sent_twice(self) -> list[str]:
        """Marketing messages."""
        times = Counter(one["message_id"] for one in self.sent if one["campaign"] != "receipt")
        return [ident for ident, number in times.items() if number > 1]

    def wrong(self, taken: list[str]) -> dict[str, object]:
        """Everything that must not be; empty where all is right."""
        lost = [ident for ident in taken if not self.decided[ident]]
        twice = [ident for ident, number in self.decided.items() if number > 1]
        found = {"lost": lost, "decided twice": twice, "sent twice": self.sent_twice, "gaps": self.gaps}
        found |= {"differs": self.differs, "unbalanced": self.unbalanced}
        return {name: what for name, what in found.items() if what}


@dataclass
class InForce:
    """The programs of one partition, each from its journal row on, as whoever was there knew them."""

    since: list[tuple[int, Program]] = field(default_factory=list)

    def at(self, seq: int) -> Program:
        return next(program for begun, program in reversed(self.since) if begun < seq)


def in_force(rows: dict[int, JournalRow], programs: dict[str, Program]) -> InForce:
    """By the activations in a partition's journal."""
    found, standing = InForce(), Standing()
    for row in sorted(rows.values()):
        given = None if row.key else msgspec.msgpack.decode(row.given, type=Activation | Broadcast | Control)
        if isinstance(given, Activation):
            program, standing = Coming(programs[given.program], bytes, programs.__getitem__).after(standing, row.clock)
            found.since.append((row.seq, program))
    return found


def judge(place: Place, *later: Path) -> Judged:
    """Read the topics back and decide everything again, by its workspace and those that were published later."""
    judged = Judged()
    programs = {program.name: program for program in map(load_program, (place.workspace, *later))}
    for number in range(PARTITIONS):
        journal = asyncio.run(records(place.brokers, TopicPartition(place.topics.journal, number)))
        rows = {row.seq: row for row in map(read_journal, journal)}
        assert len(rows) == len(journal), "a row was written twice"
        judged.rows += len(rows)
        for row in rows.values():
            given = given_of(row.given) if row.key else None
            if isinstance(given, Event) and given.depth == 0:
                judged.decided[given.message_id] += 1
        force = in_force(rows, programs)
        with tempfile.TemporaryDirectory() as folder:
            cache = Cache(Path(folder) / "again.sqlite", 0)
            asyncio.run(restore(place.brokers, TopicPartition(place.topics.changelog, number), cache))
            for key, stored in cache.file.every_profile():
                _profile(judged, force, unseal(stored.sealed), rows, key, stored.last_seq)
            cache.close()
    judged.sent = sent(place)
    return judged


def sent(place: Place) -> list[dict[str, Any]]:
    """What the file channels of all workers wrote."""
    outboxes = sorted(place.folder.glob("worker-*/outbox/*.jsonl"))
    return [json.loads(line) for outbox in outboxes for line in outbox.read_text(encoding="utf-8").splitlines()]


def _profile(judged: Judged, force: InForce, profile: Profile, rows: dict[int, JournalRow], key: int, last: int) -> None:
    history = []
    while last:
        if last not in rows:
            judged.gaps += 1
            return
        history.append(rows[last])
        last = rows[last].prev_seq
    judged.gaps += len(history) != sum(row.key == key for row in rows.values())
    again = newcomer(force.at(history[-1].seq), history[-1].clock, f"u:{profile.user_id}")
    for row in reversed(history):
        judged.differs += decide(force.at(row.seq), Controls(), again, given_of(row.given), row.clock).encoded != row.decision
    judged.differs += seal(again) != seal(profile)
    judged.profiles += 1
    judged.unbalanced += profile.planned != sum(profile.tally.values()) + len(profile.messages)
    judged.messages.update(profile.tally)


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


def run(brokers: str, folder: Path, kills: int, count: int, seed: int = 1) -> tuple[Judged, list[str], list[str]]:
    """Two workers under load, one killed after another, each replaced; gives the judgement, what was emitted, what was said."""
    place = Place(brokers, folder)
    with governed(place):
        return _run(place, kills, count, seed)


def _run(place: Place, kills: int, count: int, seed: int) -> tuple[Judged, list[str], list[str]]:
    chance = random.Random(seed)
    workers, said = [Worker(place, 0), Worker(place, 1)], []
    try:
        workers[0].ready()
        feeder = Feeder(place, count, seed)
        for _ in range(kills):
            time.sleep(0.5 + chance.random() * 3)
            victim = chance.randrange(2)
            workers[victim].kill()
            said.append(workers[victim].said())
            workers[victim] = Worker(place, victim)
        feeder.finished()
        until(place.drained, "all inputs to be decided")
        said += [worker.said() for worker in workers]
        codes = [worker.terminate() for worker in workers]
        assert codes == [0, 0], said
    finally:
        for worker in workers:
            worker.kill()
    return judge(place), feeder.taken, said


def main() -> int:
    """Run and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kill-worker-") as folder:
        running, _ = broker.start(Path(folder) / "broker", 0)
        try:
            judged, taken, _ = run(running.address, Path(folder) / "run", given.kills, given.events, given.seed)
        finally:
            broker.stop(Path(folder) / "broker")
    wrong = judged.wrong(taken)
    told = {"events": len(taken), "rows": judged.rows, "profiles": judged.profiles, "messages": judged.messages, "wrong": wrong}
    sys.stdout.write(json.dumps({**msgspec.to_builtins(told), "sent": len(judged.sent)}, indent=2) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
