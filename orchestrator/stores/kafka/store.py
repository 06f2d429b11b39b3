"""The store of one partition: reads its cache, and hands what it commits to whoever makes the transaction."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from orchestrator.partition.ports import Changes
from orchestrator.stores.kafka.cache import Cache, Place
from orchestrator.stores.kafka.records import POSITION, Position, changelog_of, encode_position, journal_of
from orchestrator.stores.kafka.topics import Topics
from orchestrator.stores.kafka.writer import Batch
from orchestrator.stores.sqlite import SqliteFile, SqliteStore


class KafkaStore(SqliteStore):
    """Reads its cache; what it is told to commit goes to `keep`, and into the cache only after the transaction."""

    def __init__(
        self, file: SqliteFile, number: int, keep: Callable[[list[Changes]], None], life: bytes = b"", before: bytes = b""
    ) -> None:
        super().__init__(file, number)
        self._keep = keep
        self.life, self.before = life, before
        """Names of this owner's life and of the one that committed last before it; empty where there is none."""

    def commit(self, changes: list[Changes]) -> None:
        self._keep(changes)


@dataclass(slots=True)
class Keeper:
    """Brings what a partition's store has staged into a transaction, and after it into the cache."""

    cache: Cache
    topics: Topics
    partition: int
    staged: list[Changes] = field(default_factory=list)
    _token: bytes = field(default_factory=lambda: os.urandom(8))
    _position: bytes = b""

    def store(self) -> KafkaStore:
        """What an engine of this one partition works on."""
        before = self.cache.position
        return KafkaStore(self.cache.file, 0, self.staged.extend, self._token, before.token if before is not None else b"")

    @property
    def changelog(self) -> TopicPartition:
        """Where the state is written."""
        return TopicPartition(self.topics.changelog, self.partition)

    def fill(self, batch: Batch, offset: int) -> bool:
        """Put what is staged into the batch, the position last; says whether there is anything."""
        before = self.cache.position or Position(b"", -1, 0, 0, 0)
        if not self.staged and offset == before.offset:
            return False
        for one in self.staged:
            batch.add(self.changelog, changelog_of(one))
            batch.add(TopicPartition(self.topics.journal, self.partition), journal_of(one))
        file = self.cache.file
        clock = max((one.clock for one in self.staged), default=before.clock)
        self._position = encode_position(Position(self._token, offset, clock, file.keys, file.seqs))
        batch.add(self.changelog, [(POSITION, self._position)])
        return True

    def settle(self, last: dict[TopicPartition, int]) -> None:
        """The transaction is committed: let the cache follow."""
        self.cache.put(self.staged, Place(last[self.changelog], self._position))
        self.staged.clear()
