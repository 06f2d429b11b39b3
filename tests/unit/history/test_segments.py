"""Segments: every event is in one place, whoever dies and whenever; and any number read meanwhile."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from orchestrator.history import catch_up, folder_of
from orchestrator.history.analytics import analytics
from orchestrator.history.follower import INDEX
from tests.unit.history.worlds import PERSON, Shop

FOLLOW = """
import sys
from pathlib import Path
from orchestrator.history import catch_up
import duckdb
print("on", flush=True)
catch_up(Path(sys.argv[1]), batch=23, segment=40)
"""


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("segments")
    shop = Shop(folder / "workspace", folder / "shop.sqlite")
    shop.live(60, people=20)
    shop.close()
    return folder / "shop.sqlite"


def _copied(state: Path, folder: Path) -> Path:
    copy = folder / "copy.sqlite"
    with sqlite3.connect(state) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    return copy


def _events(state: Path) -> list[tuple[object, ...]]:
    with analytics(state) as found:
        found.need("events")
        return found.duck.execute("select seq, key, t, name, stage, own from events order by seq").fetchall()


def _counts(state: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder_of(state) / INDEX) as index:
        return index.execute("select * from counts").fetchall() + index.execute("select * from flows").fetchall()


def test_a_follower_killed_at_any_moment_loses_and_doubles_nothing(state: Path, tmp_path: Path) -> None:
    whole, dice, kills = _copied(state, tmp_path), random.Random(5), 0
    catch_up(whole)
    (tmp_path / "other").mkdir()
    copy = _copied(state, tmp_path / "other")
    for _ in range(4):
        with subprocess.Popen([sys.executable, "-c", FOLLOW, str(copy)], stdout=subprocess.PIPE) as follower:
            assert follower.stdout is not None
            follower.stdout.readline()
            time.sleep(0.05 + dice.random() * 0.4)
            kills += follower.poll() is None
            follower.kill()
        _events(copy)
    catch_up(copy, batch=23, segment=40)
    assert kills > 0
    assert _events(copy) == _events(whole)
    assert _counts(copy) == _counts(whole)
    assert len(list(folder_of(copy).glob("*.parquet"))) > 5
    assert not list(folder_of(whole).glob("*.parquet"))


def _key(state: Path) -> bytes:
    with sqlite3.connect(folder_of(state) / INDEX) as index:
        found: bytes = index.execute("select value from meta where name = 'key'").fetchone()[0]
        return found


def _twice(state: Path) -> int:
    with sqlite3.connect(folder_of(state) / INDEX) as index:
        query = "select count(*) from events where seq <= (select max(last) from segments)"
        found: int = index.execute(query).fetchone()[0]
        return found


class Death(BaseException):
    """The process ends here."""


class Mortal(sqlite3.Connection):
    """Dies before its statement of that number; what it had begun is undone, as for a process that is gone."""

    left = 0

    def _live(self) -> None:
        Mortal.left -= 1
        if Mortal.left == 0:
            super().rollback()
            raise Death

    def execute(self, *given: Any) -> sqlite3.Cursor:
        self._live()
        return super().execute(*given)

    def executemany(self, *given: Any) -> sqlite3.Cursor:
        self._live()
        return super().executemany(*given)


def test_it_may_die_before_each_of_its_statements(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _copied(state, tmp_path)
    catch_up(whole)
    (tmp_path / "other").mkdir()
    copy, connect = _copied(state, tmp_path / "other"), sqlite3.connect
    catch_up(copy, at_most=1, batch=30)
    key = _key(copy)

    def mortal(place: object, **more: Any) -> sqlite3.Connection:
        """Only the index's own."""
        found: sqlite3.Connection = connect(place, **more, **({"factory": Mortal} if INDEX in str(place) else {}))
        return found

    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", mortal)
        for number in range(1, 90):
            Mortal.left = number
            with suppress(Death):
                catch_up(copy, batch=40, segment=25, at_most=2)
            Mortal.left = 0
            assert _key(copy) == key, "made anew: what it noted of where it stands was not what it had done"
            assert not _twice(copy), "in a segment and in the index"
    catch_up(copy, batch=40, segment=25)
    assert _events(copy) == _events(whole)
    assert _counts(copy) == _counts(whole)
    assert len(list(folder_of(copy).glob("*.parquet"))) > 3


def test_segments_hold_no_name(state: Path, tmp_path: Path) -> None:
    copy = _copied(state, tmp_path)
    catch_up(copy, segment=50)
    with analytics(copy) as found:
        found.need("events")
        texts = [row[0] for row in found.duck.execute("select properties from events").fetchall()]
    assert any("floor" in text for text in texts)
    assert not any(PERSON in text for text in texts)


def test_what_became_part_of_another_is_told_as_theirs(state: Path, tmp_path: Path) -> None:
    copy = _copied(state, tmp_path)
    catch_up(copy, segment=50)
    with sqlite3.connect(copy) as file, analytics(copy) as found:
        found.need("events")
        keys = {row[0] for row in found.duck.execute("select distinct key from events").fetchall()}
        assert keys <= {row[0] for row in file.execute("select key from profiles")}
