"""`orchestrator kill`, `pause` and `resume` on a state file: what they write, refuse, and show before anything goes on."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestrator.authoring import load_workspace
from orchestrator.bootstrap.engine import open_live
from orchestrator.bootstrap.rails import open_volume
from orchestrator.cli import app
from orchestrator.domain.input import Event
from orchestrator.domain.moment import Controls
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.profile import unseal
from orchestrator.errors import UsageError
from orchestrator.insight.waiting import waiting
from orchestrator.partition.live import Arrival, Live
from orchestrator.stores.sqlite import SqliteFile
from orchestrator.stores.switches import Switches
from tests.integration.small_workspace import write_workspace

runner = CliRunner()


def wall() -> int:
    return time.time_ns() // 1_000_000


class Shop:
    """A state file, and an engine on it that is at work when asked."""

    def __init__(self, folder: Path, policies: str = "") -> None:
        self.now = wall()
        """Stands still: what waits for a second stays where it is."""
        self.workspace, self.state = write_workspace(folder / "shop"), folder / "state.sqlite"
        with (self.workspace / "policies.yaml").open("a", encoding="utf-8") as file:
            file.write(policies)
        self.file = SqliteFile(self.state)
        self.live: Live = self.opened()
        self.numbers = iter(range(1_000))

    def opened(self) -> Live:
        loaded = load_workspace(self.workspace)
        volume = open_volume(self.file, loaded, "ada")
        return open_live(self.file, self.workspace, loaded.program, self.now, volume=volume, by="ada")

    def turn(self, *events: Event) -> list[Outgoing]:
        for number, control in self.file.orders():
            self.live.control(control, number)
        found = self.live.turn([Arrival(n, one) for n, one in enumerate(events)], (), self.now, caught_up=True).outgoing
        while self.live.busy:
            found += self.live.turn((), (), self.now, caught_up=True).outgoing
        return found

    def order(self, user: str) -> list[Outgoing]:
        at, number = self.now, next(self.numbers)
        known = Event(f"i{number}", at, "identify", user_id=user, received_at=at, traits={"email": f"{user}@example.com"})
        bought = {"order_id": f"O-{number}", "total": 10}
        return self.turn(
            known, Event(f"o{number}", at, name="Order Completed", user_id=user, received_at=at, properties=bought)
        )

    def told(self, *given: str, code: int = 0) -> dict[str, Any]:
        result = runner.invoke(app, [*given, "--state", str(self.state), "--format", "json"], catch_exceptions=False)
        assert result.exit_code == code, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    def refused(self, *given: str) -> str:
        with pytest.raises(UsageError) as error:
            runner.invoke(app, [*given, "--state", str(self.state)], catch_exceptions=False, standalone_mode=False)
        return str(error.value)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_kill_holds_everything_and_what_it_held_is_counted_before_it_goes(shop: Shop) -> None:
    assert len(shop.order("ada")) == 1
    assert shop.told("kill", "--by", "ada", "--reason", "wrong text")["on"] is True
    assert shop.order("ben") == []
    assert shop.order("cyd") == []
    assert shop.file.controls().kill
    counted = [{"campaign": "receipt", "channel": "email", "messages": 2, "go": 2}]
    looked = shop.told("kill", "--off", code=2)
    assert (looked["turned"], looked["waiting"]) == (False, counted)
    assert shop.turn() == []
    assert shop.told("kill", "--off", "--yes")["turned"] is True
    assert {one.person for one in shop.turn()} == {"u:ben", "u:cyd"}


def test_a_switch_holds_over_a_restart_and_an_order_given_while_nobody_works_is_taken_first(shop: Shop) -> None:
    shop.told("pause", "--campaign", "receipt")
    shop.live = shop.opened()
    assert shop.order("ada") == []
    assert shop.file.controls() == Controls(campaigns=frozenset({"receipt"}))
    assert shop.file.orders() == []


@pytest.mark.parametrize(
    ("option", "name", "held"),
    [("--channel", "email", "email"), ("--profile", "ada", "u:ada"), ("--provider", "file", "file")],
)
def test_a_pause_is_of_what_it_names_and_ends(shop: Shop, option: str, name: str, held: str) -> None:
    shop.order("ada")
    shop.told("pause", option, name)
    assert shop.order("ada") == []
    assert len(shop.order("ben")) == (1 if option == "--profile" else 0)
    assert held in getattr(shop.file.controls(), f"{option[2:]}s")
    assert shop.told("resume", option, name, "--yes")["waiting"] != []
    assert shop.turn()
    assert shop.file.controls() == Controls()


def test_a_name_that_means_nothing_is_refused_with_the_nearest(shop: Shop) -> None:
    shop.order("ada")
    assert "did you mean `receipt`" in shop.refused("pause", "--campaign", "reciept")
    assert "did you mean `email`" in shop.refused("pause", "--channel", "emial")
    assert "did you mean `sendgrid`" in shop.refused("pause", "--provider", "sendgird")
    assert "no such customer" in shop.refused("pause", "--profile", "nobody")
    assert "two switches" in shop.refused("pause", "--campaign", "receipt", "--channel", "email")
    assert shop.file.orders() == []


def test_what_expired_meanwhile_does_not_go(shop: Shop) -> None:
    shop.told("kill")
    shop.order("ada")
    [(_, stored)] = shop.file.every_profile()
    held = unseal(stored.sealed)
    over = held.messages[0].expires_at
    [late], [in_time] = (waiting(shop.live.engine.around.program, [held], Controls(), at) for at in (over, over - 1))
    assert (late.becomes, in_time.becomes) == ({"expire": 1}, {"go": 1})


def test_the_edge_hears_an_order_before_the_engine_does_and_fails_closed(shop: Shop, tmp_path: Path) -> None:
    [leaving] = shop.order("ada")
    assert Switches(shop.state, {"email": "file"}).let(leaving)
    for held in (("kill",), ("pause",), ("pause", "--campaign", "receipt"), ("pause", "--provider", "file")):
        shop.told(*held)
        assert not Switches(shop.state, {"email": "file"}).let(leaving)
        shop.told("kill", "--off", "--yes") if held == ("kill",) else shop.told("resume", *held[1:], "--yes")
        assert Switches(shop.state, {"email": "file"}).let(leaving)
    assert not Switches(tmp_path / "none.sqlite", {}).let(leaving)


def test_threads_that_look_at_the_switches_at_once_all_get_an_answer(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.stores.switches.LOOK_S", 0.0)
    [leaving] = shop.order("ada")
    switches = Switches(shop.state, {"email": "file"})
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(switches.let, [leaving] * 2_000))
    assert all(answers)
