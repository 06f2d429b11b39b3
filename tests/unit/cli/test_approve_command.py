"""`orchestrator approve`: what a campaign may not send by itself goes on another person's word."""

from __future__ import annotations

from pathlib import Path

import msgspec
from typer.testing import CliRunner

from orchestrator.cli import app
from orchestrator.domain.input import Control, PartitionInput
from orchestrator.stores.reader import open_reader
from tests.unit.cli.test_switch_commands import Shop

APPROVE = ("approve", "receipt", "--up-to", "2", "--for", "6h", "--reason", "the sale")


def controls(shop: Shop) -> list[Control]:
    """What operators, and the breaker, have said in this file."""
    with open_reader(shop.state) as reader:
        told = [msgspec.msgpack.decode(row.given, type=PartitionInput) for row in reader.partition_rows()]
    return [one for one in told if isinstance(one, Control)]


def test_what_is_beyond_the_envelope_waits_for_somebody_else(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "approval: {over: 2, within: 1d}\n")
    assert [len(shop.order(user)) for user in ("ada", "ben", "cyd", "dan", "eve")] == [1, 1, 0, 0, 0]
    explained = CliRunner().invoke(app, ["explain", str(shop.workspace), "--state", str(shop.state), "--profile", "cyd"])
    assert "more needs another person's word" in explained.stdout.replace("\n", " ")
    assert "ada let receipt go live" in shop.refused(*APPROVE, "--actor", "Ada")
    assert "did you mean `receipt`" in shop.refused("approve", "reciept", *APPROVE[2:], "--actor", "ben")
    assert "not a length of time" in shop.refused(*APPROVE[:5], "soon", "--actor", "ben")
    assert "--for -2d: is over before it begins" in shop.refused(*APPROVE[:5], "-2d", "--actor", "ben")
    assert shop.turn() == []
    assert shop.told("approve", "receipt", code=2) == {"campaign": "receipt", "waiting": 3}
    assert shop.file.orders() == []
    told = shop.told(*APPROVE, "--actor", "ben")
    assert (told["waiting"], told["up_to"]) == (3, 2)
    assert {one.person for one in shop.turn()} == {"u:cyd", "u:dan"}
    shop.live = shop.opened()
    assert shop.order("fay") == []
    [approval] = controls(shop)
    assert (approval.switch, approval.actor, approval.reason) == ("approve", "ben", "the sale")


def test_a_breaker_pauses_its_campaign_in_the_log_and_an_operator_lets_it_go_on(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    text = (shop.workspace / "policies.yaml").read_text(encoding="utf-8")
    breaker = "breaker: {at_least: 3, times: 2, transactional: true}\n"
    (shop.workspace / "policies.yaml").write_text(text.replace("breaker: none\n", breaker), encoding="utf-8")
    shop.live = shop.opened()
    assert [len(shop.order(f"p{number}")) for number in range(5)] == [1, 1, 1, 0, 0]
    assert shop.file.controls().campaigns == {"receipt"}
    shop.live = shop.opened()
    assert shop.order("after") == []
    [trip] = controls(shop)
    assert (trip.switch, trip.actor) == ("pause", "breaker")
    assert trip.reason.startswith("3 messages within an hour")
    assert shop.told("resume", "--campaign", "receipt", "--yes")["waiting"] != []
    assert len(shop.turn()) == 3
