"""What `serve` tells of its state file beside its engine: what is due, killed or in doubt, and alarms of campaigns."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from orchestrator.bootstrap.door import wall
from orchestrator.delivery import breaker
from orchestrator.domain.alarms import Watched, watched
from orchestrator.errors import StoreError
from orchestrator.insight.alarms import Watch, readings_of
from orchestrator.logs import say
from orchestrator.metrics import CLOCK_LAG, KILLED, PARTITIONS, Reading
from orchestrator.partition.alarms import tallies_in
from orchestrator.partition.host import HERE
from orchestrator.stores.doubts import doubts_read
from orchestrator.stores.reader import open_reader

LOOK_S = 2.0
"""Between two looks at whether an alarm is raised."""
_UNREADABLE = (StoreError, sqlite3.Error)


def stands_in(state: Path) -> list[Reading]:
    """For the page of metrics; nothing while the file cannot be read."""
    with suppress(*_UNREADABLE), open_reader(state) as reader:
        now, due = wall(), reader.earliest_due()
        late = 0 if due is None else max(0, now - due)
        return [
            Reading(PARTITIONS, 1),
            Reading(CLOCK_LAG, late / 1_000, {"partition": HERE}),
            Reading(KILLED, reader.controls().kill),
            *doubts_read(reader.doubtful(), 0),
            *breaker.readings_of(breaker.open_in(reader.fact(breaker.BREAKERS), now)),
            *readings_of(watched(tallies_in(reader.fact), now)),
        ]
    return []


async def tell_alarms(state: Path, every_s: float = LOOK_S, tell: Callable[[str], None] = say) -> None:
    """Tell of each alarm once when it is raised and once when it is over, until cancelled."""
    watch = Watch()
    while True:
        for line in watch.news(await asyncio.to_thread(_watched, state)):
            tell(line)
        await asyncio.sleep(every_s)


def _watched(state: Path) -> list[Watched]:
    with suppress(*_UNREADABLE), open_reader(state) as reader:
        return watched(tallies_in(reader.fact), wall())
    return []
