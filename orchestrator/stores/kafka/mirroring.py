"""A mirror of what workers keep in Kafka: reads their topics, all partitions, into one state file; never writes to a topic.

    changelogs, journals ─▶ gathered into whole transactions ─▶ one commit: what they say, and how far each topic is read

What a commit did not finish was not done. Where the topics are not those that the file was made of, it is made anew.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from orchestrator.domain.suppression import decode_listed
from orchestrator.errors import StoreError
from orchestrator.partition.engine import home_of
from orchestrator.partition.ports import Changes
from orchestrator.stores.kafka.addresses import MARK
from orchestrator.stores.kafka.gathering import Gathered, Taken, print_of
from orchestrator.stores.kafka.limits import LOOK_BACK, MIRROR_FETCH_BYTES, MIRROR_LOOK_S, MIRROR_WAITING, PATIENCE_MS
from orchestrator.stores.kafka.mirrored import mirrored
from orchestrator.stores.kafka.owners import owners
from orchestrator.stores.kafka.records import read_journal
from orchestrator.stores.kafka.rejects import reject_of
from orchestrator.stores.kafka.restore import count_records, reading
from orchestrator.stores.kafka.topics import DeploymentTopics, Topics, asking
from orchestrator.stores.mirror import MirrorFile, Until, Works, forget
from orchestrator.stores.rejects import keep_rejects

CHANGELOG, JOURNAL, REJECTED, ADDRESSES, ACCOUNTS = "changelog", "journal", "rejected", "addresses", "accounts"
"""What is read, by the names under which the file notes how far."""
_log = logging.getLogger(__name__)
Records = Mapping[TopicPartition, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Mirrored:
    """Workers, and the file that shows what they do."""

    brokers: str
    topic: str
    name: str
    partitions: int
    path: Path
    noted: Callable[[str, bytes], dict[str, bytes]]
    """What a note of the governor is as facts of a state file."""

    def places(self) -> dict[TopicPartition, tuple[str, int]]:
        """What is read: (source, number) by topic and partition."""
        topics, shared = Topics.of(self.name), DeploymentTopics.of(self.name)
        own = {CHANGELOG: topics.changelog, JOURNAL: topics.journal, REJECTED: topics.rejected}
        every = {TopicPartition(at, number): (kind, number) for kind, at in own.items() for number in range(self.partitions)}
        return every | {TopicPartition(shared.addresses, 0): (ADDRESSES, 0), TopicPartition(shared.accounts, 0): (ACCOUNTS, 0)}


async def follow(given: Mirrored, stop: Callable[[], bool]) -> None:
    """Mirror until `stop` says so. StoreError where the brokers fail: begin again, it goes on where it was."""
    try:
        await _follow(given, stop)
    except KafkaError as error:
        message = f"{given.brokers}: what workers keep there cannot be read: {error!r}"
        raise StoreError(message) from error


async def _follow(given: Mirrored, stop: Callable[[], bool]) -> None:
    async with asking(given.brokers) as admin, reading(given.brokers, MIRROR_FETCH_BYTES) as reader:
        reader.assign(list(given.places()))
        file = await _opened(given, reader)
        try:
            mirror = Mirror(given, reader, admin, file)
            await mirror.begin()
            while not stop():
                await mirror.turn()
        finally:
            file.close()


async def _opened(given: Mirrored, reader: AIOKafkaConsumer) -> MirrorFile:
    """The file as it was left, where it is of these topics; else a new one."""
    try:
        file = MirrorFile(given.path, given.partitions)
    except StoreError as error:
        _log.warning("the mirror is made anew: %s", error)
    else:
        if await _is_of(file, given, reader):
            return file
        _log.warning("the mirror is made anew: the topics are not those that it was made of")
        file.close()
    forget(given.path)
    return MirrorFile(given.path, given.partitions)


async def _is_of(file: MirrorFile, given: Mirrored, reader: AIOKafkaConsumer) -> bool:
    """Whether every topic goes on behind what was read, and the last row of each journal is the one that was read."""
    places = {source: place for place, source in given.places().items()}
    every = file.until()
    ends = await reader.end_offsets([places[one.source, one.number] for one in every])
    for one in every:
        place = places[one.source, one.number]
        if ends[place] < one.next or (one.print and not await _stands(reader, place, one)):
            return False
    return True


async def _stands(reader: AIOKafkaConsumer, place: TopicPartition, until: Until) -> bool:
    first = (await reader.beginning_offsets([place]))[place]
    if first >= until.next:
        return False
    reader.seek(place, until.next - 1)
    while await reader.position(place) < until.next:
        for record in (await reader.getmany(place, timeout_ms=PATIENCE_MS, max_records=1)).get(place, ()):
            return bool(record.offset == until.next - 1 and print_of(read_journal(record.value)) == until.print)
    return False


@dataclass(slots=True)
class Mirror:
    """One life of it."""

    given: Mirrored
    reader: AIOKafkaConsumer
    admin: AIOKafkaAdminClient
    file: MirrorFile
    _places: dict[TopicPartition, tuple[str, int]] = field(init=False)
    _at: dict[tuple[str, int], TopicPartition] = field(init=False)
    _gathered: list[Gathered] = field(init=False)
    _ends: dict[TopicPartition, int] = field(default_factory=dict)
    """Of topics of partitions that are filling: where that is over."""
    _released: set[str] = field(init=False)
    """Raw ids that were let go of, and that nobody has taken in."""
    _decided: dict[int, int] = field(default_factory=dict)
    _left_of: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    """partition → (its first input that is not decided, the end of its inputs, how many of these are left)"""
    _looked: float = 0.0

    def __post_init__(self) -> None:
        self._places = self.given.places()
        self._at = {source: place for place, source in self._places.items()}
        self._released = self.file.released()
        self._decided = {one.number: one.decided for one in self.file.workers()}
        self._gathered = [Gathered(number, self.file.rows_of(number)) for number in range(self.given.partitions)]

    async def begin(self) -> None:
        """Go to where the file stands."""
        known = {(one.source, one.number): one.next for one in self.file.until()}
        first = await self.reader.beginning_offsets(list(self._places))
        for place, source in self._places.items():
            self.reader.seek(place, max(known.get(source, 0), first[place]))
        for number in range(self.given.partitions):
            await self._fill(number)

    async def turn(self) -> None:
        """Read what there is, and mirror what is whole."""
        found: Records = await self.reader.getmany(timeout_ms=PATIENCE_MS)
        changes, until = self._gather(found)
        released, adopted = set[str](), set[str]()
        for gathered in self._gathered:
            if not found:
                await self._look_for_rows(gathered)
            gathered.free(self._released)
            one = gathered.take()
            self._released |= one.released
            released, adopted = released | one.released, adopted | one.adopted
            if not one.empty:
                changes.append(self._mirrored(gathered.number, one))
                until += _until(gathered.number, one)
            await self._pace(gathered)
        if until:
            self.file.put(changes, until, released, adopted)
            self._released -= adopted
        if time.monotonic() - self._looked >= MIRROR_LOOK_S:
            self._looked = time.monotonic()
            await self._look()

    def _gather(self, found: Records) -> tuple[list[Changes], list[Until]]:
        """Put records with those of their partition; what all partitions share is taken as it comes."""
        shared, until = Changes(0), list[Until]()
        for place, records in found.items():
            kind, number = self._places[place]
            if kind == CHANGELOG:
                for record in records:
                    self._gathered[number].changed(record.offset, record.key, record.value)
            elif kind == JOURNAL:
                for record in records:
                    self._gathered[number].decided(record.offset, record.value)
            else:
                if kind == REJECTED:
                    self._keep_rejects(records)
                else:
                    self._take_shared(shared, kind, records)
                until.append(Until(kind, number, records[-1].offset + 1))
        shared.clock = self.file.clock(0)
        return [shared] if until else [], until

    def _keep_rejects(self, records: Sequence[Any]) -> None:
        """They stand beside the file, and twice where this life ends before it has noted that; nothing hangs on them."""
        found = [told for record in records if (told := reject_of(record)) is not None]
        if found:
            with suppress(sqlite3.Error):
                keep_rejects(self.given.path, found)

    def _take_shared(self, shared: Changes, kind: str, records: Sequence[Any]) -> None:
        for record in records:
            if kind == ACCOUNTS:
                shared.facts |= self.given.noted(record.key.decode(), record.value)
            elif record.key != MARK and record.value:
                entry = decode_listed(record.value)
                shared.listed[entry.name] = entry

    def _mirrored(self, number: int, one: Taken) -> Changes:
        position = one.position
        if position is not None:
            self._decided[number] = position.offset
        clock = self.file.clock(number) if position is None else position.clock
        return mirrored(self.file.spread, number, one.entries, one.rows, clock)

    async def _fill(self, number: int) -> None:
        """Take everything as it comes until both topics as they are now were read."""
        self._gathered[number].filling = True
        self._ends |= await self.reader.end_offsets([self._at[CHANGELOG, number], self._at[JOURNAL, number]])

    async def _pace(self, gathered: Gathered) -> None:
        """Neither topic of a partition is read far ahead of the other."""
        number = gathered.number
        changelog, journal = self._at[CHANGELOG, number], self._at[JOURNAL, number]
        if gathered.filling:
            places = changelog, journal
            gathered.filling = any([await self.reader.position(place) < self._ends[place] for place in places])
        elif gathered.waiting > MIRROR_WAITING and not gathered.incomplete:
            await self._fill(number)
        ahead = {changelog} if gathered.incomplete else set[TopicPartition]()
        if not ahead and gathered.waiting > MIRROR_WAITING // 2:
            ahead = {journal}
        paused = self.reader.paused()
        self.reader.pause(*(ahead - paused))
        self.reader.resume(*((paused & {changelog, journal}) - ahead))

    async def _look_for_rows(self, gathered: Gathered) -> None:
        """Whether the rows that it waits for are there at all: a journal keeps what it is told to keep."""
        if gathered.incomplete and await self._is_read(gathered.number):
            gathered.absent()
        raw = gathered.awaits
        if raw is not None and raw not in self._released:
            home = home_of(raw, self.given.partitions)
            if await self._is_read(home) and not self._gathered[home].releases(raw):
                gathered.free({raw})

    async def _is_read(self, number: int) -> bool:
        """Whether a journal is read to its end."""
        journal = self._at[JOURNAL, number]
        return bool(await self.reader.position(journal) >= (await self.reader.end_offsets([journal]))[journal])

    async def _look(self) -> None:
        """How the partitions stand, for whoever asks."""
        numbers = range(self.given.partitions)
        inputs = await self.reader.end_offsets([TopicPartition(self.given.topic, number) for number in numbers])
        ends = await self.reader.end_offsets([self._at[CHANGELOG, number] for number in numbers])
        whose = await owners(self.admin, self.given.name, self.given.topic)
        every = []
        for number in numbers:
            changelog = self._at[CHANGELOG, number]
            unread = max(0, ends[changelog] - await self.reader.position(changelog))
            left = await self._left(number, inputs[TopicPartition(self.given.topic, number)])
            every.append(Works(number, self._decided.get(number, 0), left, unread, whose.get(number, "")))
        self.file.tell_workers(every)

    async def _left(self, number: int, end: int) -> int:
        """Inputs that are not decided. Few offsets may be but marks of transactions: they are looked at, once."""
        decided = self._decided.get(number, 0)
        known = self._left_of.get(number)
        if known is None or known[:2] != (decided, end):
            left = max(0, end - decided)
            if 0 < left <= LOOK_BACK and decided:
                left = await count_records(self.given.brokers, TopicPartition(self.given.topic, number), decided, end)
            self._left_of[number] = decided, end, left
        return self._left_of[number][2]


def _until(number: int, one: Taken) -> Iterable[Until]:
    if one.changelog is not None:
        yield Until(CHANGELOG, number, one.changelog)
    if one.journal is not None:
        yield Until(JOURNAL, number, one.journal, one.print)
