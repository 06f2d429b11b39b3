"""`orchestrator switches`: what is on and who turned it, and `explain` of a message that it holds."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrator.bootstrap.standing import stands_in
from orchestrator.cli import app
from orchestrator.cli.switchboard import line_of
from orchestrator.delivery.limits import OPEN_SETTINGS_MS
from orchestrator.domain.calendar import iso
from orchestrator.domain.input import Control, Outcome
from orchestrator.errors import UsageError
from orchestrator.insight.switches import Turned, history, standing, together
from orchestrator.metrics import BREAKER_OPEN
from orchestrator.partition.live import Answered
from orchestrator.stores.orders import put_order
from orchestrator.stores.reader import open_reader
from tests.unit.cli.test_switch_commands import Shop, wall


def said(shop: Shop, *options: str) -> list[str]:
    """Its lines, without their times."""
    result = CliRunner().invoke(app, ["switches", "--state", str(shop.state), *options], catch_exceptions=False)
    assert result.exit_code == 0
    return [line[26:] if line[:2] == "20" else line for line in result.stdout.splitlines()]


def explained(shop: Shop, user: str, *options: str) -> str:
    asked = ["explain", str(shop.workspace), "--state", str(shop.state), "--profile", user, *options]
    return " ".join(CliRunner().invoke(app, asked, catch_exceptions=False).stdout.split())


def test_who_turned_what_and_why_is_listed_before_and_after_the_engine_takes_it(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    assert said(shop) == ["nothing is switched off, and nothing approved beyond its envelope"]
    before = time.time_ns() // 1_000_000
    shop.told("kill", "--by", "ada", "--reason", "wrong prices")
    assert said(shop) == ["kill on: everything, by ada, because: wrong prices (the engine has not taken it yet)"]
    shop.turn()
    shop.told("pause", "--campaign", "offer", "--by", "ben")
    shop.turn()
    assert said(shop) == ["kill on: everything, by ada, because: wrong prices", "pause on: campaign offer, by ben"]
    shop.told("kill", "--off", "--yes", "--by", "cyd")
    shop.turn()
    assert said(shop) == ["pause on: campaign offer, by ben"]
    assert said(shop, "--history")[1:] == [
        "kill on: everything, by ada, because: wrong prices",
        "pause on: campaign offer, by ben",
        "kill off: everything, by cyd",
    ]
    assert said(shop, "--history")[0].endswith(" went live, by ada")
    with open_reader(shop.state) as reader:
        first = history(reader.partition_rows())[1]
    assert before <= first.at <= time.time_ns() // 1_000_000


def test_an_approval_is_listed_while_it_lasts(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.told("approve", "offer", "--up-to", "9", "--for", "6h", "--actor", "ben", "--reason", "the sale")
    shop.turn()
    [line] = said(shop)
    assert line.startswith("offer approved: up to 9 messages until 20")
    assert line.endswith(", by ben, because: the sale")
    with open_reader(shop.state) as reader:
        every = history(reader.partition_rows())
    assert standing(every, every[-1].until - 1) == [every[-1]]
    assert standing(every, every[-1].until) == []


def test_a_switch_is_told_apart_by_what_it_is_of() -> None:
    of_all, of_one = Turned(1, "pause", on=True), Turned(2, "pause", on=True, subject="campaign", name="c")
    off = Turned(3, "pause", on=False, subject="campaign", name="c")
    assert standing([of_all, of_one], 9) == [of_all, of_one]
    assert standing([of_all, of_one, off], 9) == [of_all]
    again = of_all._replace(at=4)
    assert standing([of_all, of_one, again], 9) == [of_one, again]


def test_of_several_partitions_each_order_is_listed_once_with_where_it_is_missing() -> None:
    paused, killed = Turned(5, "pause", on=True, actor="ada"), Turned(9, "kill", on=True, actor="ben")
    later = [paused._replace(at=6), killed._replace(at=11)]
    assert together([[paused, killed], later]) == [paused, killed]
    assert together([[paused], later, [paused]]) == [paused, killed._replace(at=11, lacking=(0, 2))]
    twice = [paused, paused._replace(at=7)]
    assert together([twice, [paused]]) == [paused, paused._replace(at=7, lacking=(1,))]
    assert line_of(killed._replace(lacking=(0, 2))).endswith("by ben (not in partitions 0, 2, which may be behind)")
    assert line_of(killed._replace(lacking=(0,))).endswith("by ben (not in partition 0, which may be behind)")


def test_an_order_of_an_earlier_version_has_the_time_at_which_it_was_met(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    put_order(shop.state, Control("kill", on=True, actor="ada"))
    shop.turn()
    with open_reader(shop.state) as reader:
        assert history(reader.partition_rows())[-1].at == reader.partition_rows()[-1].clock


@pytest.mark.parametrize(
    ("switch", "words"),
    [
        (("kill",), "the kill switch is on (turned by ada on 20"),
        (("pause",), "is paused by an operator (turned by ada on 20"),
        (("pause", "--campaign", "receipt"), "is paused by an operator (turned by ada on 20"),
        (("pause", "--channel", "email"), "it is paused (turned by ada on 20"),
        (("pause", "--profile", "eve"), "is paused by an operator (turned by ada on 20"),
        (("pause", "--provider", "file"), "it is paused (turned by ada on 20"),
    ],
)
def test_explain_says_who_holds_a_message_and_why(tmp_path: Path, switch: tuple[str, ...], words: str) -> None:
    shop = Shop(tmp_path)
    shop.order("eve")
    shop.told(*switch, "--by", "ada", "--reason", "wrong prices")
    shop.turn()
    shop.order("eve")
    told = explained(shop, "eve")
    assert words in told
    assert "because: wrong prices)" in told
    if switch[0] == "pause":
        end = ("resume", *switch[1:])
        shop.told(*end, "--yes", "--by", "ben")
        shop.turn()
        assert "ben" not in explained(shop, "eve")


def test_explain_names_the_breaker_for_the_message_that_tripped_it(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    text = (shop.workspace / "policies.yaml").read_text(encoding="utf-8")
    breaker = "breaker: {at_least: 1, times: 2, transactional: true}\n"
    (shop.workspace / "policies.yaml").write_text(text.replace("breaker: none\n", breaker), encoding="utf-8")
    shop.live = shop.opened()
    shop.order("ada")
    shop.order("ben")
    assert "it is paused (turned by breaker on 20" in explained(shop, "ben")
    assert "because: 1 messages within an hour" in explained(shop, "ben")


def test_a_run_that_is_paused_at_a_step_says_by_whom(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.told("pause", "--campaign", "offer", "--by", "ada")
    shop.turn()
    shop.order("eve")
    shop.now += 5_000
    shop.turn()
    assert "is paused by an operator (turned by ada on 20" in explained(shop, "eve")


def test_what_a_switch_let_go_and_nobody_has_looked_at_yet_is_said(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.told("kill", "--by", "ada")
    shop.turn()
    shop.order("eve")
    assert "waits to send receipt by email: the kill switch is on (turned by ada" in explained(shop, "eve")
    shop.told("kill", "--off", "--yes")
    for number, control in shop.file.orders():
        shop.live.control(control, number)
    shop.live.engine.commit()
    told = explained(shop, "eve")
    assert "the switch that held it is off again, and it is looked at in its turn" in told


def test_at_an_earlier_time_it_is_told_as_it_stood_then(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.told("kill", "--by", "ada")
    shop.turn()
    shop.now = wall()
    shop.order("eve")
    then = iso(shop.now)
    shop.now += 600_000
    shop.told("kill", "--off", "--yes")
    sent = shop.turn()
    for _ in range(8):
        shop.now += 300
        sent += shop.turn()
    assert {one.campaign for one in sent} == {"receipt", "offer"}
    assert "waits to send receipt by email: the kill switch is on (turned by ada" in explained(shop, "eve", "--at", then)
    assert "the kill switch is on" not in explained(shop, "eve").partition("Under way")[2]


def test_the_list_of_addresses_is_said_to_be_asked_at_the_hand_off(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "quiet: {email: '00:00-23:59'}\n")
    shop.order("eve")
    shop.now += 2_000
    shop.turn()
    assert "\N{EN DASH} address list (asked when it is handed over)" in explained(shop, "eve")


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (("resume",), "nothing is paused: there is nothing to end"),
        (("resume", "--campaign", "offer"), "campaign offer is not paused: there is nothing to end"),
        (("kill", "--off"), "the kill switch is not on: there is nothing to end"),
    ],
)
def test_ending_what_is_not_on_says_so_plainly(tmp_path: Path, command: tuple[str, ...], line: str) -> None:
    shop = Shop(tmp_path)
    shop.told("pause", "--campaign", "receipt")
    shop.turn()
    result = CliRunner().invoke(app, [*command, "--state", str(shop.state)], catch_exceptions=False)
    assert (result.exit_code, result.stdout) == (0, f"{line} (`orchestrator switches` lists what is on)\n")
    assert shop.told(*command) == {**shop.told(*command), "turned": False, "stood": False, "waiting": []}
    assert shop.file.orders() == []


def test_what_was_ordered_a_moment_ago_can_be_ended_before_the_engine_takes_it(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.told("kill")
    assert shop.told("kill", "--off", "--yes")["stood"] is True
    shop.turn()
    assert not shop.file.controls().kill


@pytest.mark.parametrize("where", [[], ["--state", "s.sqlite", "--input", "in"]])
def test_it_wants_one_place_to_look_at(where: list[str]) -> None:
    assert isinstance(CliRunner().invoke(app, ["switches", *where]).exception, UsageError)


def test_a_channel_that_is_left_alone_is_listed_until_it_is_taken_up_again(tmp_path: Path) -> None:
    shop = Shop(tmp_path)

    def answered(user: str, *given: str, retry_at: int | None = None) -> None:
        for one in shop.order(user):
            outcome = Outcome(one.message_id, *given, retry_at=retry_at)
            shop.live.turn([], [Answered(one.key, outcome)], shop.now, caught_up=True)

    answered("ada", "not_sent", "", "throttle", retry_at=shop.now + 60_000)
    assert said(shop) == [f"channel email waits until {iso(shop.now + 60_000)}, as its provider asks"]
    assert json.loads(CliRunner().invoke(app, ["switches", "--state", str(shop.state), "--format", "json"]).stdout)[0][
        "at"
    ] == iso(shop.now)
    shop = Shop(tmp_path / "another")
    answered("ben", "refused", "", "config")
    until = iso(shop.now + OPEN_SETTINGS_MS)
    assert said(shop) == [f"breaker open: channel email, whose provider fails, until {until}; then one message is tried"]
    assert said(shop, "--history")[1:] == []
    told = [(one.metric.name, one.value, one.labels) for one in stands_in(shop.state) if one.metric is BREAKER_OPEN]
    assert told == [("orchestrator_breaker_open", 1, {"channel": "email", "reason": "breaker"})]
    shop.live = shop.opened()
    shop.turn()
    assert said(shop) == ["nothing is switched off, and nothing approved beyond its envelope"], "a start begins closed"
