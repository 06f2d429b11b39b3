"""Workers and their topics in memory: an engine for each partition, its transactions as records, a reader of them."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from orchestrator.delivery.governor import OpenGovernor
from orchestrator.delivery.virtual import VirtualWire
from orchestrator.domain.identity import raw_id
from orchestrator.domain.input import Control, Event
from orchestrator.domain.moment import Controls
from orchestrator.domain.program import Program
from orchestrator.insight.replay import Collected
from orchestrator.partition.engine import Engine, home_of
from orchestrator.partition.identities import Passed
from orchestrator.partition.partition import Surroundings
from orchestrator.partition.ports import Changes, JournalRow
from orchestrator.stores.kafka.inputs import brought, entry
from orchestrator.stores.kafka.mirroring import Mirrored
from orchestrator.stores.kafka.records import POSITION, Position, changelog_of, encode_position, journal_of
from orchestrator.stores.kafka.topics import DeploymentTopics, Topics
from orchestrator.stores.memory import MemoryFile, MemoryStore

NAME, INPUTS = "w", "events"


class Told(NamedTuple):
    """A record as a consumer has it."""

    offset: int
    key: bytes
    value: bytes
    timestamp: int = 0


class _Staged(MemoryStore):
    """Reads what is committed; what it is told to commit waits for the transaction."""

    def commit(self, changes: list[Changes]) -> None:
        STAGED.setdefault(id(self.file), []).extend(changes)


STAGED: dict[int, list[Changes]] = {}


class Work:
    """One partition at work."""

    def __init__(self, world: Deployment, number: int) -> None:
        self.world, self.number, self.file, self.inputs, self.clock = world, number, MemoryFile(), 0, 0
        around = Surroundings(world.program, OpenGovernor(), VirtualWire(), Controls(addresses=False))
        store = _Staged(self.file, 0)
        self.engine = Engine([store], around, world.watch, elsewhere=lambda raw: home_of(raw, world.partitions) != number)

    def commit(self) -> list[Passed]:
        """One transaction into the topics; what is for others goes there next."""
        passed = self.engine.take_passed()
        self.engine.commit()
        staged = STAGED.pop(id(self.file), [])
        changelog, journal = Topics.of(NAME).changelog, Topics.of(NAME).journal
        for one in staged:
            self.world.log(changelog, self.number, changelog_of(one))
            self.world.log(journal, self.number, journal_of(one))
        self.clock = max((one.clock for one in staged), default=self.clock)
        position = Position(b"life", self.inputs, self.clock, self.file.keys, self.file.seqs)
        self.world.log(changelog, self.number, [(POSITION, encode_position(position))], ends=True)
        MemoryStore(self.file, 0).commit(staged)
        return passed


class Deployment:
    """Workers of all partitions. `topics`: what they have written; a transaction's mark takes an offset too."""

    def __init__(self, program: Program, partitions: int) -> None:
        self.program, self.partitions = program, partitions
        self.collected = Collected()
        self.topics: dict[TopicPartition, list[Told]] = {}
        self.ends: dict[TopicPartition, int] = {}
        shared = DeploymentTopics.of(NAME)
        for number in range(partitions):
            for topic in (Topics.of(NAME).changelog, Topics.of(NAME).journal, Topics.of(NAME).rejected, INPUTS):
                self.log(topic, number, [])
        self.log(shared.addresses, 0, [])
        self.log(shared.accounts, 0, [])
        self.works = [Work(self, number) for number in range(partitions)]

    def watch(self, decided: Any) -> None:
        self.collected.watch(decided)

    def log(self, topic: str, number: int, records: Iterable[tuple[bytes, bytes]], *, ends: bool = False) -> None:
        place = TopicPartition(topic, number)
        log = self.topics.setdefault(place, [])
        end = self.ends.setdefault(place, 0)
        for key, value in records:
            log.append(Told(end, key, value))
            end += 1
        self.ends[place] = end + ends

    def feed(self, events: Iterable[Event], batch: int = 7) -> None:
        """Decide these in order, in transactions of so many, and whatever follows from them elsewhere."""
        some: list[Event] = []
        for event in events:
            some.append(event)
            if len(some) == batch:
                self._turn(some)
                some = []
        self._turn(some)

    def _turn(self, events: list[Event]) -> None:
        for event in events:
            work = self.works[home_of(raw_id(event), self.partitions)]
            work.engine.feed(event, event.received_at)
            work.inputs += 1
        self.settle()

    def settle(self) -> None:
        """Commit everywhere until nothing is on its way."""
        while passed := [one for work in self.works for one in work.commit()]:
            for one in passed:
                work = self.works[home_of(one.to, self.partitions)]
                arrived = brought(*entry(one))
                if isinstance(arrived, Passed):
                    work.engine.receive(arrived, max(work.engine.clock, arrived.at))
                else:
                    work.engine.feed(arrived.event, max(work.engine.clock, arrived.event.received_at))

    def advance(self, until: int) -> None:
        for work in self.works:
            work.engine.advance(until)
        self.settle()

    def order(self, control: Control) -> None:
        """To all partitions, as operators do."""
        for work in self.works:
            work.engine.control(control)
        self.settle()

    def states(self) -> dict[str, bytes]:
        """Everybody's bytes."""
        return {stored.raw: stored.sealed for work in self.works for _, (_, stored) in work.file.profiles.items()}

    def journals(self) -> dict[str, list[JournalRow]]:
        """Everybody's history."""
        return {stored.raw: work.file.history(key) for work in self.works for key, (_, stored) in work.file.profiles.items()}

    def compact(self, keep: int) -> None:
        """Let only the last record of each key stand in changelogs, but for the newest so many."""
        for place, log in self.topics.items():
            if place.topic == Topics.of(NAME).changelog:
                old, new = log[: max(0, len(log) - keep)], log[max(0, len(log) - keep) :]
                newest = {one.key: one.offset for one in log}
                self.topics[place] = [one for one in old if newest[one.key] == one.offset] + new

    def given(self, path: Path) -> Mirrored:
        return Mirrored("nowhere", INPUTS, NAME, self.partitions, path, lambda name, note: {name: note})


class BrokenError(KafkaError):
    """Where the test lets it end."""


class Reader:
    """A consumer of those topics. `seed`: in which pieces, and of which topic first; `steps`: after so many calls it breaks."""

    def __init__(self, world: Deployment, seed: int, steps: int = 1 << 60) -> None:
        self.world, self.dice, self.steps = world, random.Random(seed), steps
        self._at: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()

    def _step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise BrokenError

    def assign(self, places: list[TopicPartition]) -> None:
        self._at = dict.fromkeys(places, 0)

    def seek(self, place: TopicPartition, offset: int) -> None:
        self._at[place] = offset

    def paused(self) -> set[TopicPartition]:
        return set(self._paused)

    def pause(self, *places: TopicPartition) -> None:
        self._paused |= set(places)

    def resume(self, *places: TopicPartition) -> None:
        self._paused -= set(places)

    async def position(self, place: TopicPartition) -> int:
        self._step()
        return self._at[place]

    async def end_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        self._step()
        return {place: self.world.ends[place] for place in places}

    async def beginning_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        self._step()
        return {place: next((one.offset for one in self.world.topics[place]), self.world.ends[place]) for place in places}

    async def getmany(self, *only: TopicPartition, timeout_ms: int, max_records: int = 0) -> dict[TopicPartition, list[Told]]:
        del timeout_ms
        self._step()
        found = {}
        for place in only or list(self._at):
            if place in self._paused or (not only and self.dice.random() < 0.3):  # its answer comes later
                continue
            log = self.world.topics[place]
            first = bisect_left(log, self._at[place], key=lambda one: one.offset)
            some = log[first : first + (max_records or self.dice.randrange(1, 400))]
            over = first + len(some) == len(log)
            self._at[place] = self.world.ends[place] if over else some[-1].offset + 1
            if some:
                found[place] = some
        return found


class Admin:
    """Nobody knows the group."""

    async def describe_consumer_groups(self, groups: list[str]) -> list[Any]:
        raise BrokenError(str(groups))
