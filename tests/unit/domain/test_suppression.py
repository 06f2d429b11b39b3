"""What the address list knows an address by, what each kind stops, and what words about it change."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from orchestrator.domain.campaign import Campaign, Node, Pattern, Reentry, Send, Steps
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Event, HandOff, Permit, ProfileInput, Refusal
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import Consent
from orchestrator.domain.program import Program, Wheel
from orchestrator.domain.suppression import (
    USUAL,
    Listed,
    Word,
    channel_of,
    follows,
    hashed,
    mark_of,
    normalised,
    refusal,
    withdrawn,
)
from tests.unit.domain import listing
from tests.unit.domain.listing import KEY, POLICIES, START


def listed(kind: str = "stop", scope: str = "all", **more: Any) -> Listed:
    return listing.entry(kind, scope, address=hashed(KEY, "sms", "+39333"), **more)


@pytest.mark.parametrize(
    ("channel", "one", "other"),
    [
        ("email", "Anna@Example.com ", "anna@example.com"),
        ("email", "STRASSE@example.com", "straße@example.com"),
        ("sms", "+39 333 123-4567", "0039333 1234567"),
        ("sms", "whatsapp:+39333", "+39333"),
    ],
)
def test_an_address_is_known_however_it_is_written(channel: str, one: str, other: str) -> None:
    assert hashed(KEY, channel, one) == hashed(KEY, channel, other)


def test_addresses_channels_and_keys_are_told_apart() -> None:
    ways = {
        hashed(KEY, "email", "a@b.example"),
        hashed(KEY, "email", "a.@b.example"),
        hashed(KEY, "sms", "a@b.example"),
        hashed(b"x" * 16, "email", "a@b.example"),
        mark_of(KEY),
    }
    assert len(ways) == 5
    assert normalised("sms", "333 123") == "333123"
    assert normalised("sms", "My Shop") == "my shop"


@pytest.mark.parametrize(
    ("scope", "marketing", "other_topic", "transactional", "other_sender"),
    [
        ("all", True, True, True, True),
        ("marketing", True, True, False, True),
        ("topic:offers", True, False, False, True),
        ("sender:+39555", True, True, True, False),
    ],
)
def test_a_scope_stops_what_it_says(
    scope: str, *, marketing: bool, other_topic: bool, transactional: bool, other_sender: bool
) -> None:
    one = listed(scope=scope)
    assert one.stops("marketing", "offers", "+39555") is marketing
    assert one.stops("marketing", "news", "+39555") is other_topic
    assert one.stops("transactional", None, "+39555") is transactional
    assert one.stops("marketing", "offers", "+39666") is other_sender
    assert not structs.replace(one, lifted=START).stops("marketing", "offers", "+39555")


def test_the_widest_entry_names_the_reason() -> None:
    found = refusal([listed("unsubscribed", "marketing"), listed("bounce")], "marketing", "offers", "")
    assert found == Refusal("suppression", None, "bounce")
    assert refusal([listed("unsubscribed", "marketing")], "transactional", None, "") is None
    assert refusal([], "marketing", "offers", "") is None


def test_a_word_is_listed_once_and_taken_back() -> None:
    word = Word(hashed(KEY, "sms", "+39333"), "sms", "unsubscribed", "", START, "page")
    (entry,) = follows(word, [])
    assert entry.scope == USUAL["unsubscribed"] == "marketing"
    assert follows(word, [entry]) == []
    bounce = structs.replace(entry, kind="bounce", scope="all")
    (lifted,) = follows(structs.replace(word, on=False, at=START + 9), [entry, bounce])
    assert lifted == structs.replace(entry, lifted=START + 9)
    assert follows(structs.replace(word, on=False), [lifted, bounce]) == []
    (again,) = follows(structs.replace(word, at=START + 20), [lifted])
    assert again.lifted is None
    assert again.since == START + 20


def test_who_unsubscribes_again_after_a_consent_has_said_so_later_than_it() -> None:
    word = Word(hashed(KEY, "email", "ada@example.com"), "email", "unsubscribed", "", START, "sendgrid")
    (first,) = follows(word, [])
    assert not first.stops("marketing", "offers", "", START + 1)
    (again,) = follows(structs.replace(word, at=START + 2), [first])
    assert again == structs.replace(first, since=START + 2)
    assert again.stops("marketing", "offers", "", START + 1)
    assert follows(word, [again]) == []  # what is told late is no news
    for kind in ("stop", "bounce", "complaint"):  # no consent goes before these
        (entry,) = follows(structs.replace(word, kind=kind), [])
        assert follows(structs.replace(word, kind=kind, at=START + 2), [entry]) == []
    brought = structs.replace(word, kind="imported", source="import")
    (listed_before,) = follows(brought, [])
    assert follows(structs.replace(brought, at=START + 2), [listed_before]) == []  # a list is no word of its people


@pytest.mark.parametrize(
    ("address", "channel"),
    [
        ("Anna@example.com ", "email"),
        ("+39 333 123-4567", "sms"),
        ("0039 (333) 1234567", "sms"),
        ("whatsapp:+39333123", "sms"),
        ("(212) 555-0177", None),
        ("333 000 0009", None),
        ("not an address", None),
        ("Anna <anna@example.com>", None),
        ("a@b@example.com", None),
        ("anna@", None),
        ("+39 call me", None),
        ("+1234567890123456", None),
        ("", None),
    ],
)
def test_an_address_shows_its_channel_or_is_none(address: str, channel: str | None) -> None:
    assert channel_of(address) == channel


@pytest.mark.parametrize("kind", ["unsubscribed", "imported"])
def test_a_later_consent_goes_before_a_list_and_never_before_an_operator(kind: str) -> None:
    for source, yields in (("import", True), ("page", True), ("operator", False)):
        one = listed(kind, "marketing", source=source)
        assert one.stops("marketing", "offers", "", START + 1) is not yields
        assert one.stops("marketing", "offers", "", START)


def test_an_operators_word_takes_the_place_of_one_that_yields() -> None:
    brought = Word(hashed(KEY, "sms", "+39333"), "sms", "imported", "", START, "import")
    said = structs.replace(brought, at=START + 5, source="operator", reason="by letter")
    (entry,) = follows(brought, [])
    (stays,) = follows(said, [entry])
    assert (stays.name, stays.source, stays.reason) == (entry.name, "operator", "by letter")
    assert follows(brought, [stays]) == []


def test_a_stop_withdraws_what_was_agreed_to_and_a_start_gives_just_that_back() -> None:
    profile = newcomer(Program("p", Wheel("a", ("a",))), START, "u:ada")
    stop = listed(source="sms", reason="STOP")
    (said,) = withdrawn(stop, profile, POLICIES, START)
    assert (said.name, said.user_id, said.properties) == (
        "Consent Withdrawn",
        "ada",
        {"topic": "news", "channel": "sms", "source": "sms", "text": "STOP"},
    )
    profile.consents = {"news": {"sms": Consent(given=False, at=START, id=said.message_id)}}
    profile.consents["offers"] = {"sms": Consent(given=False, at=START, id="own word")}
    (back,) = withdrawn(structs.replace(stop, lifted=START + 5), profile, POLICIES, START + 5)
    assert (back.name, back.properties["topic"], back.occurred_at) == ("Consent Given", "news", START + 5)
    assert back.message_id != said.message_id


@pytest.mark.parametrize("entry", [listed("bounce"), listed("complaint", "marketing"), listed(scope="sender:+39555")])
def test_what_is_no_word_of_consent_withdraws_none(entry: Listed) -> None:
    profile = newcomer(Program("p", Wheel("a", ("a",))), START, "u:ada")
    assert withdrawn(entry, profile, POLICIES, START) == []


class Shop:
    """A reminder by SMS, else by email."""

    def __init__(self, *channels: str, cls: str = "marketing") -> None:
        steps = Steps("v", (Node("0", Send("t", channels)),), 0)
        campaign = Campaign("c", "a", steps, (Pattern("on", event="E"),), topic="news", cls=cls, reentry=Reentry(0))
        self.program = Program("p", Wheel("a", ("a",)), policies=POLICIES, campaigns={"c": campaign})
        self.profile = newcomer(self.program, START, "u:ada")
        traits = {"phone": "+39333", "email": "ada@example.com"}
        self.give(Event("m", START, name="E", user_id="ada", received_at=START, traits=traits))

    def give(self, given: ProfileInput) -> Decision:
        return decide(self.program, Controls(), self.profile, given, START).decision

    def refuse(self) -> Decision:
        return self.give(HandOff(self.profile.messages[0].id, Refusal("suppression", None, "stop")))


def test_what_the_list_refuses_goes_by_the_next_channel() -> None:
    shop = Shop("sms", "email")
    decision = shop.refuse()
    (message,) = shop.profile.messages
    assert (message.channel, message.state, decision.cleared) == ("email", "cleared", [message.id])
    assert [one.channel for one in shop.profile.counted] == ["email"]
    assert shop.give(HandOff(message.id, Permit(START + 700))).attempts[0].message_id == message.id


def test_a_message_that_every_channel_refuses_is_suppressed_and_counts_for_no_cap() -> None:
    shop = Shop("sms", "email")
    shop.refuse()
    decision = shop.refuse()
    assert [(one.state, one.reason, one.channel) for one in decision.messages] == [("suppressed", "suppression", "sms")]
    assert (shop.profile.messages, shop.profile.counted, shop.profile.tally) == ([], [], {"suppressed": 1})


def test_a_transactional_message_obeys_the_list_too() -> None:
    assert Shop("sms", cls="transactional").refuse().messages[0].reason == "suppression"
