"""The governor shares a rate among those who ask, and who was served longest ago comes first."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from orchestrator.delivery import permits
from orchestrator.delivery.budget import Budget
from orchestrator.delivery.limits import RATE, SHARING_MS
from orchestrator.delivery.permits import Answer, Ask, Kind, Rails, Want
from orchestrator.domain.input import Control

MAIL = Kind("email", marketing=True)
URGENT = Kind("email", marketing=False)


class Town:
    """Workers that want as much as they can get, and ask in an order of their own."""

    def __init__(self, rate: int, wants: dict[str, tuple[Kind, int]]) -> None:
        self.now, self.wants, self.number = 0, wants, 0
        self.budget = Budget({"email": rate}, lambda: self.now, lambda: self.now)
        self.hear(Rails("p", "ada", []))
        self.got: Counter[str] = Counter()

    def hear(self, record: Ask | Control | Rails) -> None:
        self.budget.hear(permits.encode(record), 0)

    def run(self, until: int) -> None:
        while self.now < until:
            self.now += 25
            for place, (worker, (kind, count)) in enumerate(self.wants.items()):
                if self.now % 100 == 25 * (place % 4):
                    self.number += 1
                    self.hear(Ask(worker, self.number, [Want(kind, count, count)]))
            said = self.budget.answer()
            for lease in permits.answer(said.answer).leases if said is not None else ():
                self.got[lease.worker] += sum(each.count for each in lease.granted)


def test_a_rate_of_one_is_shared_fairly_though_one_always_asks_first() -> None:
    town = Town(1, {"first": (MAIL, 50), "second": (MAIL, 50), "third": (MAIL, 50)})
    town.run(31_000)
    assert sum(town.got.values()) == 30
    assert max(town.got.values()) - min(town.got.values()) <= 1


def test_who_wants_little_gets_it_and_the_others_share_the_rest() -> None:
    town = Town(100, {"small": (MAIL, 1), "large": (MAIL, 500), "larger": (MAIL, 900)})
    town.run(10_900)
    assert 780 <= sum(town.got.values()) <= 810
    assert town.got["small"] >= 50
    assert abs(town.got["large"] - town.got["larger"]) <= 80


def test_marketing_leaves_a_fifth_and_a_transactional_message_may_have_all() -> None:
    town = Town(10, {"campaign": (MAIL, 500)})
    town.run(10_900)
    assert town.got["campaign"] == 80
    receipts = Town(10, {"receipts": (URGENT, 500)})
    receipts.run(10_900)
    assert receipts.got["receipts"] == 100


def test_a_paused_channel_gets_nothing_until_it_is_resumed() -> None:
    town = Town(10, {"campaign": (MAIL, 500)})
    town.hear(Control("pause", on=True, channel="email"))
    town.run(5_000)
    assert town.got.total() == 0
    town.hear(Control("pause", on=False, channel="email"))
    town.run(6_000)
    assert town.got.total() > 0


def test_what_is_neither_a_question_nor_a_switch_is_passed_over() -> None:
    town = Town(10, {"campaign": (MAIL, 5)})
    for record in (b"", b"junk", permits.encode({"input": "other"})):
        town.budget.remember(record, 0)
        town.budget.hear(record, 0)
    town.run(2_000)
    assert town.got.total() > 0


class Desk:
    """One budget, asked by hand."""

    def __init__(self, rates: dict[str, int], born: int = 0, **more: Any) -> None:
        self.now, self.number = born, 0
        self.budget = Budget(rates, lambda: self.now, lambda: self.now, **more)
        self.hear(Rails("p", "ada", []))
        self.budget.answer()

    def hear(self, record: Ask | Control | Rails) -> None:
        self.budget.hear(permits.encode(record), 0)

    def asks(self, *wanted: tuple[str, Kind, int]) -> dict[str, dict[Kind, int]]:
        """worker → kind → how many it was granted; all ask at once."""
        for worker in dict.fromkeys(worker for worker, _, _ in wanted):
            self.number += 1
            self.hear(Ask(worker, self.number, [Want(kind, count, count) for one, kind, count in wanted if one == worker]))
        return {one.worker: {each.kind: each.count for each in one.granted} for one in self.said().leases}

    def said(self) -> Answer:
        said = self.budget.answer()
        assert said is not None
        return permits.answer(said.answer)

    def turns(self, switch: str, **named: Any) -> None:
        self.hear(Control(switch, **{"on": True, **named}))


def test_what_is_left_is_divided_evenly_and_counted() -> None:
    desk = Desk({"email": 9}, born=-1_000)
    desk.now = 0
    got = desk.asks(("a", URGENT, 9), ("b", URGENT, 9), ("c", URGENT, 9))
    assert got == {"a": {URGENT: 3}, "b": {URGENT: 3}, "c": {URGENT: 3}}
    assert desk.budget.granted == 9
    desk.now = 1_000
    assert desk.asks(("a", URGENT, 4)) == {"a": {URGENT: 4}}
    assert desk.budget.granted == 13


def test_transactional_messages_are_served_before_marketing() -> None:
    desk = Desk({"email": 10})
    desk.now = 1_000
    assert desk.asks(("a", MAIL, 10), ("b", URGENT, 10)) == {"a": {}, "b": {URGENT: 10}}


def test_of_two_a_second_marketing_gets_one() -> None:
    desk = Desk({"email": 2})
    desk.now = 1_000
    assert desk.asks(("a", MAIL, 10)) == {"a": {MAIL: 1}}


def test_a_channel_of_which_nothing_is_said_has_the_usual_rate() -> None:
    desk = Desk({})
    desk.now = 1_000
    assert desk.asks(("a", Kind("sms", marketing=False), 1_000)) == {"a": {Kind("sms", marketing=False): RATE}}


def test_for_a_window_after_it_took_over_nothing_is_granted() -> None:
    desk = Desk({"email": 10}, born=5_000)
    desk.now = 5_999
    assert desk.asks(("a", URGENT, 1)) == {"a": {}}
    desk.now = 6_000
    assert desk.asks(("a", URGENT, 1)) == {"a": {URGENT: 1}}


def test_who_has_not_asked_again_keeps_its_share_for_a_while() -> None:
    desk = Desk({"email": 10})
    desk.now = 1_000
    desk.turns("pause", channel="email")
    desk.asks(("silent", URGENT, 10))
    desk.turns("pause", channel="email", on=False)
    desk.now = 1_000 + SHARING_MS - 1
    assert desk.asks(("other", URGENT, 10)) == {"other": {URGENT: 5}}
    desk.now = 1_000 + SHARING_MS
    assert desk.asks(("other", URGENT, 10)) == {"other": {URGENT: 5}}, "the rest of the second"


@pytest.mark.parametrize(
    "stop",
    [{"switch": "kill"}, {"switch": "pause"}, {"switch": "pause", "channel": "email"}, {"switch": "pause", "provider": "post"}],
)
def test_each_switch_alone_stops_and_holds_also_when_it_was_turned_before(stop: dict[str, str]) -> None:
    desk, heir = (Desk({"email": 10}, providers={"email": "post"}) for _ in "ab")
    desk.now = heir.now = 1_000
    desk.turns(**stop)
    heir.budget.remember(permits.encode(Control(on=True, **stop)), 0)
    assert desk.asks(("a", URGENT, 1)) == heir.asks(("a", URGENT, 1)) == {"a": {}}
    assert desk.asks(("a", Kind("sms", marketing=False), 1)) == {
        "a": {} if desk.budget.killed else {Kind("sms", marketing=False): 1}
    }


def test_a_kill_is_said_at_once_and_once_though_nobody_asks() -> None:
    desk = Desk({})
    assert desk.budget.answer() is None
    desk.turns("kill")
    assert desk.said().killed
    assert desk.budget.answer() is None
    desk.now = 10
    desk.turns("kill", on=False)
    assert not desk.said().killed


def test_a_switch_from_before_is_no_news() -> None:
    desk = Desk({})
    desk.budget.remember(permits.encode(Control("kill", on=True)), 0)
    assert desk.budget.answer() is None


def test_it_is_never_silent_for_long() -> None:
    desk = Desk({})
    for now, speaks in ((999, False), (1_000, True), (1_001, False), (1_999, False), (2_000, True)):
        desk.now = now
        assert (desk.budget.answer() is not None) is speaks, now
