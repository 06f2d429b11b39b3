"""One partition of a topic, and whoever works on it: what `stores.kafka` does, in virtual time and without a broker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from orchestrator.delivery.governor import Governor
from orchestrator.domain.identity import about_a_thing
from orchestrator.domain.input import Event, Outcome
from orchestrator.partition.engine import Engine
from orchestrator.partition.identities import Passed
from orchestrator.partition.live import Answered, Arrival, Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.partition.ports import Changes
from orchestrator.stores.kafka.inputs import brought, entry
from orchestrator.stores.memory import MemoryFile, MemoryStore
from tests.simulation.apart_checks import APART
from tests.simulation.disk import DiedError

if TYPE_CHECKING:
    from tests.simulation.apart import Apart

DEATHS = ("idle", "decided", "committed", "handing", "handed")


class FencedError(Exception):
    """The partition is another's: what was decided is not, and its worker opens nothing any more."""


@dataclass(slots=True)
class Topic:
    """One partition as the broker has it: its inputs, its state, how far it has come, and how often it was opened."""

    number: int
    log: list[Arrival | Passed] = field(default_factory=list)
    file: MemoryFile = field(default_factory=MemoryFile)
    next: int = 0
    epoch: int = 0
    counted: tuple[int, int] = (0, 0)
    """The highest key and journal row that are committed."""

    def __post_init__(self) -> None:
        self.counted = (self.number * APART, self.number * APART)

    def take_event(self, event: Event, now: int) -> None:
        self.log.append(Arrival(0, msgspec.structs.replace(event, received_at=now)))

    def take_record(self, passed: Passed) -> None:
        """As it comes off the wire."""
        self.log.append(brought(*entry(passed)))

    def opened(self) -> MemoryFile:
        """What a new owner reads: only what is committed."""
        self.epoch += 1
        self.file.keys, self.file.seqs = self.counted
        return self.file


@dataclass(frozen=True, slots=True)
class StagedStore(MemoryStore):
    """Reads what is committed; what it is told to commit waits for the transaction."""

    staged: list[Changes]

    def commit(self, changes: list[Changes]) -> None:
        self.staged.extend(changes)


class Owner:
    """One life of one partition's engine. `doom`: where it dies in this turn."""

    def __init__(self, world: Apart, topic: Topic) -> None:
        self.world, self.topic = world, topic
        self.file, self.staged, self.doom, self.alive = topic.opened(), list[Changes](), "", True
        self.epoch = topic.epoch
        self.answers: list[Answered] = []
        outbox = Outbox()
        store = StagedStore(self.file, 0, self.staged)
        around = Surroundings(world.program, Governor(rates={"email": 100}), outbox)
        engine = Engine([store], around, elsewhere=lambda raw: world.home(raw) != topic.number)
        self.live = Live(engine, outbox)
        standing = self.live.standing.followed_by(world.program, "engine", engine.clock)
        self.live.go_live(world.program, standing, lambda: b"")
        self._commit(topic.next, [])

    def turn(self, wall: int) -> None:
        """Take what is next, decide, commit with what is passed on, hand over."""
        if not self.alive:
            return
        self._dies("idle")
        records = self.topic.log[self.topic.next : self.topic.next + self.world.batch]
        answers, self.answers = self.answers, []
        turn = self.live.turn(records, answers, wall, caught_up=self.topic.next + len(records) == len(self.topic.log))
        taken = records[: turn.taken]
        if not turn.answered:
            answers, self.answers = [], answers
        self._dies("decided")
        things = [one.event for one in taken if isinstance(one, Arrival) and self._is_news(one.event)]
        self._commit(self.topic.next + len(taken), things)
        self.world.checks.heard(self.topic.number, answers)
        self._dies("committed")
        for out in turn.outgoing:
            self.world.post.send(self, out)
        self._dies("handed")

    def _is_news(self, event: Event) -> bool:
        """An event about a thing that no other partition has told of."""
        return about_a_thing(event) and self.topic.number == self.world.storm.things[event.message_id]

    def _dies(self, where: str) -> None:
        if self.doom == where or (self.doom == "handing" and where == "handed"):
            self.doom = ""
            raise DiedError

    def _commit(self, upto: int, things: Sequence[Event]) -> None:
        """One transaction: state, position, and what goes to other partitions."""
        topic, world = self.topic, self.world
        if self.epoch != topic.epoch:
            self.alive = False
            self.staged.clear()
            raise FencedError
        staged, passed = list(self.staged), self.live.engine.take_passed()
        self.staged.clear()
        world.checks.durable(topic.number, staged, passed, topic.file)
        MemoryStore(topic.file, 0).commit(staged)
        topic.next, topic.counted = upto, (topic.file.keys, topic.file.seqs)
        for one in passed:
            self._pass_on(world.home(one.to), one)
        for event in things:
            for number in range(world.partitions):
                if number != topic.number:
                    self._pass_on(number, Passed(event.message_id, event, event.received_at))

    def _pass_on(self, target: int, passed: Passed) -> None:
        self.world.lines[self.topic.number, target].records.append(passed)
        self.world.carry(self.topic.number, target)

    def answer(self, key: int, outcome: Outcome) -> None:
        """What became of an attempt of this life."""
        if self.alive:
            self.answers.append(Answered(key, outcome))
            self.world.wake(self.topic.number, self.world.now + self.world.rng.randrange(50))

    def wants_turn_at(self, wall: int) -> int | None:
        """When there is work: at once, or at the next timer."""
        if self.topic.next < len(self.topic.log) or self.answers or self.live.busy:
            return wall + 5
        due = self.live.next_due()
        return None if due is None else max(wall, due)
