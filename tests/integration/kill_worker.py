"""Workers on a real broker that are killed under load, and what must be true of the topics afterwards.

    uv run python tests/integration/kill_worker.py --kills 20 --sleeps 3 --joins 3

A worker is killed and replaced; it sleeps for longer than its session and wakes; a third one joins and leaves in order.

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
from itertools import islice
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
from orchestrator.stores.kafka.limits import SESSION_MS
from orchestrator.stores.kafka.reaching import reaching
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
AT_ONCE = 10
"""Events that are under way to the broker together."""
ASLEEP_S = SESSION_MS / 1_000 * 1.5
JOINED_S = 5.0
QUIET_S = 5.0
CHANNEL = {"ORCHESTRATOR_FILE_DURABLE": "false", "ORCHESTRATOR_FILE_EML": "false"}


Emitted = tuple[str, dict[str, Any]]
"""(key, event in the Segment shape)"""


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
class Feeder:
    """Emits events until it has emitted so many; `taken` are those that the broker has. What is refused is sent again."""

    place: Place
    count: int
    seed: int = 1
    rate: int = RATE
    refused: int = 0
    taken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self.thread.start()

    def finished(self, within_s: float = PATIENCE_S) -> None:
        self.thread.join(within_s)
        assert not self.thread.is_alive()

    async def _run(self) -> None:
        coming = events(self.seed, self.count)
        waiting = list(islice(coming, AT_ONCE))
        while waiting:
            # one of which a record was refused has a gap in its numbers: a new one follows it
            async with AIOKafkaProducer(**reaching(self.place.brokers), enable_idempotence=True) as producer:
                while waiting and not (refused := await self._sent(producer, waiting)):
                    await asyncio.sleep(AT_ONCE / self.rate)
                    waiting = list(islice(coming, AT_ONCE))
            waiting = refused
            self.refused += len(refused)

    async def _sent(self, producer: AIOKafkaProducer, together: list[Emitted]) -> list[Emitted]:
        """Gives those that the broker did not take."""
        sends = [producer.send_and_wait(self.place.topic, json.dumps(event).encode(), key.encode()) for key, event in together]
        answers = await asyncio.gather(*sends, return_exceptions=True)
        refused = [one for one, answer in zip(together, answers, strict=True) if isinstance(answer, KafkaError)]
        self.taken += [event["messageId"] for key, event in together if (key, event) not in refused]
        return refused


def events(seed: int, count: int) -> Iterator[Emitted]:
    """People who say where they are, order, pay and want letters."""
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
    waiting: int = 0
    """Messages that have no end yet."""
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
    judged.waiting += len(profile.messages)


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


@dataclass(frozen=True)
class Plan:
    """What happens to the workers, each so many times, in an order and at moments that the seed chooses."""

    kills: int = 0
    sleeps: int = 0
    joins: int = 0
    events: int = 0
    seed: int = 1
    rate: int = RATE

    def steps(self, chance: random.Random) -> list[str]:
        found = ["kill"] * self.kills + ["sleep"] * self.sleeps + ["join"] * self.joins
        chance.shuffle(found)
        return found


def run(brokers: str, folder: Path, plan: Plan) -> tuple[Judged, list[str], list[str]]:
    """Two workers under load; gives the judgement, what was emitted, what was said."""
    place = Place(brokers, folder)
    with governed(place):
        return _run(place, plan)


def _run(place: Place, plan: Plan) -> tuple[Judged, list[str], list[str]]:
    chance, said = random.Random(plan.seed), list[str]()
    workers = [Worker(place, 0), Worker(place, 1)]
    try:
        workers[0].ready()
        feeder = Feeder(place, plan.events, plan.seed, plan.rate)
        for step in plan.steps(chance):
            time.sleep(0.5 + chance.random() * 3)
            said.append(_suffer(step, workers, chance.randrange(2)))
        feeder.finished(PATIENCE_S + plan.events / plan.rate * 3)
        settled(place)
        codes = [worker.ready().terminate() for worker in workers]
        said += [worker.said() for worker in workers]
        assert codes == [0, 0], said
    finally:
        for worker in workers:
            worker.kill()
    return judge(place), feeder.taken, said


def _suffer(step: str, workers: list[Worker], victim: int) -> str:
    """One of them has bad luck, or gets company; gives what it said where it is gone."""
    chosen = workers[victim]
    match step:
        case "kill":
            chosen.kill()
            workers[victim] = Worker(chosen.place, victim)
            return chosen.said()
        case "sleep":
            chosen.process.send_signal(signal.SIGSTOP)
            time.sleep(ASLEEP_S)
            chosen.process.send_signal(signal.SIGCONT)
            return ""
        case _:
            third = Worker(chosen.place, len(workers)).ready()
            time.sleep(JOINED_S)
            assert third.terminate() == 0, third.said()
            return third.said()


def main() -> int:
    """Run and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, many in (("kills", 20), ("sleeps", 0), ("joins", 0), ("events", 20_000), ("seed", 1), ("rate", RATE)):
        parser.add_argument(f"--{name}", type=int, default=many)
    plan = Plan(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory(prefix="kill-worker-") as folder:
        running, _ = broker.start(Path(folder) / "broker", 0)
        try:
            judged, taken, said = run(running.address, Path(folder) / "run", plan)
        finally:
            broker.stop(Path(folder) / "broker")
    wrong, fenced = judged.wrong(taken), sum(text.count("ProducerFenced") for text in said)
    told = {"events": len(taken), "rows": judged.rows, "profiles": judged.profiles, "messages": judged.messages, "wrong": wrong}
    told |= {"waiting": judged.waiting, "sent": len(judged.sent), "fenced": fenced}
    sys.stdout.write(json.dumps(msgspec.to_builtins(told), indent=2) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
