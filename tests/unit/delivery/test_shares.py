"""How a governor of workers divides a rate: by segments, by what is owed, among those who ask and those who asked lately."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.delivery import permits
from orchestrator.delivery.budget import Budget
from orchestrator.delivery.limits import SHARING_MS, SHUT_MS, SILENT_MS
from orchestrator.delivery.permits import Answer, Ask, Count, Kind, Rails, Shut, Want
from orchestrator.delivery.volume import Rail
from orchestrator.domain.campaign import Approval
from orchestrator.domain.input import Control
from orchestrator.domain.policies import Breaker

START = 1_764_547_200_000
DAY = 86_400_000
TEXT = Kind("sms", marketing=False)
OFFER = Kind("sms", marketing=True)
OF_SHOP = Kind("sms", marketing=False, sender="shop")


class Desk:
    """One budget that has taken over a second ago; the test is its clock."""

    def __init__(self, rates: dict[str, int], *rails: Rail, **more: Any) -> None:
        self.now, self.number, self.place = 0, 0, 0
        self.budget = Budget(rates, lambda: self.now, lambda: START + self.now, **more)
        self.hear(Rails("p", "ada", list(rails), published=True))
        self.budget.answer()
        self.now = 1_000

    def hear(self, record: Ask | Control | Rails) -> None:
        self.budget.hear(permits.encode(record), self.place)
        self.place += 1

    def ask(self, worker: str, *wants: Want, **more: Any) -> None:
        self.number += 1
        self.hear(Ask(worker, self.number, list(wants), **more))

    def answer(self) -> Answer:
        said = self.budget.answer()
        assert said is not None
        return permits.answer(said.answer)

    def granted(self) -> dict[str, list[int]]:
        """worker → how many of each kind, in the order in which they were granted."""
        return {lease.worker: [each.count for each in lease.granted] for lease in self.answer().leases}

    def gets(self, want: Want, worker: str = "w", **more: Any) -> int:
        self.ask(worker, want, **more)
        return sum(self.granted()[worker])


def many(kind: Kind = TEXT, weight: int = 1) -> Want:
    return Want(kind, 1_000, 1_000, weight)


# ── segments, and what is owed ──────────────────────────────────────────────────────────────────────────────────────


def test_texts_take_their_segments_and_what_the_last_one_is_too_much_comes_of_the_next_second() -> None:
    desk = Desk({"sms": 10})
    assert desk.gets(many(weight=4)) == 3
    assert desk.budget.granted == 3
    assert desk.gets(many()) == 0
    desk.now += 1_000
    assert desk.gets(many()) == 8


def test_a_text_never_counts_for_less_than_one() -> None:
    desk = Desk({"sms": 10})
    assert desk.gets(many(weight=0)) == 10


@pytest.mark.parametrize(("after", "count"), [(0, 0), (500, 0), (599, 0), (600, 1), (1_000, 5), (1_500, 10)])
def test_what_texts_were_more_is_paid_by_time(after: int, count: int) -> None:
    desk = Desk({"sms": 10})
    assert desk.gets(Want(TEXT, 0), more=[Count(TEXT, 15)]) == 0
    desk.now += after
    assert desk.gets(many()) == count


@pytest.mark.parametrize(("after", "offers", "others"), [(0, 0, 2), (1_499, 0, 2), (1_625, 1, 3), (2_500, 8, 10)])
def test_what_marketing_owes_leaves_the_others_their_part(after: int, offers: int, others: int) -> None:
    for kind, count in ((OFFER, offers), (TEXT, others)):
        desk = Desk({"sms": 10})
        desk.gets(Want(TEXT, 0), more=[Count(OFFER, 20)])
        desk.now += after
        assert desk.gets(many(kind)) == count


def test_what_others_owe_marketing_waits_for() -> None:
    desk = Desk({"sms": 10})
    assert desk.gets(many(OFFER), more=[Count(TEXT, 6)]) == 4


def test_what_is_owed_is_a_sum() -> None:
    desk = Desk({"sms": 10})
    desk.gets(Want(TEXT, 0), more=[Count(TEXT, 3), Count(TEXT, 2)])
    assert desk.gets(many(), more=[Count(TEXT, 1)]) == 4


def test_time_without_messages_saves_nothing_up() -> None:
    desk = Desk({"sms": 10})
    desk.gets(Want(TEXT, 0), more=[Count(TEXT, 3)])
    desk.now += 60_000
    assert desk.gets(Want(TEXT, 0), more=[Count(TEXT, 3), Count(OFFER, 2)]) == 0
    assert desk.gets(many()) == 5


def test_what_is_owed_is_owed_to_each_of_its_rates() -> None:
    desk = Desk({"sms": 10, "sender/shop": 4})
    desk.gets(Want(TEXT, 0), more=[Count(OF_SHOP, 3)])
    assert desk.gets(many(OF_SHOP)) == 1
    assert desk.gets(many()) == 6


def test_an_account_bounds_its_channels_together() -> None:
    desk = Desk({"sms": 10, "email": 10, "account/post": 6}, providers={"sms": "post", "email": "post"})
    assert desk.gets(many()) == 6
    assert desk.gets(many(Kind("email", marketing=False))) == 0
    desk.now += 999
    assert desk.gets(many(Kind("email", marketing=False))) == 0
    desk.now += 1
    assert desk.gets(many(Kind("email", marketing=False))) == 6


def test_marketing_and_the_others_share_a_second() -> None:
    desk = Desk({"sms": 10})
    assert [desk.gets(many(OFFER)), desk.gets(many(OFFER)), desk.gets(many())] == [8, 0, 2]
    desk = Desk({"sms": 10})
    assert [desk.gets(Want(TEXT, 5, 5)), desk.gets(many(OFFER))] == [5, 5]


# ── among several ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_of_several_that_were_never_served_the_first_by_name_and_campaign_is_first() -> None:
    desk = Desk({"sms": 1}, Rail("c"), Rail("d"))
    c, d = (Kind("sms", marketing=False, campaign=campaign) for campaign in "cd")
    desk.ask("b", many(c))
    desk.ask("a", many(d), many(c))
    answer = desk.answer()
    assert {lease.worker: lease.granted for lease in answer.leases} == {"a": [Count(c, 1)], "b": []}


def test_who_was_served_longest_ago_is_next_however_often_it_asks() -> None:
    desk = Desk({"sms": 1})
    served = []
    for _ in range(4):
        for worker in ("a", "b", "c"):
            desk.ask(worker, many())
        served += [worker for worker, counts in desk.granted().items() if counts]
        desk.now += 1_000
    assert served == ["a", "b", "c", "a"]


def test_who_wants_little_leaves_the_rest_to_those_after_it() -> None:
    desk = Desk({"sms": 10})
    desk.ask("a", Want(TEXT, 1, 1))
    desk.ask("b", many())
    assert desk.granted() == {"a": [1], "b": [9]}


def test_who_has_what_it_wanted_keeps_no_share() -> None:
    desk = Desk({"sms": 10})
    assert desk.gets(Want(TEXT, 3, 3), "a") == 3
    assert desk.gets(many(), "b") == 7


def test_who_wants_something_else_now_keeps_no_share_of_what_it_wanted() -> None:
    desk = Desk({"sms": 10})
    desk.hear(Control("pause", on=True, channel="sms"))
    assert desk.gets(many(), "a") == 0
    desk.ask("a")
    desk.hear(Control("pause", on=False, channel="sms"))
    assert desk.gets(many(), "b") == 10


def silent(desk: Desk, want: Want) -> None:
    """A worker has asked, was granted nothing, and says no more."""
    desk.hear(Control("pause", on=True, channel="sms"))
    assert desk.gets(want, "silent") == 0
    desk.hear(Control("pause", on=False, channel="sms"))


def test_what_is_kept_for_who_does_not_ask_now_counts_by_segments() -> None:
    desk = Desk({"sms": 20})
    silent(desk, Want(TEXT, 2, 2, 4))
    assert desk.gets(many(), "w") == 12


def test_for_a_campaign_without_room_nothing_is_kept() -> None:
    desk = Desk({"sms": 20}, Rail("c", approval=Approval(3, DAY)))
    silent(desk, many(Kind("sms", marketing=False, campaign="c")))
    assert desk.gets(many(), "z") == 17


def test_what_is_kept_is_divided_no_more() -> None:
    desk = Desk({"sms": 20})
    silent(desk, many())
    desk.ask("x", many())
    desk.ask("y", many())
    assert desk.granted() == {"x": [7], "y": [6]}


@pytest.mark.parametrize(("after", "count"), [(SHARING_MS - 1, 10), (SHARING_MS, 20)])
def test_a_share_is_kept_for_a_while(after: int, count: int) -> None:
    desk = Desk({"sms": 20})
    silent(desk, many())
    desk.now += after
    assert desk.gets(many(), "w") == count


def test_a_paused_campaign_has_no_share() -> None:
    desk = Desk({"sms": 20}, Rail("c"))
    desk.hear(Control("pause", on=True, campaign="c"))
    desk.ask("a", many(Kind("sms", marketing=False, campaign="c")))
    desk.ask("b", many())
    answer = desk.answer()
    assert [sum(each.count for each in lease.granted) for lease in answer.leases] == [0, 20]
    assert answer.shut == []


# ── questions ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_question_that_the_log_has_twice_is_answered_once() -> None:
    desk = Desk({"sms": 10})
    for _ in range(2):
        desk.hear(Ask("w", 7, [many()], more=[Count(TEXT, 1)]))
    assert desk.granted() == {"w": [9]}
    desk.hear(Ask("w", 7, [many()]))
    desk.hear(Ask("w", 6, [many()]))
    assert desk.budget.answer() is None


def test_of_several_questions_of_one_worker_the_newest_is_answered() -> None:
    desk = Desk({"sms": 10})
    desk.ask("w", Want(TEXT, 3, 3))
    desk.ask("w", Want(TEXT, 5, 5))
    [lease] = desk.answer().leases
    assert (lease.number, lease.granted) == (desk.number, [Count(TEXT, 5)])


@pytest.mark.parametrize(("after", "answered"), [(SILENT_MS - 1, False), (SILENT_MS, True)])
def test_a_worker_that_was_silent_for_long_may_begin_its_numbers_anew(after: int, answered: bool) -> None:  # noqa: FBT001
    desk = Desk({"sms": 10})
    desk.hear(Ask("w", 7))
    desk.answer()
    desk.now += after
    desk.budget.answer()
    desk.hear(Ask("w", 1))
    assert (desk.budget.answer() is not None) is answered


# ── campaigns without room ──────────────────────────────────────────────────────────────────────────────────────────


def test_campaigns_whose_messages_wait_in_vain_are_shut_in_order() -> None:
    none = Approval(0, DAY)
    desk = Desk({"sms": 20}, Rail("d", approval=none), Rail("c", approval=none), Rail("e"), Rail("f", approval=none))
    wants = [Want(Kind("sms", marketing=False, campaign=campaign), 3, 3) for campaign in "dce"]
    desk.ask("w", *wants, Want(Kind("sms", marketing=False, campaign="f"), 3, 0))
    assert desk.answer().shut == [Shut("c", "approval", SHUT_MS), Shut("d", "approval", SHUT_MS)]


def test_a_campaign_gets_as_much_as_it_has_room_for() -> None:
    desk = Desk({"sms": 20}, Rail("c", approval=Approval(3, DAY)))
    desk.ask("a", many(Kind("sms", marketing=False, campaign="c")))
    assert desk.granted() == {"a": [3]}
    assert desk.budget.granted == 3


def test_only_those_that_wait_trip_a_breaker() -> None:
    desk = Desk({"sms": 20}, Rail("c", breaker=Breaker(at_least=2)))
    kind = Kind("sms", marketing=False, campaign="c")
    assert desk.gets(Want(kind, 2, 2)) == 2
    desk.now += DAY // 24
    for due, trips in ((0, 0), (5, 1)):
        desk.ask("w", Want(kind, 5, due))
        said = desk.budget.answer()
        assert said is not None
        assert len(said.trips) == trips


def test_an_answer_says_whose_rails_hold_and_what_is_to_be_noted() -> None:
    desk = Desk({"sms": 20}, Rail("c"))
    desk.ask("w", Want(Kind("sms", marketing=False, campaign="c"), 1, 1))
    said = desk.budget.answer()
    assert said is not None
    assert permits.answer(said.answer).rails == "p"
    assert [name for name, _ in said.notes] == ["volume/c", "applied"]


def test_what_a_note_has_counted_is_not_counted_again_and_switches_hold_all_the_same() -> None:
    budget = Budget({"sms": 10}, lambda: 0, lambda: START)
    budget.recall("applied", permits.encode(2))
    budget.remember(permits.encode(Rails("old", "ada", [], published=True)), 1)
    budget.remember(permits.encode(Control("kill", on=True)), 1)
    assert (budget.lending.rails, budget.killed, budget.lending.applied) == (None, True, 2)
    budget.remember(permits.encode(Rails("new", "ada", [], published=True)), 2)
    assert budget.lending.rails is not None
    assert budget.lending.applied == 3
