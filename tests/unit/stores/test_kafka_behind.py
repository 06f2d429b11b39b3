"""A cache that is written late says the same as one written at once, and what a dead process leaves of it goes on rightly."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import pytest

from orchestrator.partition.ports import Changes, Record, Stored
from orchestrator.stores.kafka import behind
from orchestrator.stores.kafka.behind import BehindFile
from orchestrator.stores.kafka.cache import Cache, Place
from orchestrator.stores.kafka.records import Position, encode_position
from orchestrator.stores.sqlite import SqliteFile

PUTS = 60


@pytest.fixture(autouse=True)
def few_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind, "WAITING_PROFILES", 12)
    monkeypatch.setattr(behind, "WAITING_ROUNDS", 9)


def batches(seed: int) -> list[Changes]:
    """Profiles that come, change often or once, and go."""
    random, found, there = Random(seed), list[Changes](), set[int]()
    for number in range(1, PUTS + 1):
        one = Changes(0, clock=number)
        for _ in range(random.choice((0, 1, 1, 5, 20))):
            key = random.choice((random.randrange(1, 6), random.randrange(1, 60)))
            due = random.choice((None, random.randrange(100)))
            one.records[key] = Record(key, f"u:{key}", None, f"{key} at {number}".encode(), number, due)
            one.ids[f"u:{key}"] = key
        for key in sorted(there - set(one.records)):
            if random.random() < 0.03:
                one.gone.add(key)
                one.ids[f"u:{key}"] = None
        there = (there | set(one.records)) - one.gone
        found.append(one)
    return found


def place(number: int) -> Place:
    return Place(number, encode_position(Position(b"life", number, number, 60, number)))


def told(file: SqliteFile) -> list[object]:
    store = file.partition(0)
    points = [(store.find(f"u:{key}"), store.read(key)) for key in range(1, 60)]
    ranges = [store.due_after(-1, -1, 1_000), store.due_after(50, 3, 7), store.keys_after(20, 10)]
    return [*points, *ranges, list(file.every_profile()), store.clock()]


@pytest.mark.parametrize("seed", range(20))
def test_every_read_is_as_of_a_file_that_is_written_at_once(tmp_path: Path, seed: int) -> None:
    late, at_once, random = BehindFile(tmp_path / "late"), SqliteFile(tmp_path / "once", synchronous="OFF"), Random(seed)
    for one in batches(seed):
        late.commit([one])
        at_once.commit([one])
        key = random.randrange(1, 60)
        assert late.partition(0).read(key) == at_once.partition(0).read(key)
        if random.random() < 0.2:
            assert told(late) == told(at_once)
    late.close()
    again = SqliteFile(tmp_path / "late", synchronous="OFF")
    assert told(again) == told(at_once)
    again.close()
    at_once.close()


@pytest.mark.parametrize("seed", range(20))
def test_what_a_death_leaves_is_whole_up_to_its_place_and_right_once_read_on(tmp_path: Path, seed: int) -> None:
    log, cache, died, worst = batches(seed), Cache(tmp_path / "0.sqlite", 0), 0, 0
    at_once = SqliteFile(tmp_path / "once", synchronous="OFF")
    for number, one in enumerate(log, 1):
        cache.put([one], place(number))
        at_once.commit([one])
        if number % 7:
            continue
        died += 1
        for ending in ("", "-wal"):
            shutil.copy(tmp_path / f"0.sqlite{ending}", tmp_path / f"{died}.sqlite{ending}")
        left = Cache(tmp_path / f"{died}.sqlite", 0)
        stood = 0 if left.place is None else left.place.offset
        worst = max(worst, number - stood)
        for again in range(stood + 1, number + 1):
            left.put([log[again - 1]], place(again))
        assert told(left.file) == told(at_once)
        left.close()
    assert 1 < worst <= behind.WAITING_ROUNDS + 2
    cache.close()
    at_once.close()


def test_who_changes_again_and_again_is_written_once_in_a_while(tmp_path: Path) -> None:
    file = BehindFile(tmp_path / "late")
    reader = SqliteFile(tmp_path / "late", synchronous="OFF")
    seen = set[Stored | None]()
    for number in range(1, 30):
        file.commit([Changes(0, records={1: Record(1, "u:1", None, b"%d" % number, number)})])
        seen.add(reader.stored(1, 0))
    assert 2 < len(seen) < 6
    reader.close()
    file.close()
