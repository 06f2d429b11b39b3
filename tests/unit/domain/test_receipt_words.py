"""Receipts to the letter: what each word makes of a message, as which event it is told, and what that event says."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import pytest

from orchestrator.domain import receipts
from orchestrator.domain.campaign import Campaign, Node, Pattern, Reentry, Send, Steps
from orchestrator.domain.chance import id_of
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Event, HandOff, Outcome, Permit, ProfileInput, Receipt
from orchestrator.domain.limits import HEARD_KEPT, URL_CHARS
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import Message, Sent
from orchestrator.domain.program import EventType, Program, Wheel

START = 1_750_000_000_000
WORDS: dict[str, tuple[str, str | None, str | None, str | None]] = {
    "processed": ("accepted", None, None, None),
    "deferred": ("accepted", None, None, None),
    "sent": ("accepted", None, None, None),
    "delivered": ("delivered", None, "Email Delivered", "SMS Delivered"),
    "opened": ("delivered", None, "Email Opened", None),
    "clicked": ("delivered", None, "Email Link Clicked", None),
    "complained": ("delivered", None, "Email Marked as Spam", None),
    "unsubscribed": ("delivered", None, "Unsubscribed", None),
    "bounced": ("bounced", "hard", "Email Bounced", "SMS Bounced"),
    "blocked": ("bounced", "soft", "Email Bounced", "SMS Bounced"),
    "dropped": ("bounced", "dropped", "Email Bounced", "SMS Bounced"),
    "undelivered": ("bounced", "undelivered", "Email Bounced", "SMS Bounced"),
}
"""word → (state, reason, event of an email, event of a text)."""


class Customer:
    """One whose message was attempted on that channel, or waits for that."""

    def __init__(self, channel: str = "email", user_id: str | None = "ada", *, waits: bool = False, **kinds: EventType) -> None:
        steps = Steps("v", (Node("first", Send("hello", (channel,))),), 0)
        campaign = Campaign("c", "a", steps, (Pattern("on", event="Ordered"),), cls="transactional", reentry=Reentry(0))
        events = {kind.name: kind for kind in kinds.values()}
        self.program, self.now = Program("p", Wheel("a", ("a",)), events, campaigns={"c": campaign}), START
        self.profile = newcomer(self.program, START, "a:web" if user_id is None else f"u:{user_id}")
        anonymous = "web" if user_id is None else None
        self.give(Event("m", START, name="Ordered", user_id=user_id, anonymous_id=anonymous, received_at=START))
        self.message: Message = self.profile.messages[0]
        self.id = self.message.id
        if not waits:
            self.give(HandOff(self.id, Permit(START + 700)))

    def give(self, given: ProfileInput) -> Decision:
        return decide(self.program, Controls(addresses=False), self.profile, given, self.now).decision

    def doubted(self) -> Customer:
        self.give(Outcome(self.id, "in_doubt"))
        return self

    def heard(self, word: str, **more: Any) -> Decision:
        return self.give(Receipt(self.id, "r", word, more.pop("at", self.now), self.message.channel, **more))

    def settled(self, way: str | None, message_id: str | None = None) -> Decision:
        said = {"message_id": message_id or self.id, "as": way}
        return self.give(Event(f"s{way}", self.now, name="Message Settled", user_id="ada", properties=said))

    @property
    def sent(self) -> Sent:
        (found,) = self.profile.sent
        return found


def events(decision: Decision) -> list[Event]:
    return [one for one in decision.inputs if isinstance(one, Event)]


def changes(decision: Decision) -> list[tuple[str, str | None]]:
    return [(one.state, one.reason) for one in decision.messages]


@pytest.mark.parametrize("word", WORDS)
def test_each_word_moves_its_message_on_and_is_told_as_the_event_of_its_channel(word: str) -> None:
    state, reason, email, sms = WORDS[word]
    for channel, name in (("email", email), ("sms", sms)):
        ada = Customer(channel)
        decision = ada.heard(word)
        moved = [] if state == "accepted" else [(state, reason)]
        assert changes(decision) == [("accepted", None), *moved]
        assert [one.name for one in events(decision)] == ([] if name is None else [name])
        assert [one.properties.get("reason") for one in events(decision)] == ([] if name is None else [reason])
        assert (ada.sent.state, ada.profile.tally) == (state, {state: 1})


def test_no_other_word_is_known_and_these_are_the_events() -> None:
    assert list(receipts.WORDS) == list(WORDS)
    emails = ("Email Delivered", "Email Opened", "Email Link Clicked", "Email Marked as Spam", "Email Bounced")
    assert sorted(receipts.EVENTS) == sorted(("SMS Delivered", "SMS Bounced", "Unsubscribed", "Email Prefetched", *emails)), (
        "each once"
    )
    assert receipts.WAYS == ("sent", "not_sent", "again")
    assert receipts.TEXTED == "SMS Received"


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        ("delivered", "bounced", "bounced"),
        ("bounced", "delivered", "bounced"),
        ("bounced", "processed", "bounced"),
        ("delivered", "deferred", "delivered"),
        ("processed", "opened", "delivered"),
        ("bounced", "blocked", "bounced"),
    ],
)
def test_a_message_only_moves_on_never_back(first: str, second: str, state: str) -> None:
    ada = Customer()
    ada.heard(first)
    again = ada.heard(second)
    assert (ada.sent.state, ada.profile.tally) == (state, {state: 1})
    assert len(again.messages) == (WORDS[second][0] != WORDS[first][0] and state == WORDS[second][0])


def test_a_word_that_moves_nothing_is_still_told_once() -> None:
    ada = Customer()
    ada.heard("bounced")
    late = ada.heard("delivered")
    assert (changes(late), [one.name for one in events(late)]) == ([], ["Email Delivered"])
    assert (changes(ada.heard("delivered")), events(ada.heard("delivered"))) == ([], [])


@pytest.mark.parametrize(("word", "state"), [("processed", "accepted"), ("delivered", "delivered"), ("bounced", "bounced")])
def test_each_message_counts_in_the_tally_where_it_stands(word: str, state: str) -> None:
    ada = Customer()
    ada.heard("processed")
    ada.profile.sent.append(Sent("other", "c", "first", "email", "hello", "transactional", START, "unknown", []))
    ada.profile.tally = {"accepted": 1, "unknown": 2, "delivered": 5}
    ada.give(Receipt("other", "r", word, START, "email"))
    expected = {"accepted": 1, "unknown": 1, "delivered": 5}
    assert ada.profile.tally == expected | {state: expected.get(state, 0) + 1}
    assert ada.profile.sent[1].state == state


@pytest.mark.parametrize("state", ["unknown", "in_doubt"])
def test_what_was_given_up_has_left_after_all_where_its_provider_speaks_of_it(state: str) -> None:
    ada = Customer()
    ada.profile.messages.clear()
    ada.profile.sent = [Sent(ada.id, "c", "first", "email", "hello", "transactional", START, state, [])]
    ada.profile.tally = {state: 1}
    assert changes(ada.heard("processed")) == [("accepted", None)]
    assert ada.profile.tally == {"accepted": 1}


# ── what the event says ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_event_of_a_receipt_says_of_which_message_it_is() -> None:
    ada = Customer()
    ada.now = START + 50
    (event,) = events(ada.heard("bounced", at=START + 40, code="550"))
    assert event == Event(
        message_id=id_of(ada.id, "receipts", "bounced"),
        occurred_at=START + 40,
        name="Email Bounced",
        user_id="ada",
        received_at=START + 50,
        source="receipts",
        properties={
            "message_id": ada.id,
            "campaign": "c",
            "step": "first",
            "template": "hello",
            "channel": "email",
            "machine": False,
            "reason": "hard",
            "code": "550",
        },
    )


def test_a_provider_whose_clock_is_ahead_is_not_believed() -> None:
    (event,) = events(Customer().heard("delivered", at=START + 9_000))
    assert (event.occurred_at, "code" in event.properties, "reason" in event.properties) == (START, False, False)


def test_who_is_known_by_a_device_only_is_told_of_by_that() -> None:
    (event,) = events(Customer(user_id=None).heard("delivered"))
    assert (event.user_id, event.anonymous_id) == (None, "web")


def test_a_machine_has_an_event_of_its_own_and_its_word_is_not_the_persons() -> None:
    ada = Customer()
    (machine,) = events(ada.heard("opened", machine=True))
    (person,) = events(ada.heard("opened"))
    assert (machine.name, machine.properties["machine"]) == ("Email Prefetched", True)
    assert (person.name, person.properties["machine"]) == ("Email Opened", False)
    assert ada.sent.heard == ["opened machine", "opened"]
    assert machine.message_id == id_of(ada.id, "receipts", "opened machine")


def test_of_clicks_each_link_is_told_with_its_address_cut_to_what_is_kept() -> None:
    ada, long = Customer(), "https://a.example/" + "x" * URL_CHARS
    (event,) = events(ada.heard("clicked", url=long))
    assert event.properties["url"] == long[:URL_CHARS]
    assert ada.sent.heard == [f"clicked {blake2b(long.encode(), digest_size=4).hexdigest()}"]
    assert "url" not in events(ada.heard("clicked"))[0].properties
    ada.heard("processed", url="\ud800")
    odd = blake2b(b"\xed\xa0\x80", digest_size=4).hexdigest()
    assert ada.sent.heard[1:] == ["clicked", f"processed {odd}"]


def test_what_the_workspace_requires_of_such_an_event_and_no_receipt_has_keeps_it_from_being_told() -> None:
    kind = EventType("Email Delivered", required=frozenset({"campaign", "shop", "order"}))
    decision = Customer(kind=kind).heard("delivered")
    assert events(decision) == []
    assert decision.dropped == ["no Email Delivered: the workspace requires order, shop of it, which no receipt has"]
    fine = EventType("Email Delivered", required=frozenset({"campaign"}))
    assert len(events(Customer(kind=fine).heard("delivered"))) == 1


def test_so_many_links_of_one_message_are_told_and_every_other_word() -> None:
    ada = Customer()
    for number in range(HEARD_KEPT):
        assert len(events(ada.heard("clicked", url=f"https://a.example/{number}"))) == 1
    more = ada.heard("clicked", url="https://a.example/more")
    assert (events(more), len(ada.sent.heard)) == ([], HEARD_KEPT)
    assert more.dropped == [f"clicked: more than {HEARD_KEPT} different receipts of one message"]
    for word, name in (("complained", "Email Marked as Spam"), ("unsubscribed", "Unsubscribed"), ("bounced", "Email Bounced")):
        assert [event.name for event in events(ada.heard(word))] == [name]
        assert events(ada.heard(word)) == []


def test_a_receipt_of_an_unknown_message_is_left_out_and_told() -> None:
    decision = Customer().give(Receipt("other", "r", "delivered", START, "email"))
    assert (decision.messages, decision.inputs) == ([], [])
    assert decision.dropped == ["delivered: of a message that is not remembered"]


def test_a_receipt_of_what_was_never_attempted_does_not_end_it() -> None:
    ada = Customer(waits=True)
    decision = ada.heard("delivered")
    assert (decision.messages, decision.dropped) == ([], ["delivered: of a message that is not remembered"])
    assert ada.message.state == "cleared"


# ── late answers, and operators ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_late_answer_settles_what_had_been_given_up_where_it_says_it_was_taken() -> None:
    for result, state in (("accepted", "accepted"), ("refused", "unknown"), ("not_sent", "unknown"), ("in_doubt", "unknown")):
        ada = Customer()
        ada.profile.messages.clear()
        ada.profile.sent = [Sent(ada.id, "c", "first", "email", "hello", "transactional", START, "unknown", [])]
        ada.profile.tally = {"unknown": 1}
        decision = ada.give(Outcome(ada.id, result))
        assert changes(decision) == ([("accepted", None)] if state == "accepted" else [])
        assert (ada.sent.state, ada.profile.tally) == (state, {state: 1})
        assert ada.give(Outcome("other", result)).messages == []


def test_an_operator_settles_a_doubt_as_sent_or_not() -> None:
    sent = Customer().doubted()
    assert changes(sent.settled("sent")) == [("accepted", "operator")]
    assert [one.state for one in sent.profile.sent] == ["accepted"]
    unsent = Customer().doubted()
    assert changes(unsent.settled("not_sent")) == [("refused", "operator")]
    assert (unsent.profile.sent, unsent.profile.tally) == ([], {"refused": 1})


def test_what_an_operator_says_was_not_sent_is_so_although_it_was_sent_twice() -> None:
    ada = Customer().doubted()
    ada.message.resent = 1
    assert changes(ada.settled("not_sent")) == [("refused", "operator")], "and not unknown"


def test_an_operator_may_send_a_doubt_again() -> None:
    ada = Customer().doubted()
    decision = ada.settled("again")
    assert (decision.cleared, decision.dropped, ada.message.resent) == ([ada.id], [], 1)


def test_an_operators_word_on_what_is_not_in_doubt_changes_nothing_and_says_so() -> None:
    known, other = Customer(), Customer().doubted()
    for decision in (known.settled("sent"), other.settled("sent", "other")):
        assert (decision.messages, decision.dropped) == ([], ["Message Settled: no such message is in doubt"])
    assert (known.message.state, other.message.state) == ("attempting", "in_doubt")


def test_no_other_event_settles_anything() -> None:
    ada = Customer().doubted()
    decision = ada.give(Event("x", START, name="Other", user_id="ada", properties={"message_id": ada.id, "as": "sent"}))
    assert (decision.messages, decision.dropped, ada.message.state) == ([], [], "in_doubt")
