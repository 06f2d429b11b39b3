"""The mirror of workers: one file of all partitions that says what their topics say, whoever dies on the way."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import astuple, replace
from itertools import count
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from msgspec import structs

from orchestrator.authoring import load_workspace
from orchestrator.bootstrap.mirror import addressed, facts_of
from orchestrator.bootstrap.rails import PUBLISHED, published_of
from orchestrator.delivery.governor import OpenGovernor
from orchestrator.delivery.lending import RAILS
from orchestrator.delivery.permits import Rails
from orchestrator.delivery.permits import encode as encode_permit
from orchestrator.delivery.virtual import VirtualWire
from orchestrator.delivery.volume import Rail
from orchestrator.domain.alarms import Tally, encode, watched
from orchestrator.domain.input import Adopt, Control, Event
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import unseal
from orchestrator.domain.program import Program
from orchestrator.errors import StoreError
from orchestrator.history import catch_up, open_history
from orchestrator.insight.accepted import given_of, given_of_partition
from orchestrator.partition.alarms import ALARMS, fact_of, tallies_in
from orchestrator.partition.engine import Engine, home_of
from orchestrator.partition.mending import END, REDRIVE
from orchestrator.partition.partition import Surroundings
from orchestrator.partition.ports import Changes, DeadLetter, JournalRow
from orchestrator.stores.kafka.mirrored import mirrored
from orchestrator.stores.kafka.mirroring import Mirror, _opened
from orchestrator.stores.kafka.records import changelog_of
from orchestrator.stores.kafka.rejects import refused
from orchestrator.stores.kafka.topics import Topics
from orchestrator.stores.mirror import MirrorFile
from orchestrator.stores.orders import put_order
from orchestrator.stores.reader import open_reader
from orchestrator.stores.rejects import Told as Bad
from orchestrator.stores.rejects import read_rejects
from orchestrator.stores.spread import Spread
from orchestrator.stores.sqlite import SqliteFile
from tests.unit.history.worlds import DAY, START, write_workspace, year
from tests.unit.stores.logs import NAME, Admin, BrokenError, Deployment, Reader

PARTITIONS = 3
DAYS = 130


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return load_workspace(write_workspace(tmp_path_factory.mktemp("workspace"))).program


@pytest.fixture(scope="module")
def apart(program: Program) -> Deployment:
    """A season of customers who never tell two ids at once."""
    world = Deployment(program, PARTITIONS)
    world.feed(_season(joins=False))
    world.advance(START + DAYS * DAY)
    return world


@pytest.fixture(scope="module")
def joined(program: Program) -> Deployment:
    """The same with anonymous visitors who become known, most of them in another partition."""
    world = Deployment(program, PARTITIONS)
    world.feed(_season(joins=True))
    world.advance(START + DAYS * DAY)
    return world


def _season(*, joins: bool, people: int = 26) -> Iterator[Event]:
    every = year(random.Random(5), DAYS, people)
    return (one for one in every if joins or one.user_id is None or one.anonymous_id is None)


class Dying(MirrorFile):
    """A file whose process ends at the given step of its writing."""

    steps = 1 << 60

    def _step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise BrokenError

    def _write(self, one: Changes) -> None:
        self._step()
        super()._write(one)
        self._step()

    def _note_last(self) -> None:
        self._step()
        super()._note_last()
        self._step()

    def commit(self, changes: list[Changes]) -> None:
        super().commit(changes)
        self._step()


async def _live(world: Deployment, path: Path, seed: int, reads: int = 1 << 60, writes: int = 1 << 60) -> None:
    """One life of a mirror, until it has everything or breaks."""
    reader = Reader(world, seed, reads)
    given = world.given(path)
    reader.assign(list(given.places()))
    file = await _opened(given, cast("Any", reader))
    file.close()
    file = Dying(path, world.partitions)
    file.steps = writes
    try:
        mirror = Mirror(given, cast("Any", reader), cast("Any", Admin()), file)
        await mirror.begin()
        while not (_read(reader, world) and all(not one.waiting for one in mirror._gathered)):
            await mirror.turn()
        mirror._looked = -1e9
        await mirror.turn()
    finally:
        file.close()


def _read(reader: Reader, world: Deployment) -> bool:
    return all(at >= world.ends[place] for place, at in reader._at.items())


def mirror(world: Deployment, path: Path, seed: int = 1) -> Path:
    asyncio.run(_live(world, path, seed))
    return path


def says(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All that a file says, in no order; of rows that have one, not their place."""
    connection = sqlite3.connect(path)
    tables = ("profiles", "journal", "ids", "redirects", "facts", "partitions", "dead_letters", "tasks", "doubts", "reached")
    found = {name: sorted(connection.execute(f"select * from {name}"), key=repr) for name in tables}  # noqa: S608 - names
    connection.close()
    return found


def histories(path: Path) -> dict[str, list[tuple[bytes, bytes, int]]]:
    """Everybody's rows by raw id; keys in them are the file's own."""
    with open_reader(path) as reader:
        return {stored.raw: _rows(reader.history(key)) for key, stored in reader.everybody()}


def _rows(rows: Sequence[Any]) -> list[tuple[bytes, bytes, int]]:
    return [(b"" if isinstance(given_of(row.given), Adopt) else row.given, row.decision, row.clock) for row in rows]


def test_everybody_has_the_bytes_and_the_rows_that_their_partition_gave_them(joined: Deployment, tmp_path: Path) -> None:
    path = mirror(joined, tmp_path / "mirror.sqlite")
    with open_reader(path) as reader:
        assert {stored.raw: stored.sealed for _, stored in reader.everybody()} == joined.states()
        assert all(reader.read(reader.key_of(raw) or 0) for raw in joined.states())
        clocks = [work.clock for work in joined.works]
        assert reader.clocks() == clocks
        assert [one.decided for one in reader.workers()] == [work.inputs for work in joined.works]
        assert {(one.left, one.unread) for one in reader.workers()} == {(0, 0)}
    assert histories(path) == {raw: _rows(rows) for raw, rows in joined.journals().items()}


def test_the_history_over_it_is_that_of_one_file_with_the_same_inputs(
    program: Program, apart: Deployment, tmp_path: Path
) -> None:
    file = SqliteFile(tmp_path / "one.sqlite", partitions=PARTITIONS, synchronous="OFF")
    around = Surroundings(program, OpenGovernor(), VirtualWire(), Controls(addresses=False))
    engine = Engine([file.partition(number) for number in range(PARTITIONS)], around)
    for event in _season(joins=False):
        engine.feed(event, event.received_at)
    engine.advance(START + DAYS * DAY)
    engine.commit()
    path = mirror(apart, tmp_path / "mirror.sqlite")
    assert {stored.raw: stored.sealed for _, stored in file.every_profile()} == apart.states()
    assert histories(path) == histories(tmp_path / "one.sqlite")
    file.close()
    assert told(path) == told(tmp_path / "one.sqlite")


def told(path: Path) -> list[Any]:
    """What a history over that file says, without keys."""
    catch_up(path)
    with open_history(path) as history, open_reader(path) as reader:
        names = {key: stored.raw for key, stored in reader.everybody()}
        messages = history.messages(limit=500).rows
        assert messages
        runs = [astuple(replace(one, key=0)) for name in ("cart", "win-back") for one in history.runs(name)]
        return [
            history.standing(),
            history.flows(),
            history.stays(),
            sorted(history.campaigns()),
            history.last_triggered(),
            history.steps("cart"),
            history.steps("win-back"),
            history.under_way(),
            sorted(runs, key=repr),
            [(names[one.key], replace(one, key=0)) for one in messages],
            history.lag().behind,
        ]


@pytest.mark.parametrize("seed", range(2))
def test_what_comes_in_which_order_changes_nothing_that_is_counted(joined: Deployment, tmp_path: Path, seed: int) -> None:
    """An adoption may be read before the last rows of who was adopted."""
    path = mirror(joined, tmp_path / "mirror.sqlite", seed)
    assert says(path) == says(mirror(joined, tmp_path / "other.sqlite", seed + 100))
    catch_up(path, batch=97)
    with open_history(path) as history:
        stages = Counter(unseal(sealed).stage for sealed in joined.states().values())
        assert history.standing() == stages
        found = Counter[tuple[str, str]]()
        for row in history.campaigns():
            found[row.campaign, row.what] += row.n
        for campaign in ("cart", "win-back"):
            assert found[campaign, "triggered"] == joined.collected.entered[campaign] > 0
            assert found[campaign, "converted"] == joined.collected.goals[campaign]
        assert sum(flow.n for flow in history.flows()) == len(joined.collected.transitions)
        with open_reader(path) as reader:
            keys = {key for key, _ in reader.everybody()}
        assert {one.key for one in history.messages(limit=500).rows} <= keys
        assert {one.key for name in ("cart", "win-back") for one in history.runs(name)} <= keys


def test_a_mirror_that_ends_between_any_two_steps_goes_on_and_loses_and_doubles_nothing(
    program: Program, tmp_path: Path
) -> None:
    world = Deployment(program, PARTITIONS)
    world.feed(_season(joins=True, people=4))
    world.advance(START + DAYS * DAY)
    whole = says(mirror(world, tmp_path / "whole.sqlite"))
    for kind in ("reads", "writes"):
        path = tmp_path / f"{kind}.sqlite"
        for step in count():
            try:
                asyncio.run(_live(world, path, 1, **{kind: step}))
            except BrokenError:
                continue
            break
        assert step > 10
        assert says(path) == whole


def test_it_goes_on_behind_a_changelog_that_was_compacted(program: Program, tmp_path: Path) -> None:
    world = Deployment(program, PARTITIONS)
    events = list(_season(joins=True, people=9))
    world.feed(events[:60])
    path = mirror(world, tmp_path / "mirror.sqlite")
    world.feed(events[60:])
    whole = says(mirror(world, tmp_path / "whole.sqlite"))
    world.compact(keep=5)
    assert says(mirror(world, path)) == whole
    assert says(mirror(world, tmp_path / "late.sqlite")) == whole


def test_it_is_made_anew_where_the_topics_are_others(joined: Deployment, apart: Deployment, tmp_path: Path) -> None:
    path = mirror(apart, tmp_path / "mirror.sqlite")
    assert says(mirror(joined, path)) == says(mirror(joined, tmp_path / "whole.sqlite"))
    path.write_bytes(b"not a file of ours")
    assert says(mirror(joined, path)) == says(mirror(joined, tmp_path / "whole.sqlite"))


def test_bad_events_stand_beside_it_and_go_with_it(program: Program, tmp_path: Path) -> None:
    world, aside, path = Deployment(program, PARTITIONS), Topics.of(NAME).rejected, tmp_path / "mirror.sqlite"
    world.log(aside, 0, [refused(Bad(DAY, "shop", "no name", "{}")), (b"-", b"of somebody else")])
    mirror(world, path)
    world.log(aside, 2, [refused(Bad(DAY + 1, "site", "no id", "[]"))])
    mirror(world, path)
    mirror(world, path)
    assert [(one.at, one.source) for one in read_rejects(path, None, 9)] == [(DAY + 1, "site"), (DAY, "shop")]
    other = Deployment(program, PARTITIONS)
    mirror(other, path)
    assert read_rejects(path, None, 9) == []


def test_a_journal_that_lost_its_beginning_holds_nothing_up(program: Program, tmp_path: Path) -> None:
    world = Deployment(program, PARTITIONS)
    world.feed(_season(joins=True, people=9))
    for place, log in world.topics.items():
        if place.topic.endswith("journal"):
            del log[: len(log) - 1 if place.partition == 0 else 10]
    path = mirror(world, tmp_path / "mirror.sqlite")
    with open_reader(path) as reader:
        assert {stored.raw: stored.sealed for _, stored in reader.everybody()} == world.states()


def test_orders_are_told_once_and_a_mirror_takes_none(program: Program, tmp_path: Path) -> None:
    world = Deployment(program, PARTITIONS)
    world.feed(_season(joins=False, people=5))
    pause = Control("pause", on=True, campaign="cart", actor="ada", reason="prices")
    world.order(pause)
    path = mirror(world, tmp_path / "mirror.sqlite")
    with open_reader(path) as reader:
        assert [given for row in reader.partition_rows() if (given := _order(row.given))] == [pause]
        for key, _ in reader.everybody():
            rows = reader.partition_rows(key)
            assert [given for row in rows if (given := _order(row.given))] == [pause]
            assert {row.seq % PARTITIONS for row in rows} == {key % PARTITIONS}
        assert reader.controls().campaigns == {"cart"}
    with pytest.raises(StoreError, match="it mirrors workers on Kafka"):
        put_order(path, pause)
    with pytest.raises(StoreError, match="its layout is mirror"):
        SqliteFile(path, partitions=PARTITIONS)


def test_an_order_about_one_customer_is_told_beside_those_of_their_partition_alone(program: Program, tmp_path: Path) -> None:
    """Whatever partition that is: `explain` asks beside a customer whose word it was."""
    world = Deployment(program, PARTITIONS)
    world.feed(_season(joins=False))
    orders = {}
    for raw in world.states():
        home = home_of(raw, PARTITIONS)
        orders[home] = Control(END, on=True, profile=raw, actor="ada", reason="they asked")
    for home, order in orders.items():
        world.works[home].engine.control(order)
    world.settle()
    with open_reader(mirror(world, tmp_path / "mirror.sqlite")) as reader:
        assert set(orders) == set(range(PARTITIONS))
        for key, _ in reader.everybody():
            rows = reader.partition_rows(key)
            assert [given for row in rows if (given := _order(row.given))] == [orders[key % PARTITIONS]]


def _order(given: bytes) -> Control | None:
    found = given_of_partition(given)
    return found if isinstance(found, Control) else None


def test_homes_are_spread_so_that_most_joins_cross(joined: Deployment) -> None:
    crossing = [n for n in range(30) if home_of(f"a:a{n}", PARTITIONS) != home_of(f"u:p{n}", PARTITIONS)]
    assert len(crossing) > 10
    assert any(work.file.redirects for work in joined.works)


def test_a_dead_letter_and_what_mends_it_have_one_number() -> None:
    """There and back: the page names what its partition knows by another number."""
    spread, given = Spread(PARTITIONS), msgspec.msgpack.encode(Event("m", 1, name="Odd"))
    order = Control(REDRIVE, on=True, letter=5, key=2, given=given)
    died = Changes(0, dead=[DeadLetter(5, 2, 7, given, "cause")])
    row = JournalRow(6, 0, 0, 7, msgspec.msgpack.encode(order), b"")
    found = mirrored(spread, 1, dict(changelog_of(died)), [row], 7)
    assert found.dead == [DeadLetter(16, 7, 7, given, "cause")]
    shown = _order(found.journal[0].given)
    assert shown == structs.replace(order, letter=16, key=7)
    assert found.journal[0].key == 0
    assert addressed(spread, "", shown) == (1, order)
    assert mirrored(spread, 1, dict(changelog_of(Changes(0, redriven=[5]))), [], 7).redriven == [16]


def test_what_mends_one_customer_goes_to_the_partition_that_has_them_now() -> None:
    control = Control(END, on=True, profile="a:a1")
    assert addressed(Spread(PARTITIONS), "u:p1", control) == (
        home_of("u:p1", PARTITIONS),
        structs.replace(control, profile="u:p1"),
    )


def test_alarms_are_judged_over_what_every_partition_has_counted() -> None:
    spread, file = Spread(2), dict[str, bytes]()
    for number in range(2):
        tally = Tally("cart", "sends", DAY, at_least=3, since=1)
        tally.add(START)
        told = Changes(0, facts={ALARMS: b'["sends/cart"]', fact_of(tally.name): encode(tally), "standing": b"%d" % number})
        file |= mirrored(spread, number, dict(changelog_of(told)), [], 7).facts
    (found,) = watched(tallies_in(file.get), START + 1)
    assert (found.campaign, found.number) == ("cart", 2)
    assert file["standing"] == b"0"


def test_what_a_governor_notes_is_told_as_a_state_file_tells_it() -> None:
    noted = facts_of(RAILS, encode_permit(Rails("p", "ada", [Rail("cart", "c1", "ada")])))
    assert published_of(noted[PUBLISHED]) == {"cart": ("c1", "ada")}
    assert facts_of("volume/cart", b"x") == {"volume/cart": b"x"}
    assert facts_of("applied", b"x") == {}
