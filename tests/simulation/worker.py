"""A worker's process in the simulation: the shell of one live engine, which dies wherever the world wants it to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from orchestrator.delivery.governor import Governor
from orchestrator.domain.input import Control, EndRuns, Event, Outcome, Receipt
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.program import Program
from orchestrator.domain.suppression import Word
from orchestrator.partition.addresses import AddressList
from orchestrator.partition.engine import Engine
from orchestrator.partition.live import Answered, Arrival, Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.stores.memory import MemoryFile
from tests.simulation.disk import Disk, SimStore
from tests.simulation.recipients import KEY
from tests.simulation.violation import require


@dataclass(slots=True)
class Knobs:
    """How this world's worker works."""

    partitions: int
    batch: int
    """Arrivals it takes in one turn."""
    lives: int
    """Starts after which the engine is a newer one: then its program goes live anew."""
    pace: int = 0
    """Milliseconds between two turns in which it only takes everyone through."""


@dataclass(slots=True)
class Worker:
    """One life. `accept` and `send` are the world's: acknowledgements and hand-overs."""

    life: int
    file: MemoryFile
    disk: Disk
    program: Program
    governor: Governor
    knobs: Knobs
    accept: Callable[[int, bool], None]
    send: Callable[[Outgoing], None]
    queue: deque[Arrival] = field(default_factory=deque)
    answers: list[Answered] = field(default_factory=list)
    commands: list[tuple[Control | EndRuns, Callable[[], None]]] = field(default_factory=list)
    """What operators want, and how they hear that it is durable."""
    words: list[tuple[Word, Callable[[], None]]] = field(default_factory=list)
    """What recipients say of their addresses, and how it is known that it is durable."""
    live: Live = field(init=False)

    def __post_init__(self) -> None:
        stores = [SimStore(self.file, number, self.disk) for number in range(self.knobs.partitions)]
        outbox = Outbox()
        around = Surroundings(self.program, self.governor, outbox, addresses=AddressList(KEY, stores[0].listed))
        around.providers = {"email": "postman"}
        engine = Engine(stores, around)
        self.live = Live(engine, outbox, self.governor)
        standing = self.live.standing.followed_by(self.program, f"engine {self.life // self.knobs.lives}", engine.clock)
        self.live.go_live(self.program, standing, lambda: b"")

    def deliver(self, token: int, event: Event) -> None:
        self.queue.append(Arrival(token, event))

    def answer(self, key: int, outcome: Outcome | Receipt) -> None:
        self.answers.append(Answered(key, outcome))

    def turn(self, wall: int) -> None:
        """One turn of the loop and what follows it, as `serve` does it."""
        self.live.engine.around.wall = wall
        arrivals = [self.queue.popleft() for _ in range(min(len(self.queue), self.knobs.batch))]
        answers, self.answers = self.answers, []
        told, caught_up = self._commands(wall, idle=not arrivals and not self.queue), not self.queue
        words, self.words = self.words, []
        turn = self.live.turn(arrivals, answers, wall, caught_up=caught_up, words=[word for word, _ in words])
        self.queue.extendleft(reversed(arrivals[turn.taken :]))
        self.answers = self.answers if turn.answered else answers + self.answers
        for tell in (*told, *(tell for _, tell in words)):
            tell()
        for token, duplicate in turn.accepted:
            self.accept(token, duplicate)
        for out in turn.outgoing:
            self.send(out)
        self._waits_for_the_earliest()

    def _commands(self, wall: int, *, idle: bool) -> list[Callable[[], None]]:
        """Switches at once; ends of runs, which move the clock, when nothing waits."""
        now = [(given, tell) for given, tell in self.commands if idle or isinstance(given, Control)]
        self.commands = [one for one in self.commands if one not in now]
        for given, _ in now:
            if isinstance(given, Control):
                self.live.control(given)
            else:
                for key in sorted(self.file.profiles)[:2]:
                    self.live.engine.give(key, given, max(self.live.engine.clock, wall))
        return [tell for _, tell in now]

    def _waits_for_the_earliest(self) -> None:
        stored = min((rows[0][0] for rows in self.file.due.values() if rows), default=None)
        timer = self.live.engine._earliest()
        due = None if timer is None else timer[0][0]
        require(due == stored, "I9", "the loop waits for", due, "but the store's is", stored)

    def wants_turn_at(self, wall: int) -> int | None:
        """When there is work: at once, or at the next timer."""
        if self.queue or self.answers or self.commands or self.words:
            return wall
        due = self.live.next_due()
        wanted = [due] if due is not None else []
        wanted += [wall + self.knobs.pace] if self.live.busy else []
        return max(wall, min(wanted)) if wanted else None
