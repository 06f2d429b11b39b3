"""What a batch of journal rows changes in the index: what stood before is read once, changed in memory, written once."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from orchestrator.history.limits import DAY_MS, OCTAVE
from orchestrator.history.rows import MessageRow, RunRow, TaskRow

_MANY = 500
"""Values in one `in (…)`."""


@dataclass(slots=True)
class Place:
    """Where a profile stands."""

    stage: str
    since: int


@dataclass(slots=True)
class Held:
    """The rows of the index that a batch reads and changes, and what it adds up."""

    places: dict[int, Place] = field(default_factory=dict)
    stood: dict[int, str] = field(default_factory=dict)
    """Where each stood before the batch."""
    runs: dict[str, RunRow] = field(default_factory=dict)
    under_way: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(campaign, step taken last) of those that had not ended before the batch."""
    messages: dict[str, MessageRow] = field(default_factory=dict)
    tasks: dict[str, TaskRow] = field(default_factory=dict)
    moved: dict[int, int] = field(default_factory=dict)
    events: list[tuple[int, int, int, str, str, int, str]] = field(default_factory=list)
    transitions: list[tuple[int, int, int, str, str, str, int]] = field(default_factory=list)
    flows: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    stays: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    counts: Counter[tuple[str, int, str, str]] = field(default_factory=Counter)
    steps: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    latest: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Callable[..., sqlite3.Cursor], keys: set[int], runs: set[str], messages: set[str]) -> Held:
        """With what stands of these profiles, runs and messages."""
        held = cls()
        held.places = {key: Place(stage, since) for key, stage, since in _all(run, "select * from places where key", keys)}
        held.stood = {key: place.stage for key, place in held.places.items()}
        held.runs = {row[0]: RunRow(*row) for row in _all(run, "select * from runs where id", runs)}
        held.under_way = held.still()
        held.messages = {row[0]: MessageRow(*row) for row in _all(run, "select * from messages where id", messages)}
        return held

    def still(self) -> Counter[tuple[str, str]]:
        """Runs in hand that have not ended, by campaign and step."""
        return Counter((run.campaign, run.step) for run in self.runs.values() if run.ended is None)

    def count(self, campaign: str, at: int, what: str, reason: str = "") -> None:
        """One more of it on that day."""
        self.counts[campaign, at // DAY_MS, what, reason] += 1

    def stayed(self, stage: str, length: int) -> None:
        """A stage was left after so long."""
        found = self.stays.setdefault((stage, step_of(length)), [0, 0])
        found[0] += 1
        found[1] += length

    def write(self, many: Callable[[str, Iterable[Any]], Any]) -> None:
        """Into the index, in the transaction that is open."""
        for old, new in self.moved.items():
            many("update moved set home = ? where home = ?", [(new, old)])
            many("insert or replace into moved values(?, ?)", [(old, new)])
            for table in ("runs", "messages", "tasks"):
                many(f"update {table} set key = ? where key = ?", [(new, old)])  # noqa: S608 - a constant
            many("delete from places where key = ?", [(old,)])
        _replace(many, "places", 3, ((key, place.stage, place.since) for key, place in self.places.items()))
        _replace(many, "runs", 11, map(_row, self.runs.values()))
        _replace(many, "messages", 18, map(_row, self.messages.values()))
        _replace(many, "tasks", 10, map(_row, self.tasks.values()))
        _replace(many, "events", 7, self.events)
        _replace(many, "transitions", 7, self.transitions)
        many("insert into latest values(?, ?) on conflict do update set at = max(at, excluded.at)", self.latest.items())
        self._add(many)

    def _add(self, many: Callable[[str, Iterable[Any]], Any]) -> None:
        crowd = Counter(place.stage for place in self.places.values())
        crowd.subtract(Counter(self.stood.values()))
        _sum(many, "crowd", 1, ((stage, n) for stage, n in crowd.items() if n))
        many("delete from crowd where n = 0", [()])
        under_way = self.still()
        under_way.subtract(self.under_way)
        _sum(many, "under_way", 2, ((*where, n) for where, n in under_way.items() if n))
        many("delete from under_way where n = 0", [()])
        _sum(many, "flows", 3, ((*where, n) for where, n in self.flows.items()))
        _sum(many, "counts", 4, ((*where, n) for where, n in self.counts.items()))
        _sum(many, "steps", 4, ((*where, n) for where, n in self.steps.items()))
        more = "on conflict do update set n = n + excluded.n, total = total + excluded.total"
        many(f"insert into stays values(?, ?, ?, ?) {more}", [(*where, *sums) for where, sums in self.stays.items()])


def step_of(length: int) -> int:
    """The step of a stay's length: so many to a doubling."""
    return int(math.log2(max(length, 1)) * OCTAVE)


def _all(run: Callable[..., sqlite3.Cursor], query: str, values: set[Any]) -> Iterable[tuple[Any, ...]]:
    ordered = sorted(values)
    for start in range(0, len(ordered), _MANY):
        some = ordered[start : start + _MANY]
        yield from run(f"{query} in ({','.join('?' * len(some))})", some)


def _row(one: RunRow | MessageRow | TaskRow) -> tuple[Any, ...]:
    return tuple(getattr(one, name) for name in one.__slots__)


def _replace(many: Callable[[str, Iterable[Any]], Any], table: str, width: int, rows: Iterable[Any]) -> None:
    many(f"insert or replace into {table} values({','.join('?' * width)})", rows)


def _sum(many: Callable[[str, Iterable[Any]], Any], table: str, width: int, rows: Iterable[Any]) -> None:
    marks = ",".join("?" * (width + 1))
    many(f"insert into {table} values({marks}) on conflict do update set n = n + excluded.n", rows)
