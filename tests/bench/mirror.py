"""How fast a mirror of workers follows: uv run python tests/bench/mirror.py [--profiles N] [--inputs N].

Four partitions on a broker are written as workers write them: so many profiles first, then so many inputs of them, 200 a
transaction. A mirror reads the first from nothing and then follows the second. Seconds by the clock and of its own CPU.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import msgspec
from aiokafka import TopicPartition

sys.path.insert(0, str(Path(__file__).parents[2]))

from recovery import RULES, START, order
from whole_worker import lay_out_rules

from orchestrator.authoring import load_workspace
from orchestrator.bootstrap.mirror import facts_of
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import seal
from orchestrator.domain.program import Program
from orchestrator.partition.ports import Changes, JournalRow, Record
from orchestrator.stores.kafka import broker
from orchestrator.stores.kafka.mirroring import Mirrored, follow
from orchestrator.stores.kafka.records import POSITION, Position, changelog_of, encode_position, journal_of
from orchestrator.stores.kafka.topics import LARGE, Topic, Topics, asking, make_topics, prepare_deployment
from orchestrator.stores.kafka.writer import Batch, Writer
from orchestrator.stores.reader import open_reader

PARTITIONS = 4
FIRST, TURN = 10_000, 200
"""Inputs of a transaction: while profiles are made, and then."""


class Works:
    """One partition's worker, as far as its topics can tell."""

    def __init__(self, brokers: str, topics: Topics, number: int, program: Program) -> None:
        self.brokers, self.topics, self.number, self.seqs, self.keys = brokers, topics, number, 0, 0
        self.model = newcomer(program, START, "u:u0")
        given = order("u0", 0)
        self.decision = decide(program, Controls(), self.model, given, START)[1]
        self.given = msgspec.msgpack.encode(given)
        self.last: dict[int, int] = {}

    async def open(self) -> None:
        self.writer = Writer(self.brokers, f"{self.topics.changelog}-{self.number}")
        await self.writer.open()

    async def turn(self, keys: Sequence[int]) -> None:
        """One transaction: an input of each of these."""
        changes, places = Changes(self.number, START), self.topics
        for key in keys:
            self.seqs += 1
            raw = f"u:{self.number}-{key}"
            if key > self.keys:
                self.keys, changes.ids[raw] = key, key
            self.model.user_id = raw[2:]
            changes.journal.append(JournalRow(self.seqs, key, self.last.get(key, 0), START, self.given, self.decision))
            changes.records[key] = Record(key, raw, None, seal(self.model), self.seqs, START + key)
            self.last[key] = self.seqs
        batch, changelog = Batch(), TopicPartition(places.changelog, self.number)
        batch.add(changelog, changelog_of(changes))
        batch.add(TopicPartition(places.journal, self.number), journal_of(changes))
        batch.add(changelog, [(POSITION, encode_position(Position(b"life", self.seqs, START, self.keys, self.seqs)))])
        await self.writer.commit(batch)


async def written(works: Sequence[Works], profiles: int, inputs: int) -> None:
    """New profiles, or, where there are enough, inputs of those that there are."""
    dice = random.Random(7)
    for work in works:
        await work.open()
        share = profiles // PARTITIONS
        while work.keys < share:
            await work.turn(range(work.keys + 1, min(work.keys + FIRST, share) + 1))
        for _ in range(0, inputs // PARTITIONS, TURN):
            await work.turn([dice.randrange(1, share + 1) for _ in range(TURN)])
        await work.writer.close()


async def mirrored(given: Mirrored, rows: int) -> dict[str, object]:
    """Follow until so many rows are there."""
    wall, cpu = time.perf_counter(), time.process_time()
    looked, seen = time.monotonic(), 0

    def enough() -> bool:
        nonlocal looked, seen
        if time.monotonic() - looked > 0.2 and given.path.exists():
            looked = time.monotonic()
            with open_reader(given.path) as reader:
                seen = reader.last_seq()
        return seen >= rows

    await follow(given, enough)
    found = {"wall_s": round(time.perf_counter() - wall, 1), "cpu_s": round(time.process_time() - cpu, 1)}
    return {**found, "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


async def measured(brokers: str, folder: Path, profiles: int, inputs: int) -> None:
    program, name = load_workspace(lay_out_rules(folder / "workspace", RULES)).program, f"mirror-{uuid4().hex[:8]}"
    given = Mirrored(brokers, f"{name}-in", name, PARTITIONS, folder / "mirror.sqlite", facts_of)
    async with asking(brokers) as admin:
        await make_topics(admin, [*Topics.of(name).all(), Topic(given.topic, "delete", LARGE)], PARTITIONS)
    await prepare_deployment(brokers, name, development=True)
    works = [Works(brokers, Topics.of(name), number, program) for number in range(PARTITIONS)]
    rows = 0
    for what, more in (("profiles from nothing", 0), ("inputs followed", inputs)):
        await written(works, profiles, more)
        before, rows = rows, sum(work.seqs for work in works)
        found = await mirrored(given, rows)
        print(json.dumps({"of": what, "inputs": rows - before, **found}), flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    """Write, mirror, print a line for each part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profiles", type=int, default=1_000_000)
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--brokers", help="use these; without, a development broker is started for this run")
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="mirror-") as folder:
        here = Path(folder)
        brokers = given.brokers or broker.start(here / "broker", 0)[0].address
        try:
            asyncio.run(measured(brokers, here, given.profiles, given.inputs))
        finally:
            if given.brokers is None:
                broker.stop(here / "broker")


if __name__ == "__main__":
    main()
