"""A live engine counts what its campaigns do, keeps it with what it decided, and goes on after a restart or another program."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from orchestrator.delivery.governor import OpenGovernor
from orchestrator.domain.alarms import Watched, watched
from orchestrator.domain.campaign import Alarm, Campaign, Expected, Node, Pattern, Reentry, Send, Steps
from orchestrator.domain.input import Control, Event, Outcome
from orchestrator.domain.moment import Controls
from orchestrator.domain.policies import Policies, Topic
from orchestrator.domain.program import Program, Wheel
from orchestrator.insight.alarms import Watch, line_of, readings_of
from orchestrator.metrics import page
from orchestrator.partition.alarms import tallies_in
from orchestrator.partition.engine import Engine
from orchestrator.partition.live import Answered, Arrival, Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.partition.standing import Standing
from orchestrator.stores.reader import open_reader
from orchestrator.stores.sqlite import SqliteFile

START, DAY = 1_750_000_000_000, 86_400_000
BOTH = Alarm(sends=Expected(DAY, at_least=2), triggers=Expected(DAY, at_most=3))


def program(alarm: Alarm | None = BOTH, name: str = "p") -> Program:
    steps = Steps("v", (Node("0", Send("t", ("email",))),), 0)
    campaign = Campaign("c", "a", steps, (Pattern("on", event="E"),), topic="news", reentry=Reentry(0), alarm=alarm)
    policies = Policies({"news": Topic("news", assumed=True)})
    return Program(name, Wheel("a", ("a",)), policies=policies, campaigns={"c": campaign})


class Shop:
    """An engine on a file; of what leaves the provider takes what it is told to."""

    def __init__(self, path: Path, live: Program | None = None) -> None:
        self.file, outbox = SqliteFile(path), Outbox()
        around = Surroundings(live or program(), OpenGovernor(), outbox, Controls(addresses=False))
        self.live = Live(Engine([self.file.partition(0)], around), outbox)

    def happens(self, number: int, at: int, result: str = "accepted") -> None:
        event = Event(f"m{at}-{number}", at, name="E", user_id=f"u{number}", received_at=at)
        turn = self.live.turn([Arrival(0, event)], [], at, caught_up=True)
        answers = [Answered(one.key, Outcome(one.message_id, result)) for one in turn.outgoing]
        self.live.turn([], answers, at, caught_up=True)

    def stands(self, now: int) -> dict[str, tuple[int, bool]]:
        return {f"{one.of} {one.kind}": (one.number, one.raised) for one in watched(tallies_in(self.file.fact), now)}


def test_runs_that_begin_and_messages_that_are_taken_are_counted(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "s.sqlite")
    for number in range(4):
        shop.happens(number, START + number, "accepted" if number == 0 else "refused")
    assert shop.stands(START + 10) == {"sends silence": (1, False), "triggers surge": (4, True)}
    assert shop.stands(START + DAY)["sends silence"] == (1, True)


def test_it_goes_on_counting_after_a_restart(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "s.sqlite")
    shop.happens(1, START)
    shop.file.close()
    again = Shop(tmp_path / "s.sqlite")
    again.happens(2, START + 1)
    assert again.stands(START + 2) == {"sends silence": (2, False), "triggers surge": (2, False)}
    assert again.stands(START + DAY)["sends silence"] == (2, False)


def test_another_program_counts_on_by_the_same_span_and_forgets_what_it_does_not_watch(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "s.sqlite")
    shop.happens(1, START)
    wider = replace(BOTH, triggers=None, sends=Expected(DAY, at_least=1))
    shop.live.go_live(program(wider, "q"), Standing("q", "1"), lambda: b"")
    shop.happens(2, START + 1)
    assert shop.stands(START + DAY) == {"sends silence": (2, False)}
    shop.live.go_live(program(Alarm(sends=Expected(DAY // 2, at_least=2)), "r"), Standing("r", "1"), lambda: b"")
    shop.happens(3, START + DAY // 3)
    assert shop.stands(START + DAY * 2 // 3) == {"sends silence": (1, False)}
    assert shop.stands(START + DAY * 5 // 6) == {"sends silence": (1, True)}
    shop.live.go_live(program(None, "n"), Standing("n", "1"), lambda: b"")
    shop.happens(4, START + DAY)
    assert shop.stands(START + 9 * DAY) == {}


def test_nothing_is_counted_or_kept_where_nothing_is_expected(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "s.sqlite", program(None))
    shop.happens(1, START)
    assert shop.file.connection.execute("select name from facts where name like 'alarm%'").fetchall() == []


def test_what_was_told_is_not_told_again_before_something_changes(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "s.sqlite")
    shop.happens(1, START)
    told = shop.live.tallies.take_told(START, 10_000)
    assert told is not None
    assert shop.live.tallies.take_told(START + 20_000, 10_000) is None
    shop.happens(2, START + 20_001)
    later = shop.live.tallies.take_told(START + 20_001, 10_000)
    assert later is not None
    shop.happens(3, START + 20_002)
    assert shop.live.tallies.take_told(START + 20_002, 10_000) is None
    assert shop.live.tallies.take_told(START + 30_001, 10_000) is not None
    watch = Watch(2)
    watch.hear(0, told)
    assert [one.raised for one in watch.stands(START + DAY)] == [False, False]
    watch.hear(1, told)
    assert [one.number for one in watch.stands(START + 30_000)] == [2, 2]
    watch.hear(0, later)
    assert [one.number for one in watch.stands(START + 30_000)] == [3, 3]
    assert [one.raised for one in watch.stands(START + 2 * DAY)] == [True, False]


def test_an_alarm_is_told_once_when_it_is_raised_and_once_when_it_is_over() -> None:
    watch, quiet = Watch(), Watched("c", "sends", "silence", 1, 2, DAY, raised=True)
    assert watch.news([quiet]) == ["alarm: c: 1 message left within 1 day, at least 2 are expected"]
    assert watch.news([quiet]) == []
    assert watch.news([quiet._replace(number=2, raised=False)]) == [
        "alarm over: c: 2 messages left within 1 day, at least 2 are expected"
    ]
    assert watch.news([quiet._replace(of="triggers", kind="surge")]) == [
        "alarm: c: 1 run began within 1 day, at most 2 are usual"
    ]
    assert watch.news([]) == ["alarm over: c is not watched for that any more"]


def test_a_page_of_metrics_tells_each_bound(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "s.sqlite")
    shop.happens(1, START)
    with open_reader(tmp_path / "s.sqlite") as reader:
        told = page(readings_of(watched(tallies_in(reader.fact), START + DAY))).decode()
    assert 'orchestrator_alarm{campaign="c",kind="silence",of="sends"} 1.0\n' in told
    assert 'orchestrator_alarm{campaign="c",kind="surge",of="triggers"} 0.0\n' in told


@pytest.mark.parametrize(
    "switch",
    [
        Control("pause", on=True, campaign="c"),
        Control("pause", on=True, channel="email"),
        Control("pause", on=True),
        Control("kill", on=True),
    ],
)
def test_what_a_switch_stops_is_not_silent_until_its_span_is_over_after_that(tmp_path: Path, switch: Control) -> None:
    shop = Shop(tmp_path / "s.sqlite")
    shop.happens(1, START)
    shop.live.control(switch)
    shop.live.turn([], [], START + 1, caught_up=True)
    assert shop.stands(START + 2 * DAY)["sends silence"] == (0, False)
    (held,) = (one for one in watched(tallies_in(shop.file.fact), START + 2 * DAY) if one.held)
    assert line_of(held).endswith("at least 2 are expected; a switch stops its messages, so silence is none")
    shop.live.control(structs.replace(switch, on=False))
    shop.live.turn([], [], START + 2 * DAY, caught_up=True)
    assert shop.stands(START + 3 * DAY - 1)["sends silence"][1] is False
    assert shop.stands(START + 3 * DAY)["sends silence"][1] is True
    assert not any(one.held for one in watched(tallies_in(shop.file.fact), START + 3 * DAY))


def test_a_pause_does_not_hide_that_nothing_begins(tmp_path: Path) -> None:
    """Runs begin all the same: where none does, something else is wrong."""
    shop = Shop(tmp_path / "s.sqlite", program(Alarm(triggers=Expected(DAY, at_least=1))))
    shop.live.control(Control("pause", on=True, campaign="c"))
    shop.live.turn([], [], START, caught_up=True)
    assert shop.stands(START + DAY) == {"triggers silence": (0, True)}


def test_another_channel_that_is_paused_stops_nothing_of_it(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "s.sqlite")
    shop.live.control(Control("pause", on=True, channel="sms"))
    shop.live.turn([], [], START, caught_up=True)
    assert shop.stands(START + DAY)["sends silence"] == (0, True)
