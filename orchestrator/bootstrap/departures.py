"""The wiring of departures: who has noted what left, and since when nobody else has handed over the same messages."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from orchestrator.delivery.departures import Departures
from orchestrator.errors import StoreError
from orchestrator.partition.live import Live
from orchestrator.stores.reader import open_reader

if TYPE_CHECKING:
    from orchestrator.stores.kafka.store import KafkaStore

NOTED = "departures"
"""The name under which a partition's state notes who notes them."""


class Noted(msgspec.Struct, frozen=True):
    """`mark` names the notes, `life` the owner's life that goes on with them."""

    mark: str
    life: bytes


def departures_beside(state: Path) -> Departures:
    """Those of `serve`, ready to be noted: one process at a time hands over what is in a state file."""
    found = Departures(state.with_name(f"{state.name}.left"))
    found.open(_clock_in(state))
    return found


def take_over(departures: Departures, live: Live, store: KafkaStore) -> None:
    """Go on with the notes of a partition where all its attempts since they began are noted there; else begin anew.

    They are, where the owner that committed last was one that went on with these same notes: each says so in the partition's
    state, with its first commit. One of an earlier version says nothing, and commits under another life than was said.
    """
    fact = store.fact(NOTED)
    known = None if fact is None else msgspec.msgpack.decode(fact, type=Noted)
    unbroken = known is not None and known.life == store.before
    mark = departures.open(live.engine.clock, known.mark if known is not None and unbroken else "")
    live.engine.note_fact(NOTED, msgspec.msgpack.encode(Noted(mark, store.life)))
    live.engine.commit()


def _clock_in(state: Path) -> int:
    with suppress(StoreError, sqlite3.Error), open_reader(state) as reader:
        return max(reader.clocks(), default=0)
    return 0
