"""A partition of the distributed store as a state file, for the commands that read one: its state, and rows of its journal.

It costs one reading of the partition's changelog and journal; the rows that nobody asked for are passed over undecoded.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiokafka import TopicPartition

from orchestrator.partition.engine import home_of
from orchestrator.partition.partition import PARTITION_KEY
from orchestrator.partition.ports import Changes, JournalRow
from orchestrator.stores.kafka.cache import Cache
from orchestrator.stores.kafka.limits import RESTORE_ENTRIES
from orchestrator.stores.kafka.records import key_of, read_journal
from orchestrator.stores.kafka.restore import reading, restore
from orchestrator.stores.kafka.topics import Topics, count_partitions
from orchestrator.stores.reader import open_reader

_WAIT_MS = 200
_NUMBER = 0
"""Of the one partition in each file."""


@dataclass(slots=True)
class Copies:
    """The files that were asked for so far. Each stands at what was committed when it was made."""

    brokers: str
    topics: Topics
    partitions: int
    folder: Path

    def state(self, number: int) -> Path:
        """A partition's state, without its journal."""
        path = self.folder / f"{number}.sqlite"
        if not path.exists():
            cache = Cache(path, _NUMBER)
            asyncio.run(restore(self.brokers, TopicPartition(self.topics.changelog, number), cache))
            cache.close()
        return path

    def whole(self, number: int) -> Path:
        """The same with all of its journal."""
        return self._with_journal(number, None)

    def orders(self, number: int) -> Path:
        """A file with what concerns that whole partition alone: the orders of operators that it has met by now."""
        path = self.folder / f"orders-{number}.sqlite"
        cache = Cache(path, _NUMBER)
        asyncio.run(_copy(self.brokers, TopicPartition(self.topics.journal, number), cache, {key_of(PARTITION_KEY)}))
        cache.close()
        return path

    def customer(self, profile: str) -> tuple[Path, str]:
        """A file that knows this customer, and the id by which it does; another's redirect is followed to its home."""
        for raw in (f"u:{profile}", f"a:{profile}"):
            number = home_of(raw, self.partitions)
            with open_reader(self.state(number)) as reader:
                key, known = reader.key_of(raw), reader.redirect(raw)
            if key is None and known is not None:
                profile, number = known[2:], home_of(known, self.partitions)
                with open_reader(self.state(number)) as reader:
                    key = reader.key_of(known)
            if key is not None:
                return self._with_journal(number, {key_of(key), key_of(PARTITION_KEY)}), profile
        return self.state(home_of(f"u:{profile}", self.partitions)), profile

    def _with_journal(self, number: int, keys: Container[bytes] | None) -> Path:
        path = self.state(number)
        cache = Cache(path, _NUMBER)
        asyncio.run(_copy(self.brokers, TopicPartition(self.topics.journal, number), cache, keys))
        cache.close()
        return path


@contextmanager
def copies(brokers: str, topic: str, name: str) -> Iterator[Copies]:
    """Files that are gone when this ends. StoreError where there is no such topic."""
    with tempfile.TemporaryDirectory(prefix="orchestrator-") as folder:
        yield Copies(brokers, Topics.of(name), asyncio.run(count_partitions(brokers, topic)), Path(folder))


async def _copy(brokers: str, journal: TopicPartition, cache: Cache, keys: Container[bytes] | None) -> None:
    """Put the rows of these profiles into the file; of all where `keys` is None."""
    async with reading(brokers) as reader:
        reader.assign([journal])
        end = (await reader.end_offsets([journal]))[journal]
        reader.seek(journal, (await reader.beginning_offsets([journal]))[journal])
        rows: list[JournalRow] = []
        while await reader.position(journal) < end:
            found = (await reader.getmany(journal, timeout_ms=_WAIT_MS)).get(journal, ())
            rows += [read_journal(one.value) for one in found if keys is None or one.key in keys]
            if len(rows) >= RESTORE_ENTRIES:
                _put(cache, rows)
                rows = []
        _put(cache, rows)


def _put(cache: Cache, rows: list[JournalRow]) -> None:
    store = cache.file.partition(_NUMBER)
    cache.file.commit([Changes(_NUMBER, store.clock(), journal=rows)])
