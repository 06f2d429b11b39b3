"""The governor shares a rate among those who ask, and who was served longest ago comes first."""

from __future__ import annotations

from collections import Counter

from orchestrator.delivery import permits
from orchestrator.delivery.budget import Budget
from orchestrator.delivery.permits import Ask, Count, Kind
from orchestrator.domain.input import Control

MAIL = Kind("email", marketing=True)
URGENT = Kind("email", marketing=False)


class Town:
    """Workers that want as much as they can get, and ask in an order of their own."""

    def __init__(self, rate: int, wants: dict[str, tuple[Kind, int]]) -> None:
        self.now, self.wants, self.number = 0, wants, 0
        self.budget = Budget({"email": rate}, lambda: self.now)
        self.got: Counter[str] = Counter()

    def run(self, until: int) -> None:
        while self.now < until:
            self.now += 25
            for place, (worker, (kind, count)) in enumerate(self.wants.items()):
                if self.now % 100 == 25 * (place % 4):
                    self.number += 1
                    self.budget.hear(permits.encode(Ask(worker, self.number, [Count(kind, count)])))
            said = self.budget.answer()
            for lease in permits.answer(said).leases if said is not None else ():
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
    town.budget.hear(permits.encode(Control("pause", on=True, channel="email")))
    town.run(5_000)
    assert town.got.total() == 0
    town.budget.hear(permits.encode(Control("pause", on=False, channel="email")))
    town.run(6_000)
    assert town.got.total() > 0


def test_what_is_neither_a_question_nor_a_switch_is_passed_over() -> None:
    town = Town(10, {"campaign": (MAIL, 5)})
    for record in (b"", b"junk", permits.encode({"input": "other"})):
        town.budget.remember(record)
        town.budget.hear(record)
    town.run(2_000)
    assert town.got.total() > 0
