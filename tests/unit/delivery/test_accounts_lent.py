"""What is lent to workers of a campaign's account, figure by figure: given back, shut, noted, remembered."""

from __future__ import annotations

import pytest

from orchestrator.delivery import permits
from orchestrator.delivery.lending import Lending
from orchestrator.delivery.limits import BACK_MS, HELD_MS, SHUT_MS
from orchestrator.delivery.permits import Ask, Kind, Rails, Shut, Unused
from orchestrator.delivery.volume import APPROVE, Rail
from orchestrator.domain.campaign import Approval
from orchestrator.domain.input import Control
from orchestrator.domain.policies import Breaker, Canary

START = 1_764_547_200_000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
MAIL = Kind("email", marketing=True, campaign="c")
TEXT = Kind("sms", marketing=True, campaign="c")
CALL = Kind("webhook", marketing=False, sender="shop")


class Office:
    """Accounts in the hands of a governor; the test is its clock."""

    def __init__(self, **rail: object) -> None:
        self.now = 5_000
        self.lending = Lending(lambda: self.now, lambda: START + self.now)
        self.lending.lay(Rails("p", "ada", [Rail("c", "one", **rail)], published=True))  # type: ignore[arg-type]

    def lends(self, number: int, count: int, kind: Kind = MAIL, worker: str = "w") -> None:
        assert self.lending.room(kind, 0) >= count
        self.lending.lend(worker, number, kind, count)

    def back(self, number: int, count: int, kind: Kind = MAIL, worker: str = "w") -> int:
        """How much room there is, once so many are given back."""
        self.lending.settle(Ask(worker, 99, unused=[Unused(number, kind, count)]))
        return self.lending.room(kind, 0)

    def shut(self, *campaigns: str) -> list[Shut]:
        return list(self.lending.shut(campaigns or ("c",)))


def envelope(over: int = 10) -> Office:
    return Office(approval=Approval(over, DAY))


def test_before_anybody_says_what_campaigns_may_do_nothing_is_lent() -> None:
    lending = Lending(lambda: 0, lambda: START)
    assert (lending.room(MAIL, 1), lending.room(CALL, 1)) == (0, 0)
    assert lending.notes() == [("applied", permits.encode(0))]


def test_webhooks_are_no_campaign_s_and_an_unknown_campaign_has_no_room() -> None:
    office = envelope()
    assert office.lending.room(CALL, 1) > 10**9
    assert office.lending.room(Kind("email", marketing=True, campaign="d"), 1) == 0
    assert office.shut("d", "") == [Shut("d", "rails", SHUT_MS)]


def test_what_is_given_back_is_of_its_worker_its_question_and_its_kind() -> None:
    office = envelope()
    office.lends(1, 6)
    office.lends(2, 4, TEXT)
    assert office.back(1, 6, worker="v") == 0
    assert office.back(2, 6) == 0
    assert office.back(3, 6) == 0
    assert office.back(1, 6, TEXT) == 0
    assert office.back(2, 1, TEXT) == 1
    assert office.back(1, 2) == 3


def test_what_is_given_back_is_a_sum_that_never_falls_and_never_exceeds_what_was_lent() -> None:
    office = envelope()
    office.lends(1, 6)
    office.lends(2, 4)
    assert [office.back(1, count) for count in (2, 2, 1, 3, 50, 50)] == [2, 2, 2, 3, 6, 6]


@pytest.mark.parametrize(("after", "room"), [(BACK_MS - 1, 6), (BACK_MS, 0)])
def test_leave_can_be_given_back_for_a_while(after: int, room: int) -> None:
    office = envelope()
    office.lends(1, 6)
    office.now += 1
    office.lends(2, 4)
    office.now += after - 1
    assert office.back(1, 6) == room


def test_of_what_was_lent_only_what_is_too_old_is_forgotten() -> None:
    office = envelope(6)
    for number in range(3):
        office.lends(number, 2)
        office.now += 1
    office.now += BACK_MS - 3
    assert [office.back(number, 2) for number in range(3)] == [0, 2, 4]


def test_of_one_question_several_kinds_are_lent_at_its_time() -> None:
    office = envelope()
    office.lends(1, 3)
    office.lends(1, 3, TEXT)
    assert office.back(1, 3, TEXT) == 7
    assert office.back(1, 3) == 10


def test_what_went_badly_is_its_worker_s_sum() -> None:
    office = Office(canary=Canary(10, HOUR, 0))
    office.lends(1, 10)
    for worker in ("w", "w", "v"):
        office.lending.settle(Ask(worker, 9, badly={"c": 2}))
    assert office.lending.volume.tallies["c"].bad == 4


# ── without room ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_campaign_with_room_is_not_shut() -> None:
    assert envelope().shut() == []


@pytest.mark.parametrize(("after", "wait"), [(BACK_MS - 1, SHUT_MS), (BACK_MS, HELD_MS)])
def test_while_leave_may_come_back_a_full_campaign_is_shut_for_a_moment_only(after: int, wait: int) -> None:
    office = envelope()
    office.lends(1, 10)
    office.now += after
    assert office.shut() == [Shut("c", "approval", wait)]


def test_a_campaign_is_shut_until_there_is_room_and_never_for_less_than_a_moment_or_more_than_an_hour() -> None:
    office = Office(approval=Approval(10, 10 * MINUTE))
    office.lends(1, 10)
    opens = MINUTE + 10 * MINUTE
    for now, wait in ((5 * MINUTE, opens - 5 * MINUTE), (opens - SHUT_MS - 1, SHUT_MS + 1), (opens - 5, SHUT_MS)):
        office.now = now
        assert office.shut() == [Shut("c", "approval", wait)]


def test_one_that_no_time_opens_is_asked_for_again_after_a_moment() -> None:
    assert envelope(0).shut() == [Shut("c", "approval", SHUT_MS)]


def test_one_that_has_sent_what_is_usual_is_shut_for_a_surge() -> None:
    office = Office(breaker=Breaker(at_least=10))
    office.lends(1, 10)
    assert office.shut() == [Shut("c", "surge", SHUT_MS)]
    assert office.lending.volume.take_trips() == []


def test_a_breaker_trips_for_those_that_wait_once_nothing_can_come_back() -> None:
    office = Office(breaker=Breaker(at_least=10))
    office.lends(1, 10)
    office.now += BACK_MS - 1
    assert (office.lending.room(MAIL, 5), office.lending.volume.take_trips()) == (0, [])
    office.now += 1
    assert (office.lending.room(MAIL, 0), office.lending.volume.take_trips()) == (0, [])
    assert (office.lending.room(MAIL, 5), len(office.lending.volume.take_trips())) == (0, 1)


# ── rails ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def rails(program: str, by: str = "ada", *, published: bool = False) -> Rails:
    return Rails(program, by, [Rail("c", "one")], published=published)


def test_what_a_worker_found_live_counts_where_nothing_else_is_known() -> None:
    lending = Lending(lambda: 0, lambda: START)
    for told, holds in ((rails("a"), "a"), (rails("b"), "a"), (rails("c", published=True), "c"), (rails("d"), "c")):
        lending.lay(told)
        assert lending.rails is not None
        assert lending.rails.program == holds


def test_who_let_a_campaign_go_live_stays_so_under_the_next_rails() -> None:
    lending = Lending(lambda: 0, lambda: START)
    lending.lay(rails("p", "ada", published=True))
    lending.lay(rails("q", "bob", published=True))
    assert lending.volume.rails["c"].publisher == "ada"


# ── notes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_rails_are_noted_once_accounts_where_they_changed_and_the_place_in_the_log_always() -> None:
    office = envelope()
    assert [name for name, _ in office.lending.notes()] == ["rails", "applied"]
    assert [name for name, _ in office.lending.notes()] == ["applied"]
    office.lends(1, 4)
    assert [name for name, _ in office.lending.notes()] == ["volume/c", "applied"]
    office.lending.lay(rails("q", published=True))
    assert [name for name, _ in office.lending.notes()] == ["rails", "applied"]


def test_the_next_one_knows_what_was_noted() -> None:
    office, heir = envelope(), Lending(lambda: 0, lambda: START + 5_000)
    office.lends(1, 4)
    office.lending.applied = 7
    for name, value in office.lending.notes():
        heir.recall(name, value)
    assert (heir.applied, heir.rails, heir.room(MAIL, 0)) == (7, office.lending.rails, 6)
    assert [name for name, _ in heir.notes()] == ["applied"]


def test_a_note_under_another_s_name_is_not_its_account() -> None:
    office, heir = envelope(), Lending(lambda: 0, lambda: START + 5_000)
    office.lends(1, 4)
    heir.lay(Rails("p", "ada", [Rail("c", "one", approval=Approval(10, DAY))], published=True))
    heir.recall("volume/d", dict(office.lending.notes())["volume/c"])
    assert heir.room(MAIL, 0) == 10


def test_an_approval_makes_room_for_what_is_lent() -> None:
    office = envelope(0)
    said = Control(APPROVE, on=True, campaign="c", actor="bob", up_to=3, until=START + DAY)
    office.lending.volume.hear(said, START + office.now)
    assert office.lending.room(MAIL, 5) == 3
