"""What providers say of messages: state and events, in whatever order it comes."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.campaign import Campaign, Node, Pattern, Reentry, Send, Steps
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Event, HandOff, Outcome, Permit, ProfileInput, Receipt, Timer
from orchestrator.domain.limits import SENT_KEPT
from orchestrator.domain.moment import Controls
from orchestrator.domain.policies import InDoubt, Policies, Topic
from orchestrator.domain.profile import Profile, seal, unseal
from orchestrator.domain.program import Program, Wheel
from orchestrator.domain.receipts import WORDS

START = 1_750_000_000_000
HOUR = 3_600_000
WAIT = 15 * 60_000


def program(**in_doubt: object) -> Program:
    def steps(name: str) -> Steps:
        return Steps(name, (Node("0", Send("t", ("email",)), 1, 1), Node("1", Send("more", ("email",)))), 0)

    def campaign(name: str, event: str, **more: object) -> Campaign:
        return Campaign(name, "a", steps(name), (Pattern(f"{name}/on", event=event),), reentry=Reentry(0), **more)  # type: ignore[arg-type]

    policies = Policies({"news": Topic("news", assumed=True)}, in_doubt=InDoubt(**in_doubt))  # type: ignore[arg-type]
    listed = [campaign("order", "Ordered", cls="transactional"), campaign("news", "Viewed", topic="news")]
    return Program("p", Wheel("a", ("a",)), policies=policies, campaigns={one.name: one for one in listed})


class Customer:
    """One, with a message that was attempted."""

    def __init__(self, event: str = "Viewed", live: Program | None = None) -> None:
        self.program = live or program()
        self.profile: Profile = newcomer(self.program, START, "u:ada")
        self.now, self._numbers, self.due = START, count(), None
        self.give(Event("m", START, name=event, user_id="ada", traits={"email": "ada@example.com"}))
        self.id = self.profile.messages[0].id
        self.attempt()

    def attempt(self) -> None:
        self.give(HandOff(self.id, Permit(self.now + 700)))

    def give(self, what: ProfileInput) -> Decision:
        decision, _, self.due = decide(self.program, Controls(), self.profile, what, self.now)
        return decision

    def heard(self, word: str, **more: object) -> Decision:
        return self.give(Receipt(self.id, f"r{next(self._numbers)}", word, self.now, "email", **more))  # type: ignore[arg-type]

    def settled(self, way: str) -> Decision:
        said = {"message_id": self.id, "as": way}
        return self.give(Event("s", self.now, name="Message Settled", user_id="ada", properties=said))

    def wait(self) -> Decision:
        assert self.due is not None
        self.now = self.due
        return self.give(Timer(self.due))

    @property
    def state(self) -> str:
        message, sent = self.profile.message(self.id), self.profile.has_sent(self.id)
        return message.state if message is not None else sent.state if sent is not None else "gone"


def told(decision: Decision) -> list[str]:
    return [one.name for one in decision.inputs if isinstance(one, Event)]


def test_a_receipt_that_overtakes_the_answer_settles_the_attempt_and_the_run_goes_on() -> None:
    ada = Customer()
    decision = ada.heard("delivered")
    assert [change.state for change in decision.messages[:2]] == ["accepted", "delivered"]
    assert told(decision) == ["Email Delivered"]
    assert [change.step for change in decision.messages if change.state == "planned"] == ["1"], "the next step"
    ada.give(Outcome(ada.id, "in_doubt"))
    assert ada.state == "delivered"


def test_a_doubt_is_settled_by_a_receipt_after_the_run_has_gone_on() -> None:
    ada = Customer()
    ada.give(Outcome(ada.id, "in_doubt"))
    assert ada.state == "in_doubt"
    ada.heard("processed")
    assert (ada.state, ada.profile.tally["accepted"]) == ("accepted", 1)


def test_marketing_of_which_nothing_is_heard_ends_as_unknown_and_a_late_receipt_still_counts() -> None:
    ada = Customer()
    ada.give(Outcome(ada.id, "in_doubt"))
    doubted = ada.now
    ada.wait()
    assert (ada.state, ada.now) == ("unknown", doubted + WAIT)
    ada.now += 29 * HOUR
    ada.heard("delivered")
    assert ada.state == "delivered"
    assert "unknown" not in ada.profile.tally


def test_a_transactional_message_is_sent_once_more_and_then_ends() -> None:
    ada = Customer("Ordered")
    ada.give(Outcome(ada.id, "in_doubt"))
    again = ada.wait()
    assert ada.id in again.cleared
    ada.attempt()
    ada.give(Outcome(ada.id, "in_doubt"))
    ada.wait()
    assert ada.state == "unknown"


def test_what_was_looked_for_and_is_not_there_is_sent_again_where_its_class_may() -> None:
    for event, state in (("Viewed", "refused"), ("Ordered", "cleared")):
        ada = Customer(event)
        ada.give(Outcome(ada.id, "in_doubt"))
        decision = ada.give(Outcome(ada.id, "refused", kind="lost", detail="evidence"))
        message = ada.profile.message(ada.id)
        assert (ada.profile.tally.get("refused", 0) == 1) == (state == "refused")
        assert (ada.id in decision.cleared) == (message is not None) == (state == "cleared")


def test_what_was_cut_off_before_its_channel_each_time_is_refused_and_not_unknown() -> None:
    ada = Customer("Ordered")
    for last in (False, True):
        ada.give(Outcome(ada.id, "in_doubt"))
        decision = ada.give(Outcome(ada.id, "refused", kind="cut_off", detail="evidence"))
        assert (ada.id in decision.cleared) is not last
        if not last:
            ada.attempt()
    assert ada.profile.tally == {"refused": 1}
    assert decision.messages[0].reason == "cut_off"


def test_what_is_not_there_after_a_second_attempt_may_have_been_taken_at_the_first() -> None:
    ada = Customer("Ordered")
    ada.give(Outcome(ada.id, "in_doubt"))
    ada.wait()
    ada.attempt()
    ada.give(Outcome(ada.id, "in_doubt"))
    ada.give(Outcome(ada.id, "refused", kind="lost", detail="evidence"))
    assert ada.state == "unknown"


@pytest.mark.parametrize("kind", ["lost", "cut_off"])
def test_evidence_speaks_of_doubts_only(kind: str) -> None:
    ada = Customer("Ordered")
    ada.give(Outcome(ada.id, "refused", kind=kind, detail="evidence"))
    assert ada.state == "attempting"


def test_a_look_that_comes_when_the_second_attempt_is_under_way_changes_nothing() -> None:
    ada = Customer("Ordered")
    ada.give(Outcome(ada.id, "in_doubt"))
    ada.wait()
    ada.attempt()
    ada.give(Outcome(ada.id, "refused", kind="lost", detail="evidence"))
    assert ada.state == "attempting"


def test_evidence_of_the_first_attempt_stops_the_second() -> None:
    ada = Customer("Ordered")
    ada.give(Outcome(ada.id, "in_doubt"))
    ada.wait()
    ada.give(HandOff(ada.id, Permit(ada.now + 700)))
    ada.give(Outcome(ada.id, "not_sent", retry_at=ada.now + 5_000))
    ada.heard("processed")
    assert ada.state == "accepted"
    assert not ada.profile.message(ada.id)


@pytest.mark.parametrize("cls", ["marketing", "transactional"])
def test_where_doubts_are_held_they_wait_for_a_person(cls: str) -> None:
    ada = Customer("Ordered" if cls == "transactional" else "Viewed", program(**{cls: "hold"}))
    ada.give(Outcome(ada.id, "in_doubt"))
    message = ada.profile.message(ada.id)
    assert message is not None
    assert message.due is None
    settled = ada.give(
        Event("s", ada.now, name="Message Settled", user_id="ada", properties={"message_id": ada.id, "as": "again"})
    )
    assert ada.id in settled.cleared


@pytest.mark.parametrize(("way", "state"), [("sent", "accepted"), ("not_sent", "refused")])
def test_an_operator_settles_a_doubt(way: str, state: str) -> None:
    ada = Customer()
    ada.give(Outcome(ada.id, "in_doubt"))
    ada.settled(way)
    assert ada.profile.tally == {state: 1}


def test_a_receipt_of_a_message_that_never_left_changes_nothing_and_says_so() -> None:
    ada = Customer()
    waiting = Receipt("0" * 24, "x", "delivered", ada.now, "email")
    decision = ada.give(waiting)
    assert (decision.messages, decision.inputs) == ([], [])
    assert decision.dropped == ["delivered: of a message that is not remembered"]


def test_the_newest_are_remembered() -> None:
    ada = Customer("Ordered")
    for number in range(SENT_KEPT + 4):
        ada.give(Event(f"o{number}", ada.now, name="Ordered", user_id="ada"))
        for message in list(ada.profile.messages):
            ada.give(HandOff(message.id, Permit(ada.now + 700)))
            ada.give(Outcome(message.id, "accepted"))
    assert len(ada.profile.sent) == SENT_KEPT
    assert ada.heard("delivered").dropped


def test_a_machine_opens_nothing() -> None:
    ada = Customer()
    assert told(ada.heard("opened", machine=True)) == ["Email Prefetched"]
    assert told(ada.heard("opened")) == ["Email Opened"]
    assert told(ada.heard("opened")) == []


def test_each_link_is_told_once() -> None:
    ada = Customer()
    urls = ["https://a.example/1", "https://a.example/2", "https://a.example/1"]
    assert [told(ada.heard("clicked", url=url)) for url in urls] == [["Email Link Clicked"]] * 2 + [[]]


_SAID = st.lists(
    st.tuples(st.sampled_from(sorted(WORDS)), st.booleans()),
    min_size=1,
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(said=_SAID, data=st.data())
def test_order_and_repetition_do_not_matter(said: list[tuple[str, bool]], data: st.DataObject) -> None:
    """46 times each, or in any order: the same state, tally and set of events."""
    disordered = data.draw(st.permutations(said * data.draw(st.sampled_from([1, 2, 46]))))

    def after(order: list[tuple[str, bool]]) -> object:
        ada, events = Customer(), list[str]()
        ada.give(Outcome(ada.id, "accepted"))
        for word, machine in order:
            events += [one.message_id for one in ada.heard(word, machine=machine).inputs if isinstance(one, Event)]
        assert len(events) == len(set(events))
        sent = ada.profile.has_sent(ada.id)
        assert sent is not None
        assert seal(unseal(seal(ada.profile))) == seal(ada.profile)
        return sent.state, sorted(sent.heard), ada.profile.tally, sorted(events)

    assert after(said) == after(disordered)
