"""Kafka as a store: the same decisions as in memory, read back from the broker; nothing else is ever seen."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from aiokafka import TopicPartition

from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import Profile, seal
from orchestrator.errors import StoreError
from orchestrator.insight.replay import Replayed, replay
from orchestrator.intake.files import Accepted, opened
from orchestrator.partition.ports import Changes, Record, Store, Stored
from orchestrator.stores.kafka.cache import Cache
from orchestrator.stores.kafka.rehearsing import rehearse
from orchestrator.stores.kafka.restore import restore
from orchestrator.stores.kafka.store import Keeper
from orchestrator.stores.kafka.topics import Topics, asking, make_topics
from orchestrator.stores.kafka.writer import Batch, Writer
from orchestrator.stores.memory import MemoryFile
from tests.simulation.emitters import sendings
from tests.simulation.programs import PROGRAMS

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "orchestrator/insight/sample/cdnow_sample.jsonl.gz"
LINES = 400


def replayed(stores: Sequence[Store], every_profile: Callable[[], Iterable[tuple[int, Stored]]], seed: int) -> Replayed:
    """A made-up crowd: ids that turn out to be one person's, events for friends, poison."""
    sent = sorted(sendings(Random(seed), LINES), key=lambda one: one.at)
    lines = [Accepted(one.at, "made", number, one.event) for number, one in enumerate(sent)]
    return replay(PROGRAMS[0], lines, stores, every_profile=every_profile)


@pytest.mark.parametrize(("seed", "partitions"), [(1, 1), (2, 3)])
def test_a_replay_decides_as_in_memory_and_the_broker_holds_all_of_it(
    brokers: str, tmp_path: Path, seed: int, partitions: int
) -> None:
    memory = MemoryFile(keep_journal=False)
    expected = replayed([memory.partition(0)], memory.every_profile, seed)
    with rehearse(brokers, partitions, tmp_path) as on:
        found = replayed(on.stores(), on.every_profile, seed)
    assert found.summary() == expected.summary()
    assert found.profiles > 1


async def opened_writer(brokers: str, transactional_id: str) -> Writer:
    writer = Writer(brokers, transactional_id)
    await writer.open()
    return writer


def test_all_that_was_committed_is_readable_before_it_is_read_back(brokers: str, tmp_path: Path) -> None:
    """A broker may answer a commit before it is to be seen: only a next writer knows that all of them are."""
    with rehearse(brokers, 1, tmp_path) as on:
        between = on.background.run(opened_writer(brokers, on.name))
        list(on.every_profile())
        late = Batch({TopicPartition(on.topics.journal, 0): [(b"k", b"v")]})
        with pytest.raises(StoreError, match="Fenced"):
            on.background.run(between.commit(late))
        on.background.run(between.close())


def test_the_command_gives_the_digest_of_memory(brokers: str, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    with opened(str(SAMPLE)) as lines:
        events.write_bytes(b"".join(islice(lines, LINES)))
    workspace = ROOT / "rules/library"

    def summary(*options: str) -> dict[str, object]:
        command = [sys.executable, "-m", "orchestrator", "replay", str(workspace), "--events", str(events), *options]
        ran = subprocess.run([*command, "--format", "json"], check=True, capture_output=True)
        told: dict[str, object] = json.loads(ran.stdout)
        return told

    assert summary("--store", "kafka", "--partitions", "4", "--brokers", brokers) == summary()


def test_nobody_at_that_address_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no broker answers there"), rehearse("127.0.0.1:1", 1, tmp_path):
        pass


# ── one partition, its owners and its cache ─────────────────────────────────────────────────────────────────────────


class Owning:
    """One life of a partition's owner."""

    def __init__(self, brokers: str, topics: Topics, folder: Path) -> None:
        self.brokers = brokers
        self.writer = Writer(brokers, f"{topics.changelog}-0")
        self.keeper = Keeper(Cache(folder / "0.sqlite", 0), topics, 0)

    async def open(self) -> None:
        await self.writer.open()
        await restore(self.brokers, self.keeper.changelog, self.keeper.cache)

    async def commit(self, key: int, offset: int, *, settle: bool = True) -> None:
        """Profile `key` at its `offset`; without settling it dies between the commit and its cache."""
        store = self.keeper.store()
        profile = Profile(born=offset, stage="s", since=1, user_id=str(key))
        record = Record(key, f"u:{key}", profile, seal(profile))
        store.commit([Changes(0, clock=offset, ids={f"u:{key}": key}, records={key: record}, controls=Controls(kill=True))])
        self.keeper.cache.file.keys = max(key, self.keeper.cache.file.keys)
        batch = Batch()
        assert self.keeper.fill(batch, offset)
        last = await self.writer.commit(batch)
        if settle:
            self.keeper.settle(last)

    def state(self) -> tuple[int, int, dict[int, str]]:
        """(next input, clock, profiles)"""
        position = self.keeper.cache.position
        assert position is not None
        profiles = {key: stored.raw for key, stored in self.keeper.cache.file.every_profile()}
        return position.offset, position.clock, profiles

    async def close(self) -> None:
        await self.writer.close()
        self.keeper.cache.close()


async def made(brokers: str) -> Topics:
    topics = Topics.of(f"store-{uuid4().hex[:8]}")
    async with asking(brokers) as admin:
        await make_topics(admin, topics.all(), 1)
    return topics


def test_the_next_owner_goes_on_from_the_broker_or_from_its_cache(brokers: str, tmp_path: Path) -> None:
    """With no cache, with one that missed the last commit, and with one that is up to date."""

    async def test() -> None:
        topics = await made(brokers)
        first = Owning(brokers, topics, tmp_path)
        await first.open()
        await first.commit(1, 10)
        await first.commit(2, 20, settle=False)
        await first.close()
        for _ in range(2):
            again = Owning(brokers, topics, tmp_path)
            await again.open()
            assert again.state() == (20, 20, {1: "u:1", 2: "u:2"})
            assert again.keeper.store().next_key() == 3
            assert again.keeper.store().controls().kill
            await again.close()
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        other = Owning(brokers, topics, elsewhere)
        await other.open()
        assert other.state() == (20, 20, {1: "u:1", 2: "u:2"})
        await other.close()

    asyncio.run(test())


def test_a_cache_of_another_log_is_made_anew(brokers: str, tmp_path: Path) -> None:
    """The topics were made again: the cache's place means nothing there."""

    async def test() -> None:
        old = Owning(brokers, await made(brokers), tmp_path)
        await old.open()
        for offset in range(3):
            await old.commit(7, offset)
        await old.close()
        new = Owning(brokers, await made(brokers), tmp_path)
        await new.open()
        assert new.keeper.cache.place is None
        await new.commit(1, 1)
        assert new.state() == (1, 1, {1: "u:1"})
        await new.close()

    asyncio.run(test())


def test_a_record_larger_than_a_batch_goes_alone_and_whole(brokers: str, tmp_path: Path) -> None:
    async def test() -> None:
        topics = await made(brokers)
        owner = Owning(brokers, topics, tmp_path)
        await owner.open()
        place = TopicPartition(topics.changelog, 0)
        batch = Batch()
        content = Random(1).randbytes(3 << 20)
        batch.add(place, [(b"gsmall", b"x"), (b"glarge", content), (b"gsmall2", b"x")])
        assert owner.keeper.fill(batch, 1)
        owner.keeper.settle(await owner.writer.commit(batch))
        await owner.close()
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        other = Owning(brokers, topics, elsewhere)
        await other.open()
        assert other.keeper.cache.file.program("large") == content
        await other.close()

    asyncio.run(test())
