"""What a worker knows not to have left, of a partition that others may have had meanwhile: never what has left."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, cast

from orchestrator.bootstrap.departures import take_over
from orchestrator.delivery.departures import Departures
from orchestrator.domain.outgoing import Outgoing

if TYPE_CHECKING:
    from orchestrator.partition.live import Live
    from orchestrator.stores.kafka.store import KafkaStore

LATE = 1 << 50
"""Ahead of every wall: all here goes by the partition's clock."""


@dataclass
class Partition:
    """As its log has it: what its state notes, the life that committed last, its clock, attempts that nobody has ended."""

    clock: int = LATE
    facts: dict[str, bytes] = field(default_factory=dict)
    last: bytes = b""
    begun: dict[str, int] = field(default_factory=dict)
    lives: count[int] = field(default_factory=count)


class Owner:
    """One life of a worker's on it; it stands for engine, store and live turn. An `earlier` version notes nothing."""

    def __init__(self, partition: Partition, folder: Path, boot: str = "boot", *, earlier: bool = False) -> None:
        folder.mkdir(exist_ok=True)
        self.partition, self.engine = partition, self
        self.life, self.before = b"life %d" % next(partition.lives), partition.last
        self.staged: dict[str, bytes] = {}
        self.clock, self.fact = partition.clock, partition.facts.get
        self.departures = Departures(folder / "left", boot)
        if not earlier:
            take_over(self.departures, cast("Live", self), cast("KafkaStore", self))

    def note_fact(self, name: str, value: bytes) -> None:
        self.staged[name] = value

    def commit(self) -> None:
        """Only into the coming transaction."""

    def commits(self, *attempts: str) -> None:
        partition = self.partition
        partition.clock += 1
        partition.last = self.life
        partition.facts |= self.staged
        partition.begun |= dict.fromkeys(attempts, partition.clock)

    def leaves(self, ident: str) -> None:
        """It goes to its channel, whose answer nobody hears."""
        self.departures.note(ident, self.partition.clock)

    def dies(self) -> None:
        self.departures.close()

    def certain(self) -> set[str]:
        """What it says has not left, of all that nobody knows the end of."""
        doubted = (
            Outgoing(ident, 1, "c", "t", "email", "", "en", 0, {}, doubted=begun, begun=begun)
            for ident, begun in self.partition.begun.items()
        )
        return {one.message_id for one in self.departures.without(doubted)}


def test_what_the_same_worker_left_unnoted_before_it_died_was_not_sent(tmp_path: Path) -> None:
    partition = Partition()
    first = Owner(partition, tmp_path / "a")
    first.commits()
    first.commits("left", "cut off")
    first.leaves("left")
    first.dies()
    again = Owner(partition, tmp_path / "a")
    assert again.certain() == {"cut off"}
    again.dies()  # before it has committed anything
    assert Owner(partition, tmp_path / "a").certain() == {"cut off"}


def test_who_takes_a_partition_over_claims_nothing_of_what_was_attempted_before(tmp_path: Path) -> None:
    partition = Partition()
    first = Owner(partition, tmp_path / "a")
    first.commits("by the first")
    first.dies()
    second = Owner(partition, tmp_path / "b")
    second.commits("by the second")
    assert second.certain() == {"by the second"}
    second.dies()
    back = Owner(partition, tmp_path / "a")
    assert back.certain() == set()
    back.commits("once more by the first")
    assert back.certain() == {"once more by the first"}


def test_an_owner_in_between_that_committed_nothing_has_attempted_nothing(tmp_path: Path) -> None:
    partition = Partition()
    first = Owner(partition, tmp_path / "a")
    first.commits("cut off")
    first.dies()
    Owner(partition, tmp_path / "b").dies()
    assert Owner(partition, tmp_path / "a").certain() == {"cut off"}


def test_one_of_an_earlier_version_in_between_notes_nothing_and_is_known_by_its_commits(tmp_path: Path) -> None:
    partition = Partition()
    Owner(partition, tmp_path / "a").commits("before")
    Owner(partition, tmp_path / "b", earlier=True).commits("by the earlier version")
    assert Owner(partition, tmp_path / "a").certain() == set()


def test_a_copied_folder_proves_nothing(tmp_path: Path) -> None:
    partition = Partition()
    first = Owner(partition, tmp_path / "a")
    first.commits()
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    first.commits("left")
    first.leaves("left")
    first.dies()
    assert Owner(partition, tmp_path / "b").certain() == set()


def test_after_a_boot_nothing_from_before_is_certain(tmp_path: Path) -> None:
    partition = Partition()
    Owner(partition, tmp_path / "a").commits("before")
    assert Owner(partition, tmp_path / "a", "another boot").certain() == set()


class World:
    """Workers that come, die at any point, are copied, boot again or are of an earlier version, on one partition."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance, self.folder, self.partition = random.Random(seed), folder, Partition()
        self.boots = dict.fromkeys("abc", 0)
        self.left: set[str] = set()
        self.idents, self.certain = count(), 0

    def run(self, steps: int) -> None:
        owner = self.opened()
        for _ in range(steps):
            self.turn(owner)
            if self.chance.random() < 0.4:
                owner.dies()
                owner = self.opened()
        owner.dies()

    def opened(self) -> Owner:
        name = self.chance.choice("aab" if self.chance.random() < 0.8 else "abc")
        kind = self.chance.random()
        if kind < 0.1:
            self.boots[name] += 1
        elif kind < 0.2:
            other = self.chance.choice([one for one in "abc" if one != name])
            if (self.folder / other).exists():
                shutil.rmtree(self.folder / name, ignore_errors=True)
                shutil.copytree(self.folder / other, self.folder / name)
        return Owner(self.partition, self.folder / name, f"boot-{self.boots[name]}", earlier=self.chance.random() < 0.1)

    def turn(self, owner: Owner) -> None:
        attempts = [f"m{next(self.idents)}" for _ in range(self.chance.randrange(3))]
        if self.chance.random() < 0.8:
            owner.commits(*attempts)
            for ident in attempts:
                if self.chance.random() < 0.5:
                    self.left.add(ident)
                    if owner.staged:
                        owner.leaves(ident)
        if owner.staged:
            certain = owner.certain()
            assert not certain & self.left
            self.certain += len(certain)


def test_whatever_workers_do_what_has_left_is_never_said_not_to_have(tmp_path: Path) -> None:
    certain = 0
    for seed in range(150):
        folder = tmp_path / str(seed)
        folder.mkdir()
        world = World(folder, seed)
        world.run(30)
        certain += world.certain
    assert certain > 1_000
