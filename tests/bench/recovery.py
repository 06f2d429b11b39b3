"""How long a partition of many profiles takes to be recovered: uv run python tests/bench/recovery.py [--profiles N].

A changelog on a broker and the cache of its owner are written. Then a new owner opens it with that cache, with one that missed
the last hundredth, and with none. Seconds by the clock and of CPU, from nothing to the first decision; the broker is beside.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import msgspec

sys.path.insert(0, str(Path(__file__).parents[2]))

from whole_worker import lay_out_rules

from orchestrator.authoring import load_workspace
from orchestrator.delivery.governor import OpenGovernor
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.input import Event
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import seal, unseal
from orchestrator.domain.program import Program
from orchestrator.partition.engine import Engine
from orchestrator.partition.live import Arrival, Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.partition.ports import Changes, Record
from orchestrator.stores.kafka import broker
from orchestrator.stores.kafka.cache import Cache
from orchestrator.stores.kafka.restore import restore
from orchestrator.stores.kafka.store import Keeper
from orchestrator.stores.kafka.topics import Topics, asking, make_topics
from orchestrator.stores.kafka.writer import Batch, Writer

START = 1_750_000_000_000
RULES = 50
BATCH = 10_000
DAY = 86_400_000


def order(user: str, number: int) -> Event:
    properties = {"order_id": f"O{number}", "cart_id": f"C{user}", "total": 30.25}
    return Event(f"m{number}", START, name="Order Completed", user_id=user, received_at=START, properties=properties)


async def fill(brokers: str, topics: Topics, program: Program, folder: Path, count: int) -> int:
    """Profiles of one order each, with a timer, into the changelog and a cache; gives their mean size.

    `folder/late` holds the cache as it was before the last batch of a hundredth.
    """
    model = newcomer(program, START, "u:u0")
    decide(program, Controls(), model, order("u0", 0), START)
    writer, keeper = Writer(brokers, f"{topics.changelog}-0"), Keeper(Cache(folder / "warm.sqlite", 0), topics, 0)
    await writer.open()
    store, size, tail = keeper.store(), 0, max(1, count // 100)
    for first in [*range(0, count - tail, BATCH), count - tail]:
        if first == count - tail:
            keeper.cache.close()
            shutil.copy(folder / "warm.sqlite", folder / "late.sqlite")
            keeper.cache = Cache(folder / "warm.sqlite", 0)
            store = keeper.store()
        changes = Changes(0, START)
        for number in range(first, count if first == count - tail else min(first + BATCH, count - tail)):
            model.user_id = f"u{number}"
            sealed, key = seal(model), store.next_key()
            size += len(sealed)
            changes.records[key] = Record(key, f"u:u{number}", None, sealed, key, START + 90 * DAY + number)
            changes.ids[f"u:u{number}"] = key
        store.commit([changes])
        batch = Batch()
        keeper.fill(batch, store.last_key())
        keeper.settle(await writer.commit(batch))
    await writer.close()
    keeper.cache.close()
    return size // count


async def recover(brokers: str, topics: Topics, program: Program, cache: Path, count: int) -> dict[str, object]:
    """Open the partition with that cache and decide one event."""
    wall, cpu = time.perf_counter(), time.process_time()
    writer = Writer(brokers, f"{topics.changelog}-0")
    await writer.open()
    keeper = Keeper(Cache(cache, 0), topics, 0)
    await restore(brokers, keeper.changelog, keeper.cache)
    outbox = Outbox()
    live = Live(Engine([keeper.store()], Surroundings(program, OpenGovernor(), outbox)), outbox)
    event = msgspec.structs.replace(order(f"u{count - 1}", count), occurred_at=START + DAY, received_at=START + DAY)
    live.turn([Arrival(0, event)], [], START + DAY, caught_up=True)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    (record,) = keeper.staged[0].records.values()
    assert unseal(record.sealed).folds["orders"] == 2
    await writer.close()
    keeper.cache.close()
    return {"wall_s": round(wall, 2), "cpu_s": round(cpu, 2)}


async def measured(brokers: str, folder: Path, count: int) -> None:
    topics = Topics.of(f"recovery-{uuid4().hex[:8]}")
    async with asking(brokers) as admin:
        await make_topics(admin, topics.all(), 1)
    program = load_workspace(lay_out_rules(folder / "workspace", RULES)).program
    size = await fill(brokers, topics, program, folder, count)
    for cache in ("warm", "late", "cold"):
        found = await recover(brokers, topics, program, folder / f"{cache}.sqlite", count)
        rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({"cache": cache, "profiles": count, "bytes": size, **found, "rss_mb": rss}), flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    """Fill a changelog, recover it in three ways, print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profiles", type=int, default=1_000_000)
    parser.add_argument("--tiny", dest="profiles", action="store_const", const=1_000, help="whether it runs at all")
    parser.add_argument("--brokers", help="use these; without, a development broker is started for this run")
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="recovery-") as folder:
        here = Path(folder)
        brokers = given.brokers or broker.start(here / "broker", 0)[0].address
        try:
            asyncio.run(measured(brokers, here, given.profiles))
        finally:
            if given.brokers is None:
                broker.stop(here / "broker")


if __name__ == "__main__":
    main()
