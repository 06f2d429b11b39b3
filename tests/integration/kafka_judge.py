"""What the topics of workers say in the end, and what must be true of it: everything is decided again."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from aiokafka import TopicPartition

from orchestrator.authoring import load_program
from orchestrator.bootstrap.engine import Coming
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.input import Activation, Broadcast, Control, Event
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import Profile, seal, unseal
from orchestrator.domain.program import Program
from orchestrator.insight.accepted import given_of
from orchestrator.partition.ports import JournalRow
from orchestrator.partition.standing import Standing
from orchestrator.stores.kafka.cache import Cache
from orchestrator.stores.kafka.records import read_journal
from orchestrator.stores.kafka.restore import restore
from tests.integration.workers import PARTITIONS, Place, records, sent


@dataclass
class Judged:
    """What the topics say."""

    decided: Counter[str] = field(default_factory=Counter)
    """message id of an emitter → how often it was decided."""
    profiles: int = 0
    rows: int = 0
    gaps: int = 0
    differs: int = 0
    unbalanced: int = 0
    orders: dict[str, int] = field(default_factory=dict)
    messages: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    """Messages that have no end yet."""
    sent: list[dict[str, Any]] = field(default_factory=list)

    @property
    def sent_twice(self) -> list[str]:
        """Marketing messages."""
        times = Counter(one["message_id"] for one in self.sent if one["campaign"] != "receipt")
        return [ident for ident, number in times.items() if number > 1]

    def wrong(self, taken: list[str]) -> dict[str, object]:
        """Everything that must not be; empty where all is right."""
        lost = [ident for ident in taken if not self.decided[ident]]
        twice = [ident for ident, number in self.decided.items() if number > 1]
        found = {"lost": lost, "decided twice": twice, "sent twice": self.sent_twice, "gaps": self.gaps}
        found |= {"differs": self.differs, "unbalanced": self.unbalanced}
        return {name: what for name, what in found.items() if what}


@dataclass
class InForce:
    """The programs of one partition, each from its journal row on, as whoever was there knew them."""

    since: list[tuple[int, Program]] = field(default_factory=list)

    def at(self, seq: int) -> Program:
        return next(program for begun, program in reversed(self.since) if begun < seq)


def in_force(rows: dict[int, JournalRow], programs: dict[str, Program]) -> InForce:
    """By the activations in a partition's journal."""
    found, standing = InForce(), Standing()
    for row in sorted(rows.values()):
        given = None if row.key else msgspec.msgpack.decode(row.given, type=Activation | Broadcast | Control)
        if isinstance(given, Activation):
            program, standing = Coming(programs[given.program], bytes, programs.__getitem__).after(standing, row.clock)
            found.since.append((row.seq, program))
    return found


def judge(place: Place, *later: Path) -> Judged:
    """Read the topics back and decide everything again, by its workspace and those that were published later."""
    judged = Judged()
    programs = {program.name: program for program in map(load_program, (place.workspace, *later))}
    for number in range(PARTITIONS):
        rows = journal_of(place, number)
        judged.rows += len(rows)
        judged.decided.update(emitted(rows.values()))
        force = in_force(rows, programs)
        with restored(place, number) as cache:
            for key, stored in cache.file.every_profile():
                _profile(judged, force, unseal(stored.sealed), rows, key, stored.last_seq)
    judged.sent = sent(place)
    return judged


def journal_of(place: Place, number: int) -> dict[int, JournalRow]:
    """What a partition has decided, by the rows' numbers."""
    found = [read_journal(one) for one in asyncio.run(records(place.brokers, TopicPartition(place.topics.journal, number)))]
    rows = {row.seq: row for row in found}
    assert len(rows) == len(found), "a row was written twice"
    return rows


def emitted(rows: Iterable[JournalRow]) -> Iterator[str]:
    """The message ids of the emitters' events among what was decided."""
    given = (given_of(row.given) for row in rows if row.key)
    return (one.message_id for one in given if isinstance(one, Event) and one.depth == 0)


@contextmanager
def restored(place: Place, number: int) -> Iterator[Cache]:
    """A partition's state, made of its changelog."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(Path(folder) / "again.sqlite", 0)
        asyncio.run(restore(place.brokers, TopicPartition(place.topics.changelog, number), cache))
        yield cache
        cache.close()


def _profile(judged: Judged, force: InForce, profile: Profile, rows: dict[int, JournalRow], key: int, last: int) -> None:
    history = []
    while last:
        if last not in rows:
            judged.gaps += 1
            return
        history.append(rows[last])
        last = rows[last].prev_seq
    judged.gaps += len(history) != sum(row.key == key for row in rows.values())
    again = newcomer(force.at(history[-1].seq), history[-1].clock, f"u:{profile.user_id}")
    for row in reversed(history):
        judged.differs += decide(force.at(row.seq), Controls(), again, given_of(row.given), row.clock).encoded != row.decision
    judged.differs += seal(again) != seal(profile)
    judged.profiles += 1
    judged.unbalanced += profile.planned != sum(profile.tally.values()) + len(profile.messages)
    judged.messages.update(profile.tally)
    judged.waiting += len(profile.messages)
