"""What a governor of workers keeps of campaigns' volume: over restarts, told twice, given back late, before anybody said."""

from __future__ import annotations

from orchestrator.delivery import permits
from orchestrator.delivery.budget import Budget
from orchestrator.delivery.limits import BACK_MS, SHUT_MS
from orchestrator.delivery.permits import Answer, Ask, Kind, Rails, Unused, Want
from orchestrator.delivery.volume import APPROVE, Rail
from orchestrator.domain.campaign import Approval
from orchestrator.domain.input import Control
from orchestrator.domain.policies import Breaker, Canary

START = 1_764_547_200_000
HOUR, DAY = 3_600_000, 86_400_000
KIND = Kind("email", marketing=True, campaign="c")


class Office:
    """A governor and its log; what it says is durable."""

    def __init__(self, *rails: Rail) -> None:
        self.now, self.number, self.log = 0, 0, list[bytes]()
        self.notes: dict[str, bytes] = {}
        self.trips: list[Control] = []
        self.take_over()
        if rails:
            self.tell(Rails("p", "ada", list(rails), published=True))

    def take_over(self) -> None:
        """Another process that knows what was durable."""
        self.budget = Budget({"email": 1_000}, lambda: self.now, lambda: START + self.now)
        for name, value in self.notes.items():
            self.budget.recall(name, value)
        for offset, record in enumerate(self.log):
            self.budget.remember(record, offset)
        self.now += 1_001

    def tell(self, said: Control | Rails | Ask) -> None:
        self.log.append(permits.encode(said))
        self.budget.hear(self.log[-1], len(self.log) - 1)

    def say(self) -> Answer:
        said = self.budget.answer()
        assert said is not None
        self.notes |= dict(said.notes)
        self.trips += said.trips
        return permits.answer(said.answer)

    def ask(self, count: int, *unused: Unused, badly: int = 0, worker: str = "w", due: int | None = None) -> tuple[int, Answer]:
        """(how many are granted, the whole answer)"""
        self.number += 1
        wants = [Want(KIND, count, count if due is None else due)] if count else []
        self.tell(Ask(worker, self.number, wants, list(unused), {"c": badly} if badly else {}))
        heard = self.say()
        return sum(each.count for each in heard.leases[0].granted), heard


def envelope(over: int) -> Rail:
    return Rail("c", "one", "ada", Approval(over, DAY))


def approve(actor: str, up_to: int) -> Control:
    return Control(APPROVE, on=True, campaign="c", actor=actor, up_to=up_to, until=START + DAY)


def test_what_has_gone_is_remembered_by_the_next_governor() -> None:
    office = Office(envelope(10))
    assert office.ask(7)[0] == 7
    office.take_over()
    assert office.ask(7)[0] == 3
    office.take_over()
    count, heard = office.ask(7)
    assert (count, heard.shut[0].why) == (0, "approval")


def test_an_approval_counts_once_however_often_the_log_is_read() -> None:
    office = Office(envelope(10))
    office.ask(10)
    office.tell(approve("bob", 5))
    assert office.ask(9)[0] == 5
    office.take_over()
    office.now += BACK_MS
    assert office.ask(9)[0] == 0


def test_an_approval_that_nobody_has_answered_yet_is_not_lost_with_its_governor() -> None:
    office = Office(envelope(10))
    office.ask(10)
    office.tell(approve("bob", 5))
    office.take_over()
    assert office.ask(9)[0] == 5


def test_who_let_it_go_live_cannot_approve_more_and_stays_who_did_as_long_as_it_is_the_same() -> None:
    office = Office(envelope(10))
    office.ask(10)
    office.tell(Rails("q", "bob", [envelope(10)], published=True))
    office.tell(approve("ada", 5))
    assert office.ask(1)[0] == 0
    office.tell(approve("bob", 5))
    assert office.ask(1)[0] == 1


def test_what_is_given_back_can_be_granted_again_once() -> None:
    office = Office(envelope(10))
    office.ask(10)
    number = office.number
    assert office.ask(4, Unused(number, KIND, 3))[0] == 3
    assert office.ask(4, Unused(number, KIND, 3))[0] == 0
    assert office.ask(4, Unused(number, KIND, 5))[0] == 2
    assert office.ask(20, Unused(number, KIND, 99), Unused(number + 50, KIND, 9))[0] == 5


def test_after_a_while_nothing_can_be_given_back_and_then_full_is_full_until_its_time() -> None:
    office = Office(envelope(10))
    office.ask(10)
    number = office.number
    assert office.ask(1)[1].shut[0].wait_ms == SHUT_MS
    office.now += BACK_MS
    count, heard = office.ask(4, Unused(number, KIND, 3))
    assert count == 0
    assert heard.shut[0].wait_ms == HOUR


def test_a_breaker_trips_for_those_that_wait_and_only_once_nothing_may_come_back() -> None:
    office = Office(Rail("c", "one", "ada", None, Breaker(10)))
    assert office.ask(10)[0] == 10
    office.ask(5)
    office.now += BACK_MS
    office.ask(5, due=0)
    assert office.trips == []
    office.ask(5)
    assert [(trip.switch, trip.on, trip.campaign) for trip in office.trips] == [("pause", True, "c")]
    office.take_over()
    assert office.ask(5)[0] == 0
    office.tell(Control("pause", on=False, campaign="c", actor="bob"))
    assert office.ask(5)[0] == 5


def test_what_went_badly_is_counted_once_also_by_the_next_governor() -> None:
    office = Office(Rail("c", "one", "ada", None, None, Canary(100, HOUR, 500)))
    assert office.ask(100)[0] == 100
    office.ask(0, badly=4)
    office.ask(0, badly=4)
    office.take_over()
    office.ask(0, badly=4)
    office.ask(0, badly=1, worker="v")
    office.now += HOUR
    assert office.ask(5)[0] == 5
    worse = Office(Rail("c", "one", "ada", None, None, Canary(100, HOUR, 500)))
    worse.ask(100)
    worse.ask(0, badly=6)
    worse.take_over()
    worse.now += HOUR
    assert worse.ask(5)[0] == 0


def test_nothing_is_granted_before_anybody_says_what_campaigns_may_do_and_what_a_worker_found_counts_least() -> None:
    office = Office()
    count, heard = office.ask(3)
    assert (count, heard.rails) == (0, "")
    office.tell(Rails("old", "", [envelope(2)]))
    assert office.ask(3)[0] == 2
    office.tell(Rails("new", "ada", [envelope(50)], published=True))
    office.tell(Rails("old", "", [envelope(2)]))
    office.take_over()
    count, heard = office.ask(3)
    assert (count, heard.rails) == (3, "new")


def test_a_campaign_of_which_nobody_has_said_what_it_may_do_sends_nothing() -> None:
    office = Office(Rail("another"))
    count, heard = office.ask(3)
    assert (count, [(shut.campaign, shut.why) for shut in heard.shut]) == (0, [("c", "rails")])


def test_a_paused_campaign_gets_no_leave_and_another_does() -> None:
    office = Office(Rail("c"), Rail("d"))
    office.tell(Control("pause", on=True, campaign="c"))
    assert office.ask(3)[0] == 0
    office.tell(Control("pause", on=False, campaign="c"))
    assert office.ask(3)[0] == 3
