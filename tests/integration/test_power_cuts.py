"""The embedded store keeps what it committed when the power goes at any write or sync, under its real statements.

All two thousand cuts: uv run pytest -m slow tests/integration/test_power_cuts.py
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

import apsw
import msgspec
import pytest

from orchestrator.delivery.governor import OpenGovernor
from orchestrator.delivery.virtual import VirtualWire
from orchestrator.domain.input import Event, ProfileInput
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import unseal
from orchestrator.errors import StoreError
from orchestrator.partition.engine import Engine
from orchestrator.partition.partition import Surroundings
from orchestrator.partition.ports import JournalRow
from orchestrator.stores.sqlite import Synchronous
from tests.integration.power_loss import PowerDisk, PowerFile, PowerLossError
from tests.simulation.emitters import sendings
from tests.simulation.programs import PROGRAMS

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""The power also goes where SQLite has nobody to tell it to."""
EVENTS, BATCH = 24, 3
LAST_OPERATION = 260
"""Of such a run of the engine, opening and closing included."""
_given = msgspec.msgpack.Decoder(ProfileInput).decode


@dataclass(slots=True)
class Committed:
    """What the engine said is durable."""

    events: set[str] = field(default_factory=set)
    rows: int = 0


def _engine(file: PowerFile, seed: int) -> Engine:
    around = Surroundings(PROGRAMS[seed % len(PROGRAMS)], OpenGovernor(), VirtualWire(), Controls(addresses=False))
    return Engine([file.partition(number) for number in range(2)], around)


def _work(disk: PowerDisk, seed: int, synchronous: Synchronous, committed: Committed) -> None:
    """Feed events and commit, until done or the power goes."""
    file = PowerFile(disk, synchronous, partitions=2)
    try:
        engine = _engine(file, seed)
        plan = sorted(sendings(Random(seed), EVENTS), key=lambda sending: sending.at)
        for start in range(0, len(plan), BATCH):
            batch = plan[start : start + BATCH]
            for sending in batch:
                engine.feed(sending.event, sending.at)
            engine.commit()
            if disk.off:
                return
            committed.events.update(sending.event.message_id for sending in batch)
            committed.rows = file.seqs
    finally:
        file.close()


def _found(disk: PowerDisk, seed: int, synchronous: Synchronous, committed: Committed) -> str:
    """What a new process finds: `whole`, `lost` or `corrupt`."""
    try:
        file = PowerFile(disk, synchronous, partitions=2)
    except (apsw.Error, StoreError):
        return "corrupt"
    try:
        return _checked(file, seed, committed)
    except (apsw.Error, msgspec.DecodeError):
        return "corrupt"
    finally:
        file.close()


def _checked(file: PowerFile, seed: int, committed: Committed) -> str:
    if file.connection.execute("pragma integrity_check").fetchall() != [("ok",)]:
        return "corrupt"
    select = "select seq, key, prev_seq, clock, given, decision from journal order by seq"
    rows = [JournalRow(*row) for row in file.connection.execute(select)]
    if len(rows) < committed.rows:
        return "lost"
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    given = [_given(row.given) for row in rows if row.key]
    assert committed.events <= {one.message_id for one in given if isinstance(one, Event)}
    last = {row.key: row.seq for row in rows}
    for key, stored in file.every_profile():
        profile = unseal(stored.sealed)
        assert profile.planned == sum(profile.tally.values()) + len(profile.messages)
        assert last[key] == stored.last_seq
    engine = _engine(file, seed)
    engine.advance(engine.clock)
    engine.commit()
    return "whole"


def cut(seed: int, synchronous: Synchronous) -> str:
    """One run with one power cut at a random operation."""
    rng = Random(seed)
    disk, committed = PowerDisk(rng, fuse=rng.randrange(1, LAST_OPERATION)), Committed()
    with suppress(PowerLossError, apsw.Error, StoreError):
        _work(disk, seed, synchronous, committed)
    return _found(disk.after_the_cut(), seed, synchronous, committed)


def _cuts(seeds: range, synchronous: Synchronous) -> Counter[str]:
    return Counter(cut(seed, synchronous) for seed in seeds)


def test_nothing_committed_is_lost_in_two_hundred_power_cuts() -> None:
    assert _cuts(range(200), "FULL") == {"whole": 200}


def test_without_syncs_power_cuts_lose_so_the_test_can_tell() -> None:
    found = _cuts(range(60), "OFF")

    assert found["lost"] + found["corrupt"] > 30


def test_without_a_cut_everything_is_there() -> None:
    disk, committed = PowerDisk(Random(1)), Committed()
    _work(disk, 1, "FULL", committed)

    assert committed.rows > EVENTS
    assert LAST_OPERATION * 0.5 < disk.operations < LAST_OPERATION * 2
    assert _found(disk.after_the_cut(), 1, "FULL", committed) == "whole"


@pytest.mark.slow
def test_nothing_committed_is_lost_in_two_thousand_power_cuts() -> None:
    assert _cuts(range(1_000, 3_000), "FULL") == {"whole": 2_000}
