"""A history says what was decided, whatever happens to whoever writes it."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.input import Event, Receipt
from orchestrator.errors import StoreError
from orchestrator.history import MessageFilter, catch_up, folder_of, follower, open_history
from orchestrator.history.follower import INDEX, Caught
from orchestrator.stores.sqlite import SqliteFile
from tests.unit.history.worlds import ADDRESS, DAY, PERSON, START, Shop

DAYS = 220


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Shop]]:
    folder = tmp_path_factory.mktemp("shop")
    state = folder / "shop.sqlite"
    shop = Shop(folder / "workspace", state)
    shop.live(DAYS)
    catch_up(state)
    yield state, shop
    shop.close()


def test_who_stands_where_is_what_the_profiles_say(shop: tuple[Path, Shop]) -> None:
    state, world = shop
    truth = Counter(world.engine.partitions[0].record(key).profile.stage for key, _ in world.file.every_profile())  # type: ignore[union-attr]
    with open_history(state) as history:
        assert history.standing() == truth
        assert history.lag().behind == 0


def test_flows_are_the_transitions_that_were_decided(shop: tuple[Path, Shop]) -> None:
    state, world = shop
    truth = Counter((at // DAY, source, target) for at, _, source, target, _ in world.collected.transitions)
    with open_history(state) as history:
        flows = history.flows()
        assert {(flow.day, flow.source, flow.target): flow.n for flow in flows} == truth
        days = sorted({flow.day for flow in flows})
        some = history.flows(days[1], days[2])
        assert some == [flow for flow in flows if flow.day in days[1:3]]
        assert sum(stay.n for stay in history.stays()) == sum(flow.n for flow in flows)


def test_campaigns_count_what_replay_counts(shop: tuple[Path, Shop]) -> None:
    state, world = shop
    collected = world.collected
    with open_history(state) as history:
        found: Counter[tuple[str, str]] = Counter()
        for row in history.campaigns():
            found[row.campaign, row.what] += row.n
    for campaign in ("cart", "win-back"):
        states = Counter(change.state for _, change in collected.messages.values() if change.campaign == campaign)
        assert found[campaign, "triggered"] == collected.entered[campaign] > 0
        assert found[campaign, "held_out"] == collected.held_out[campaign]
        assert found[campaign, "converted"] == collected.goals[campaign] > 0
        assert found[campaign, "converted_held_out"] == collected.goals_held[campaign]
        assert found[campaign, "planned"] == states.total() > 0
        assert found[campaign, "suppressed"] == states["suppressed"]
        assert found[campaign, "sent"] == states["accepted"] + states["delivered"] > 0
        assert found[campaign, "opened"] >= found[campaign, "clicked"]
    assert collected.held_out["win-back"] > 0
    assert found["cart", "opened"] > found["cart", "clicked"] > 0


def test_who_unsubscribes_by_a_message_counts_once_however_it_is_told(tmp_path: Path) -> None:
    """By our own page a consent is withdrawn, of one topic or of each; a provider tells it as an event of its own."""
    world = Shop(tmp_path / "workspace", tmp_path / "shop.sqlite")
    world.live(30)
    (key, ident), (other, told), (third, kept) = world.sent[:3]
    at = world.engine.clock
    for number, (whose, message) in enumerate([(key, ident), (key, ident), (third, "000000000000000000000000")]):
        stored = world.file.partition(0).read(whose)
        assert stored is not None
        given = {"topic": "offers", "channel": "email", "message_id": message}
        event = Event(f"w{number}", at, name="Consent Withdrawn", user_id=stored.raw[2:], received_at=at, properties=given)
        world.engine.feed(event, at)
    for number, (whose, message) in enumerate([(key, ident), (other, told)]):
        world.engine.give(whose, Receipt(message, f"u{number}", "unsubscribed", at, "email"), at)
    world.engine.commit()
    catch_up(tmp_path / "shop.sqlite")
    with open_history(tmp_path / "shop.sqlite") as history:
        assert sum(row.n for row in history.campaigns() if row.what == "unsubscribed") == 2
        found = [history.message(one) for one in (ident, told, kept)]
        assert [one is not None and one.unsubscribed is not None for one in found] == [True, True, False]
    world.close()


def test_messages_are_found_by_what_they_are(shop: tuple[Path, Shop]) -> None:
    state, world = shop
    truth = {ident: (change.campaign, change.state) for ident, (_, change) in world.collected.messages.items()}
    with open_history(state) as history:
        rows, after = [], None
        while True:
            page = history.messages(after=after, limit=7)
            rows += page.rows
            if (after := page.more) is None:
                break
        assert {row.id: (row.campaign, row.state) for row in rows} == truth
        assert [row.planned for row in rows] == sorted((row.planned for row in rows), reverse=True)
        opened = [row for row in rows if row.opened is not None]
        assert opened
        assert history.message(opened[0].id) == opened[0]
        kept = MessageFilter(campaign="win-back", state="delivered", planned_from=START + 100 * DAY)
        assert history.messages(kept, limit=500).rows == [
            row for row in rows if (row.campaign, row.state) == ("win-back", "delivered") and row.planned >= START + 100 * DAY
        ]


def test_a_message_knows_its_run_and_arm(shop: tuple[Path, Shop]) -> None:
    state, _ = shop
    with open_history(state) as history:
        runs = {run.id: run for run in history.runs("win-back")}
        messages = history.messages(MessageFilter(campaign="win-back"), limit=500).rows
        assert {message.arm for message in messages} == {"plain", "again"}
        assert all(message.arm == runs[message.run].arm for message in messages)
        assert all(message.key == runs[message.run].key for message in messages)
        counts = {(row.step, row.arm, row.what): row.n for row in history.steps("win-back")}
        for arm in ("plain", "again"):
            assert counts["split-offer", "", arm] == sum(run.arm == arm for run in runs.values())
        assert counts["", "", "held_out"] == sum(run.held for run in runs.values())


def test_runs_under_way_are_those_that_profiles_have(shop: tuple[Path, Shop]) -> None:
    state, world = shop
    truth: Counter[str] = Counter()
    for key, _ in world.file.every_profile():
        record = world.engine.partitions[0].record(key)
        assert record is not None
        truth.update(run.campaign for run in record.profile.runs if not run.ended)
    with open_history(state) as history:
        found: Counter[str] = Counter()
        for (campaign, _), n in history.under_way().items():
            found[campaign] += n
        assert found == truth
        assert truth.total() > 0
        assert history.under_way("cart") == {key: n for key, n in history.under_way().items() if key[0] == "cart"}


def test_what_became_part_of_another_is_told_as_theirs(shop: tuple[Path, Shop]) -> None:
    state, world = shop
    known = {key for key, _ in world.file.every_profile()}
    assert world.collected.moved
    index = sqlite3.connect(folder_of(state) / INDEX)
    for table in ("places", "runs", "messages"):
        assert {row[0] for row in index.execute(f"select key from {table}")} <= known  # noqa: S608 - a constant
    assert dict(index.execute("select key, home from moved")) == {
        old: world.collected.home(old) for old in world.collected.moved
    }
    index.close()


def test_no_name_and_no_address_is_in_it(shop: tuple[Path, Shop]) -> None:
    state, _ = shop
    everything = b"".join(path.read_bytes() for path in folder_of(state).rglob("*") if path.is_file())
    assert b"floor" in everything
    for private in (PERSON, ADDRESS, "a1-", "p17"):
        assert private.encode() not in everything


def _dump(state: Path) -> list[str]:
    index = sqlite3.connect(folder_of(state) / INDEX)
    key = index.execute("select value from meta where name = 'key'").fetchone()[0].hex()
    lines = [line for line in index.iterdump() if "INSERT INTO" in line and '"meta"' not in line and '"events"' not in line]
    index.close()
    return sorted(line for line in lines if key not in line)


def test_it_goes_on_where_it_was(shop: tuple[Path, Shop], tmp_path: Path) -> None:
    state, world = shop
    whole = _dump(state)
    copy = tmp_path / "copy.sqlite"
    with sqlite3.connect(copy) as target:
        world.file.connection.backup(target)
    batches = 0
    while catch_up(copy, at_most=1, batch=97).rows:
        batches += 1
        index = sqlite3.connect(folder_of(copy) / INDEX, isolation_level=None)
        index.execute("begin immediate")  # what a process that dies leaves: a transaction that nobody ends
        index.execute("delete from runs")
        index.close()
    assert batches > 2
    assert _dump(copy) == whole


def test_a_follower_that_has_everything_rests_though_more_may_come_at_once(
    shop: tuple[Path, Shop], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look opens, commits and checkpoints, on the disk that the engine waits for."""
    copy = tmp_path / "copy.sqlite"
    with sqlite3.connect(copy) as target:
        shop[1].file.connection.backup(target)
    done: list[object] = []

    def look(state: Path, **given: Any) -> Caught:
        done.append(found := catch_up(state, batch=1_000, **given))
        return found

    monkeypatch.setattr(follower, "BATCH_ROWS", 1_000)
    monkeypatch.setattr(follower, "catch_up", look)
    monkeypatch.setattr(time, "sleep", done.append)
    follower.follow(copy, lambda: 7.0 in done, 7.0)
    *full, last, rest = done
    assert rest == 7.0
    assert isinstance(last, Caught)
    assert 0 < last.rows < 1_000
    assert full
    assert all(isinstance(one, Caught) and one.rows == 1_000 for one in full)


def test_another_file_or_another_layout_makes_it_anew(shop: tuple[Path, Shop], tmp_path: Path) -> None:
    state, world = shop
    copy = tmp_path / "copy.sqlite"
    first = Shop(tmp_path / "workspace", copy)
    first.live(20, seed=2)
    first.close()
    catch_up(copy)
    copy.unlink()
    with sqlite3.connect(copy) as target:
        world.file.connection.backup(target)
    catch_up(copy)
    assert _dump(copy) == _dump(state)
    index = sqlite3.connect(folder_of(copy) / INDEX)
    index.execute("update meta set value = 'another' where name = 'layout'")
    index.execute("drop table runs")
    index.commit()
    index.close()
    with pytest.raises(StoreError, match="another layout"), open_history(copy):
        pass
    catch_up(copy)
    assert _dump(copy) == _dump(state)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="name the file given to --state"):
        catch_up(tmp_path / "absent.sqlite")
    SqliteFile(tmp_path / "new.sqlite").close()
    with pytest.raises(StoreError, match="no history"), open_history(tmp_path / "new.sqlite"):
        pass
    catch_up(tmp_path / "new.sqlite")
    with open_history(tmp_path / "new.sqlite") as history:
        assert history.standing() == {}
        assert history.messages().rows == []
