"""One partition of the inputs while this worker owns it: opened, turned batch by batch, let go.

inputs ─▶ Live.turn ─▶ one transaction (state, journal, position, what is passed on, offset) ─▶ cache ─▶ hand over
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any, Protocol

from aiokafka import TopicPartition

from orchestrator.domain.identity import about_a_thing
from orchestrator.domain.input import Activation, Control, Event, Outcome
from orchestrator.domain.outgoing import Outgoing
from orchestrator.errors import RejectedEvent
from orchestrator.metrics import DEAD_LETTERS, FENCED, INPUTS, OPENED_AGAIN, REJECTED, RESTORED, Counts, Reading
from orchestrator.partition.engine import home_of
from orchestrator.partition.host import NoLeave
from orchestrator.partition.identities import Passed
from orchestrator.partition.live import Answered, Arrival, Live
from orchestrator.stores.doubts import doubts_read
from orchestrator.stores.kafka.cache import Cache
from orchestrator.stores.kafka.inputs import brought, commanded, entry, is_command, rejected, told, was_read
from orchestrator.stores.kafka.limits import ALARMS_TOLD_MS, PATIENCE_MS, REST_MS
from orchestrator.stores.kafka.restore import beginning, restore
from orchestrator.stores.kafka.store import KafkaStore, Keeper
from orchestrator.stores.kafka.topics import Topics
from orchestrator.stores.kafka.writer import Batch, Writer, timed

TALLIES = b"tallies"
TOLD = "alarms told"
"""The name under which a partition's state notes when it told them."""
Tell = Callable[[int, Outcome], Awaitable[None]]
_Came = tuple[Any, Arrival | Passed | RejectedEvent | None]
"""(record, what it holds; None: a command that is obeyed)"""


class Work(Protocol):
    """One partition's engine, and what belongs to the program that is live in it."""

    live: Live

    def read(self, record: bytes, received_at: int, where: str) -> Event:
        """An event as others write it; `where` tells it from others. Raises RejectedEvent."""
        ...

    def lacks(self, program: str) -> bool:
        """Whether that program cannot go live here yet; then it is looked for."""
        ...

    def activate(self, program: str, now: int, by: str) -> None:
        """Let a program that is not lacking go live, as somebody wants."""
        ...

    async def dispatch(self, messages: Sequence[Outgoing]) -> None:
        """Hand messages over, and tell what becomes of each."""
        ...

    async def finish(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Surrounded:
    """What the store cannot know: how an engine is made, how an input is read, where messages go."""

    open: Callable[[KafkaStore, int, int, Tell], Awaitable[Work]]
    """(store, number of the partition, how many there are, who hears of attempts) → its engine, live."""
    close: Callable[[], Awaitable[None]]
    """Called once nothing more leaves."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker works."""

    brokers: str
    topic: str
    group: str
    topics: Topics
    folder: Path
    partitions: int
    counts: Counts = field(default_factory=lambda: Counts(FENCED, OPENED_AGAIN))


@dataclass(slots=True)
class Owner:
    """Works on one partition. `busy` is held by whoever changes it."""

    place: Place
    number: int
    surrounded: Surrounded
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    next: int = 0
    """The first input that is not decided yet."""
    _answers: deque[Answered] = field(default_factory=deque)
    _dead: int = 0
    _work: Work = field(init=False)
    _keeper: Keeper = field(init=False)
    _writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        place = self.place
        self._writer = Writer(place.brokers, f"{place.group}-{place.topic}-{self.number}", place.group)

    async def open(self) -> None:
        """Fence the owner before, take over what it has committed, go live."""
        place = self.place
        await self._writer.open()
        self._keeper = Keeper(Cache(place.folder / f"{place.topic}-{self.number}.sqlite", 0), place.topics, self.number)
        position = await restore(place.brokers, self._keeper.changelog, self._keeper.cache, self._restored)
        source = TopicPartition(place.topic, self.number)
        self.next = await beginning(place.brokers, source) if position is None else position.offset
        self._work = await self.surrounded.open(self._keeper.store(), self.number, place.partitions, self._answered)
        await self._commit(Batch())

    async def turn(self, records: Sequence[Any], wall: int, *, caught_up: bool) -> None:
        """Decide these inputs, fire what is due by `wall` where nothing else waits, commit, and hand over.

        A command is taken alone, and not before its program is here: what is not taken is given again.
        """
        batch, came = Batch(), self._came(records, wall)
        arrivals = [one for _, one in came if isinstance(one, Arrival | Passed)]
        self._tell_tallies(batch, wall)
        began = time.time_ns()
        answers = [self._answers.popleft() for _ in range(len(self._answers))]
        turn = self._work.live.turn(arrivals, answers, wall, caught_up=caught_up and len(came) == len(records))
        if not turn.answered:
            self._answers.extendleft(reversed(answers))
        taken = self._take(batch, came, turn.taken)
        await self._commit(batch)
        if self._work.live.traces is not None:
            self._work.live.traces.tell(began, time.time_ns())
        self._count(taken)
        await self._work.dispatch(turn.outgoing)

    def _came(self, records: Sequence[Any], wall: int) -> list[_Came]:
        """What may be taken of these, in order; a command is obeyed here, unless a crowd of timers comes first."""
        found: list[_Came] = []
        for record in self._next(records):
            try:
                if not is_command(record.value):
                    found.append((record, self._read(record)))
                elif self._obey(commanded(record.value), record.timestamp, wall):
                    found.append((record, None))
            except RejectedEvent as rejection:
                found.append((record, rejection))
        return found

    def _take(self, batch: Batch, came: Sequence[_Came], most: int) -> int:
        """Go on behind the last that was decided, after so many arrivals, with what follows from each; gives how many."""
        for number, (record, one) in enumerate(came):
            if isinstance(one, Arrival | Passed):
                if not most:
                    return number
                most -= 1
            if isinstance(one, RejectedEvent):
                batch.add(TopicPartition(self.place.topics.rejected, self.number), [rejected(record, one)])
                self.place.counts.add(REJECTED, 1, str(self.number))
            elif isinstance(one, Arrival) and about_a_thing(one.event) and not was_read(record.value):
                self._tell_all(batch, one.event)
            self.next = record.offset + 1
        return len(came)

    def _next(self, records: Sequence[Any]) -> Sequence[Any]:
        """Records up to the next command; that one alone, once its program is here."""
        taken = list(takewhile(lambda record: not is_command(record.value), records))
        return taken or ([] if not records or self._lacks(records[0].value) else records[:1])

    def _lacks(self, value: bytes) -> bool:
        try:
            given = commanded(value)
        except RejectedEvent:
            return False
        return isinstance(given, Activation) and self._work.lacks(given.program)

    def _obey(self, given: Activation | Control, at: int, wall: int) -> bool:
        """False where it is to be given again."""
        now = self._work.live.reach(at, wall)
        if now is None:
            return False
        if isinstance(given, Control):
            self._work.live.control(given)
        else:
            self._work.activate(given.program, now, given.actor)
        return True

    async def finish(self, wall: int, within_s: float) -> None:
        """Give no more leave; wait so long for attempts under way, and make durable what became of them."""
        self._work.live.engine.around.permits = NoLeave()
        try:
            async with asyncio.timeout(within_s):
                await self._work.finish()
        except TimeoutError:
            pass
        if self._answers:
            await self.turn((), wall, caught_up=False)

    async def close(self) -> None:
        """Let go, of the file too where this is cancelled: whoever owns the partition next in this process needs it."""
        try:
            await self._writer.close()
        finally:
            self.place.counts.drop(RESTORED, str(self.number))
            keeper = getattr(self, "_keeper", None)
            if keeper is not None:
                keeper.cache.close()

    def late_ms(self, wall: int) -> int:
        """How late the earliest timer is; 0 where none is due."""
        due = self._work.live.next_due()
        return 0 if due is None else max(0, wall - due)

    def stands(self) -> Sequence[Reading]:
        """What is in doubt here."""
        return doubts_read(self._keeper.cache.file.doubtful(), self.number)

    def patience_ms(self, wall: int) -> int:
        """How long nothing but an input needs doing; never nothing at all, for others share the loop."""
        if self._answers or self._work.live.busy:
            return REST_MS
        due = self._work.live.next_due()
        return PATIENCE_MS if due is None else max(REST_MS, min(PATIENCE_MS, due - wall))

    async def _answered(self, key: int, outcome: Outcome) -> None:
        self._answers.append(Answered(key, outcome))

    def _read(self, record: Any) -> Arrival | Passed:
        if was_read(record.value):
            return brought(record.key, record.value)
        return Arrival(0, self._work.read(record.value, record.timestamp, f"{record.topic}/{record.partition}/{record.offset}"))

    def _tell_all(self, batch: Batch, event: Event) -> None:
        """What happens to nobody concerns the customers of every partition."""
        for number in range(self.place.partitions):
            if number != self.number:
                batch.add(TopicPartition(self.place.topic, number), [told(event)])

    def _tell_tallies(self, batch: Batch, wall: int) -> None:
        """What is counted for alarms, to whoever judges over all partitions: in a transaction, so no zombie is heard."""
        told = self._work.live.tallies.take_told(wall, ALARMS_TOLD_MS)
        if told is not None:
            batch.add(TopicPartition(self.place.topics.alarms, self.number), [(TALLIES, told)])
            self._work.live.engine.note_fact(TOLD, str(wall).encode())  # so that there is something to commit

    async def _commit(self, batch: Batch) -> None:
        """Everything of the turn in one transaction, then into the cache."""
        source = TopicPartition(self.place.topic, self.number)
        for passed in self._work.live.engine.take_passed():
            home = TopicPartition(self.place.topic, home_of(passed.to, self.place.partitions))
            batch.add(home, [entry(passed)])
        if self._keeper.fill(batch, self.next):
            batch.offsets[source] = self.next
            self._keeper.settle(await timed(self._writer, batch, self.place.counts, self.number))

    def _restored(self, ratio: float) -> None:
        self.place.counts.put(RESTORED, ratio, str(self.number))

    def _count(self, records: int) -> None:
        dead, self._dead = self._dead, self._work.live.engine.dead
        for metric, more in ((INPUTS, records), (DEAD_LETTERS, self._dead - dead), (REJECTED, 0)):
            self.place.counts.add(metric, more, str(self.number))
