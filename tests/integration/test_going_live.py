"""What a start does to a state file: which program goes live, who is looked at, which earlier programs are compiled."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from orchestrator.authoring import load_program, load_snapshot
from orchestrator.bootstrap.engine import open_live, run_engine
from orchestrator.domain.input import Activation, Event, Visit
from orchestrator.domain.program import Program
from orchestrator.insight.explain import explain
from orchestrator.partition import live as live_module
from orchestrator.partition.live import Arrival, Live
from orchestrator.stores.reader import open_reader
from orchestrator.stores.sqlite import SqliteFile
from tests.integration.serving import rows_of
from tests.integration.small_workspace import write_workspace

NOW = 1_800_000_000_000
HOUR = 3_600_000


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite"


@pytest.fixture
def file(state: Path) -> Iterator[SqliteFile]:
    opened = SqliteFile(state)
    yield opened
    opened.close()


def started(file: SqliteFile, folder: Path, lesson: str = "lesson-old", now: int = NOW) -> Live:
    """A start on that file, with the workspace as it is then."""
    workspace = write_workspace(folder / "workspace", lesson)
    return open_live(file, workspace, load_program(workspace), now)


def taken(live: Live, *events: Event, now: int = NOW) -> None:
    """A turn with these events, then as many as there is work for."""
    live.turn([Arrival(1, event) for event in events], [], now, caught_up=True)
    while live.busy:
        live.turn([], [], now, caught_up=True)


def begun(user: str, at: int = NOW) -> Event:
    return Event(f"course {user}", at, name="Course Begun", user_id=user, received_at=at)


def activations(state: Path) -> list[str]:
    with open_reader(state) as reader:
        return [msgspec.msgpack.decode(row.given, type=Activation).program for row in reader.partition_rows()]


def visits(state: Path) -> int:
    with open_reader(state) as reader:
        return sum(isinstance(given, Visit) for _, given in rows_of(reader))


def test_a_program_goes_live_once(file: SqliteFile, state: Path, tmp_path: Path) -> None:
    first = started(file, tmp_path).engine.around.program.name
    assert started(file, tmp_path).engine.around.program.name == first
    second = started(file, tmp_path, "lesson-new").engine.around.program.name
    assert started(file, tmp_path).engine.around.program.name == first
    assert activations(state) == [first, second, first]


def test_a_start_that_dies_while_going_live_leaves_nothing_and_the_next_one_does_it(
    file: SqliteFile, state: Path, tmp_path: Path
) -> None:
    file.connection.execute("create trigger dying before insert on journal begin select raise(abort, 'killed'); end")
    with pytest.raises(sqlite3.IntegrityError, match="killed"):
        started(file, tmp_path)
    file.connection.execute("drop trigger dying")
    assert activations(state) == []
    again = SqliteFile(state)
    name = started(again, tmp_path).engine.around.program.name
    again.close()
    assert activations(state) == [name]


def test_an_engine_whose_edge_has_died_meanwhile_changes_nothing(state: Path, tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs:
        run_engine(write_workspace(tmp_path / "workspace"), state, theirs)
    assert not state.exists()


def test_everyone_is_looked_at_after_an_activation_and_not_after_a_restart(
    file: SqliteFile, state: Path, tmp_path: Path
) -> None:
    taken(started(file, tmp_path), begun("ada"), begun("bob"))
    taken(started(file, tmp_path))
    assert visits(state) == 0
    taken(started(file, tmp_path, "lesson-new"))
    assert visits(state) == 2
    taken(started(file, tmp_path, "lesson-new"))
    assert visits(state) == 2


def test_a_look_at_everyone_goes_on_where_the_last_life_left_it(file: SqliteFile, state: Path, tmp_path: Path) -> None:
    most = live_module.VISITS
    taken(started(file, tmp_path), *(begun(f"user {number}") for number in range(most + 1)))
    started(file, tmp_path, "lesson-new").turn([], [], NOW, caught_up=True)
    assert visits(state) == most
    taken(started(file, tmp_path, "lesson-new"))
    assert visits(state) == most + 1


def test_only_programs_that_someone_is_in_flight_on_are_compiled(file: SqliteFile, tmp_path: Path) -> None:
    first = started(file, tmp_path)
    course = first.engine.around.program.campaigns["course"].steps.version
    taken(first, begun("ada"))
    taken(started(file, tmp_path, "lesson-new"))
    still = started(file, tmp_path, "lesson-new")
    assert still.standing.earlier() == [first.engine.around.program.name]
    assert list(still.engine.around.program.pinned) == [course]
    taken(still, begun("bob", NOW + HOUR), now=NOW + HOUR)
    taken(started(file, tmp_path, "offer", NOW + HOUR), now=NOW + HOUR)
    last = started(file, tmp_path, "offer", NOW + HOUR)
    assert last.standing.earlier() == [still.engine.around.program.name]
    assert course not in last.engine.around.program.pinned


def test_steps_that_a_merge_moves_to_someone_who_was_looked_at_already_stay(file: SqliteFile, tmp_path: Path) -> None:
    live = started(file, tmp_path)
    known = Event("known", NOW, type="identify", user_id="ada", received_at=NOW)
    anonymous = Event("course", NOW, name="Course Begun", anonymous_id="phone", received_at=NOW)
    taken(live, known, anonymous)
    engine = live.engine
    engine.begin_look()
    assert engine.visit(1) is None
    assert engine.cursors.look is not None
    assert engine.cursors.look.seen == []
    engine.feed(Event("both", NOW, type="identify", user_id="ada", anonymous_id="phone", received_at=NOW), NOW)
    assert engine.visit(9) == {engine.around.program.campaigns["course"].steps.version}


def test_a_merge_while_everyone_is_looked_at_survives_a_crash(
    file: SqliteFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "VISITS", 1)
    known = Event("known", NOW, type="identify", user_id="ada", received_at=NOW)
    anonymous = Event("course", NOW, name="Course Begun", anonymous_id="phone", received_at=NOW)
    first = started(file, tmp_path)
    taken(first, known, anonymous)
    course = first.engine.around.program.campaigns["course"].steps.version
    started(file, tmp_path, "lesson-new").turn([], [], NOW, caught_up=True)
    both = Event("both", NOW, type="identify", user_id="ada", anonymous_id="phone", received_at=NOW)
    started(file, tmp_path, "lesson-new").turn([Arrival(1, both)], [], NOW, caught_up=False)
    taken(started(file, tmp_path, "lesson-new"))
    assert course in started(file, tmp_path, "lesson-new").engine.around.program.pinned


def test_a_run_stays_on_its_steps_where_only_another_campaign_still_has_them(file: SqliteFile, tmp_path: Path) -> None:
    twin = tmp_path / "workspace" / "campaigns" / "twin.yaml"
    started(file, tmp_path)
    course = (twin.parent / "course.yaml").read_text(encoding="utf-8")
    twin.write_text(course.replace("campaign: course", "campaign: twin"), encoding="utf-8")
    taken(started(file, tmp_path), begun("ada"))
    live = started(file, tmp_path, "lesson-new")
    taken(live)
    record = live.engine.partitions[0].find("u:ada")
    assert record is not None
    program = live.engine.around.program
    assert {run.campaign for run in record.profile.runs} == {"course", "twin"}
    assert all(program.steps_of(run.version) is not None for run in record.profile.runs)


def test_explain_tells_each_step_by_the_rules_that_were_live_then(file: SqliteFile, state: Path, tmp_path: Path) -> None:
    first = started(file, tmp_path)
    taken(first, begun("ada"))
    live = started(file, tmp_path, "lesson-new", now=NOW + HOUR)
    (tmp_path / "workspace" / "campaigns" / "course.yaml").unlink()
    taken(live, begun("bob", NOW + HOUR), now=NOW + 40 * 24 * HOUR)
    gone = load_program(tmp_path / "workspace")
    assert "course" not in gone.campaigns
    with open_reader(state) as reader:

        def compiled(name: str) -> Program:
            content = reader.program(name)
            assert content is not None
            return load_snapshot(content).program

        told = explain(gone, reader, "ada", compiled=compiled)
        blind = explain(gone, reader, "ada")
    assert (told.edited, told.otherwise) == (True, 0)
    for one in (told, blind):
        assert next(entry["outcome"] for entry in one.entries if entry["campaign"] == "course") == "entered"
    assert blind.otherwise > 0


def test_a_without_that_comes_later_is_live_since_then(file: SqliteFile, tmp_path: Path) -> None:
    started(file, tmp_path)
    campaign = tmp_path / "workspace" / "campaigns" / "quiet.yaml"
    campaign.write_text(
        "campaign: quiet\nstage: retention\ntopic: offers\non: {without: Order Completed, for: 30d}\n"
        "then: [{send: {template: offer, channel: email}}]\n",
        encoding="utf-8",
    )
    assert set(started(file, tmp_path, now=NOW + 1).standing.live_since.values()) == {NOW + 1}
    assert set(started(file, tmp_path, now=NOW + 2).standing.live_since.values()) == {NOW + 1}


def test_a_turn_in_which_nothing_happens_writes_nothing(file: SqliteFile, state: Path, tmp_path: Path) -> None:
    live = started(file, tmp_path)
    taken(live)
    with sqlite3.connect(state) as other:
        before = other.execute("pragma data_version").fetchone()
        live.turn([], [], NOW + HOUR, caught_up=True)
        assert other.execute("pragma data_version").fetchone() == before
        taken(live, begun("ada"))
        assert other.execute("pragma data_version").fetchone() != before
    other.close()
