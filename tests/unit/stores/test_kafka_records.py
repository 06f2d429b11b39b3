"""What a batch changed goes into records and comes back; the cache is never ahead of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import Profile, seal
from orchestrator.partition.ports import Changes, DeadLetter, JournalRow, Record
from orchestrator.stores.kafka.cache import Cache, CacheTaken, Place
from orchestrator.stores.kafka.records import (
    Position,
    changelog_of,
    changes_of,
    encode_position,
    journal_of,
    read_journal,
)


def record(key: int, raw: str, due: int | None = None) -> Record:
    profile = Profile(born=1, stage="awareness", since=1, user_id=raw[2:])
    return Record(key, raw, profile, seal(profile), last_seq=key * 10, due=due)


def everything() -> Changes:
    return Changes(
        0,
        clock=7,
        ids={"u:1": 1, "a:gone": None},
        records={1: record(1, "u:1", due=99)},
        redirects={"a:gone": "u:1"},
        gone={2},
        journal=[JournalRow(10, 1, 0, 7, b"given", b"decision")],
        dead=[DeadLetter(11, 1, 7, b"given", "cause")],
        controls=Controls(kill=True, campaigns=frozenset({"a"})),
        facts={"standing": b"{}"},
        programs={"p1": b"content"},
    )


def place(offset: int, keys: int = 5, seqs: int = 50) -> Place:
    return Place(offset, encode_position(Position(b"life", 3, 7, keys, seqs)))


def test_what_stands_after_a_batch_comes_back_from_its_records() -> None:
    one = everything()
    back = changes_of(0, changelog_of(one))
    assert (back.ids, back.redirects, back.gone, back.controls) == (one.ids, one.redirects, one.gone, one.controls)
    assert (back.facts, back.programs, back.records) == (one.facts, one.programs, one.records)
    assert [read_journal(value) for _, value in journal_of(one)] == one.journal


def test_of_each_key_the_last_record_stands() -> None:
    """A profile that went and one that came back, in the order of the log."""
    came = changelog_of(Changes(0, records={2: record(2, "u:2")}))
    went = changelog_of(Changes(0, gone={2}))
    assert changes_of(0, [*came, *went]).gone == {2}
    assert set(changes_of(0, [*went, *came]).records) == {2}
    assert changes_of(0, [*went, *came]).gone == set()


def test_no_record_has_an_empty_key_or_null_for_a_value() -> None:
    """A null would vanish from the log, and with it the news that something has gone."""
    assert all(key and value is not None for key, value in changelog_of(everything()))


def test_ids_that_are_no_valid_text_come_back(tmp_path: Path) -> None:
    del tmp_path
    odd = Changes(0, redirects={"a:\udc80": "u:\ud800"})
    assert changes_of(0, changelog_of(odd)).redirects == odd.redirects


def test_a_cache_goes_on_where_it_stood(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "0.sqlite", 0)
    cache.put([everything()], place(12))
    cache.close()
    again = Cache(tmp_path / "0.sqlite", 0)
    assert again.place == place(12)
    assert again.file.partition(0).find("u:1") == 1
    assert (again.file.keys, again.file.seqs) == (5, 50)
    again.close()


def test_a_cache_without_a_place_is_made_anew(tmp_path: Path) -> None:
    """What was put before the end of the changelog was reached is a part only."""
    cache = Cache(tmp_path / "0.sqlite", 0)
    cache.put([everything()])
    cache.close()
    again = Cache(tmp_path / "0.sqlite", 0)
    assert again.place is None
    assert again.file.partition(0).find("u:1") is None
    again.close()


def test_a_cache_of_another_life_of_the_machine_is_made_anew(tmp_path: Path) -> None:
    """Its last writes may never have reached the disk."""
    cache = Cache(tmp_path / "0.sqlite", 0)
    cache.put([everything()], place(12))
    cache.settle()
    cache.file.commit([Changes(0, facts={"boot": b"another"})])
    cache.close()
    again = Cache(tmp_path / "0.sqlite", 0)
    assert again.place is None
    again.close()


def test_a_file_that_is_torn_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "0.sqlite").write_bytes(b"torn" * 1_000)
    cache = Cache(tmp_path / "0.sqlite", 0)
    assert cache.place is None
    cache.close()


def test_a_file_has_one_owner_at_a_time(tmp_path: Path) -> None:
    first = Cache(tmp_path / "0.sqlite", 0)
    with pytest.raises(CacheTaken, match="give each worker a folder of its own"):
        Cache(tmp_path / "0.sqlite", 0)
    first.close()
    Cache(tmp_path / "0.sqlite", 0).close()
