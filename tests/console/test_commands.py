"""`account`, `letters` and `end`: what operators do on a command line instead; and the console that `serve` starts."""

from __future__ import annotations

import json
import socket
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrator.cli import app
from orchestrator.console.accounts import Role, accounts_of
from orchestrator.domain.profile import unseal
from orchestrator.errors import UsageError
from orchestrator.stores.reader import open_reader
from orchestrator.stores.rejects import read_rejects
from tests.console.shop import LIBRARY, POISON, Shop, wall
from tests.integration.serving import PATIENCE_S, until
from tests.integration.serving import start as serve

runner = CliRunner()


def run(*given: str, stdin: str | None = None) -> str:
    result = runner.invoke(app, [*given], input=stdin, catch_exceptions=False, standalone_mode=False)
    return result.output


def test_accounts_are_made_listed_and_removed(tmp_path: Path) -> None:
    state = tmp_path / "shop.sqlite"
    run("account", "olga", "--role", "operator", "--state", str(state), stdin="a long and good one\n")
    assert run("account", "--state", str(state)) == "olga  operator\n"
    found = accounts_of(state).verify("olga", "a long and good one")
    assert found is not None
    assert found.role is Role.operator
    with pytest.raises(UsageError):
        run("account", "vito", "--state", str(state), stdin="short\n")
    run("account", "olga", "--remove", "--state", str(state))
    assert run("account", "--state", str(state)) == ""


def test_dead_letters_are_listed_and_redriven(empty: Shop) -> None:
    assert run("letters", "--state", str(empty.state)) == "no dead letters\n"
    empty.poison()
    (told,) = json.loads(run("letters", "--state", str(empty.state), "--format", "json"))
    assert (told["profile"], told["input"], told["can_be_redriven"]) == (POISON, "Product Viewed", True)
    assert "a price that is no price" in run("letters", "--state", str(empty.state))
    run("letters", "--state", str(empty.state), "--redrive", str(told["row"]), "--by", "olga", "--reason", "mended")
    empty.turn()
    assert run("letters", "--state", str(empty.state)) == "no dead letters\n"
    with pytest.raises(UsageError):
        run("letters", "--state", str(empty.state), "--redrive", str(told["row"]))
    assert "redrive, by olga, because: mended" in run("switches", "--history", "--state", str(empty.state))


def test_runs_are_ended(empty: Shop) -> None:
    empty.now = wall()
    empty.turn(*empty.welcome("ada"))
    run("end", "ada", "--campaign", "welcome", "--state", str(empty.state), "--by", "olga")
    empty.turn()
    with open_reader(empty.state) as reader:
        stored = reader.read(reader.key_of("u:ada") or 0)
    assert stored is not None
    assert [run for run in unseal(stored.sealed).runs if not run.ended] == []
    with pytest.raises(UsageError):
        run("end", "nobody", "--state", str(empty.state))


def test_everybodys_runs_of_a_campaign_are_counted_then_ended(empty: Shop) -> None:
    empty.now = wall()
    empty.turn(*(event for number in range(9) for event in empty.welcome(f"p{number}")))
    end = ("end", "--campaign", "welcome", "--state", str(empty.state))
    counted = json.loads(run(*end, "--format", "json"))
    assert counted["ended"] is False
    assert empty.file.orders() == []
    told = f"told to the engine of {empty.state}: it ends them beside its other work"
    assert run(*end, "--by", "olga", "--yes") == f"welcome: {counted['runs']} runs are under way\n{told}\n"
    empty.turn()
    assert json.loads(run(*end, "--format", "json"))["runs"] == 0
    assert counted["runs"] > 1
    assert "end of campaign welcome, by olga" in run("switches", "--history", "--state", str(empty.state))
    with pytest.raises(UsageError, match="did you mean"):
        run("end", "--campaign", "welcom", "--state", str(empty.state))
    with pytest.raises(UsageError, match="say whose"):
        run("end", "--state", str(empty.state))


def test_beyond_this_machine_it_wants_tls(empty: Shop) -> None:
    with pytest.raises(UsageError, match="in the clear"):
        run("console", "--state", str(empty.state), "--host", "0.0.0.0")  # noqa: S104 - refused


@pytest.mark.slow  # five processes start: on a busy machine that takes longer than patience
def test_serve_shows_the_console_and_it_ends_with_it(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    life = serve(LIBRARY, tmp_path / "shop.sqlite", more=["--console", str(port)])
    try:
        life.listening()
        until(lambda: answers(port), "the console's login page")
        life.post([{"type": "track", "messageId": "1", "userId": "ada", "event": "Order Completed", "properties": {}}])
        (refused,) = until(lambda: read_rejects(tmp_path / "shop.sqlite", None, 9), "what the door refused")
        assert "order_id" in refused.reason
        assert '"userId"' in refused.sent
        life.process.kill()  # as hard as it may come
        life.process.wait(PATIENCE_S)
        until(lambda: not answers(port), "the end of the console")
    finally:
        life.kill()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/login", timeout=5) as answer:
            return b'name="password"' in answer.read()
    except OSError:
        return False
