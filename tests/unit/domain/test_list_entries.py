"""The address list to the letter: what it keeps of an address, what stands in an entry, and what follows for consents."""

from __future__ import annotations

import hmac
from typing import Any, get_args

import pytest
from msgspec import structs

from orchestrator.domain.chance import id_of
from orchestrator.domain.decide import newcomer
from orchestrator.domain.input import Event, Refusal
from orchestrator.domain.profile import Consent, Profile
from orchestrator.domain.program import Program, Wheel
from orchestrator.domain.suppression import (
    IMPORT,
    OPERATOR,
    PAGE,
    USUAL,
    Kind,
    Listed,
    Word,
    channel_of,
    concerns_consents,
    decode_listed,
    encode_listed,
    follows,
    hashed,
    is_scope,
    mark_of,
    normalised,
    refusal,
    withdrawn,
)
from tests.unit.domain import listing
from tests.unit.domain.listing import ADDRESS, KEY, POLICIES, START

KINDS = {
    "stop": "all",
    "unsubscribed": "marketing",
    "bounce": "all",
    "complaint": "marketing",
    "invalid": "all",
    "erased": "all",
    "imported": "marketing",
}


def entry(kind: str = "stop", scope: str = "all", **more: Any) -> Listed:
    return listing.entry(kind, scope, **{"source": "sms", **more})


def word(kind: str, scope: str = "", at: int = START, **more: Any) -> Word:
    return Word(ADDRESS, "sms", kind, scope, at, **more)


# ── what is kept of an address ──────────────────────────────────────────────────────────────────────────────────────────


def test_an_address_is_kept_as_a_keyed_hash_that_is_the_same_in_every_version() -> None:
    assert hashed(KEY, "sms", "+39 333") == hmac.digest(KEY, b"sms\0+39333", "sha256")[:16]
    assert hashed(KEY, "email", "Ada@\ud800") == hmac.digest(KEY, b"email\0ada@\xed\xa0\x80", "sha256")[:16]
    assert mark_of(KEY) == hmac.digest(KEY, b"address list\0", "sha256")[:16]


@pytest.mark.parametrize(
    ("channel", "address", "kept"),
    [
        ("email", " Ada@Example.com\n", "ada@example.com"),
        ("email", "\uff41da@example.com", "ada@example.com"),
        ("email", "+39 333", "+39 333"),
        ("email", "whatsapp:+39333", "whatsapp:+39333"),
        ("sms", " (0039) 333.123", "+39333123"),
        ("sms", "whatsapp: +39 333", "+39333"),
        ("sms", "whatsapp:0039333", "+39333"),
        ("sms", "\uff0b39 333", "+39333"),
        ("sms", "39+333", "39333"),
        ("sms", "333 00 1", "333001"),
        ("sms", "12 Shop", "12 shop"),
        ("sms", "( )", "( )"),
        ("sms", "\u0663\u0663\u0663", "\u0663\u0663\u0663"),
        ("sms", "+39\u0663333", "+39333"),
        ("sms", "12\u00df", "12ss"),
    ],
)
def test_an_email_is_known_in_lower_case_and_a_number_by_its_digits(channel: str, address: str, kept: str) -> None:
    assert normalised(channel, address) == kept


@pytest.mark.parametrize(
    ("address", "channel"),
    [
        ("+1234", None),
        ("+12345", "sms"),
        ("+123456789012345", "sms"),
        ("00 39 (333) 12-34/5.6", "sms"),
        ("+39\u00a0333\u2010333\u2013333\t1", "sms"),
        ("\uff0b39 333 123", "sms"),
        ("whatsapp:0039333123", "sms"),
        ("telegram:+39333123", None),
        ("39333123", None),
        ("0 0 39333123", None),
        ("a@b", "email"),
        ("\uff41@b", "email"),
        ("a b@c", None),
        ("a@b,c@d", None),
        ("a@b;c", None),
        ("a@>b", None),
        ("@b", None),
    ],
)
def test_a_number_has_five_to_fifteen_digits_and_an_email_one_at(address: str, channel: str | None) -> None:
    assert channel_of(address) == channel


# ── entries ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("kind", "scope"), [*KINDS.items(), ("of another version", "all")])
def test_each_kind_stops_what_is_usual_for_it_where_nothing_else_is_said(kind: str, scope: str) -> None:
    assert follows(word(kind, source="page", reason="clicked"), []) == [
        Listed(ADDRESS, "sms", kind, scope, START, "page", "clicked", None)
    ]
    assert follows(word(kind, "topic:news"), []) == [Listed(ADDRESS, "sms", kind, "topic:news", START, "", "", None)]


def test_an_operator_may_name_every_kind() -> None:
    assert get_args(Kind) == tuple(KINDS)
    assert USUAL == KINDS


def test_the_sources_of_entries_keep_their_names() -> None:
    assert (OPERATOR, IMPORT, PAGE) == ("operator", "import", "page")


def test_what_an_entry_and_a_word_say_where_nothing_is_said() -> None:
    assert Listed(ADDRESS, "sms", "stop", "all") == Listed(ADDRESS, "sms", "stop", "all", 0, "", "", None)
    assert Word(ADDRESS, "sms", "stop") == Word(ADDRESS, "sms", "stop", "", 0, "", "", on=True)


def test_an_entry_is_named_by_address_kind_and_scope_and_read_back_as_it_was() -> None:
    assert entry(scope="sender:Ünal").name == ADDRESS + "stop\0sender:Ünal".encode()
    whole = entry(reason="STOP", lifted=START + 5)
    assert decode_listed(encode_listed(whole)) == whole


def test_another_kind_or_scope_of_one_address_is_another_entry() -> None:
    known = [entry("stop"), entry("bounce", lifted=START)]
    assert follows(word("stop", at=START + 1), known) == []
    for other in (word("bounce"), word("stop", "sender:+39555"), word("invalid")):
        assert [one.kind for one in follows(other, known)] == [other.kind]


def test_what_would_not_yield_takes_the_place_of_what_does_and_never_the_other_way() -> None:
    yielding, firm = entry("imported", "marketing", source="import"), entry("imported", "marketing", source="operator")
    assert (yielding.yields, firm.yields) == (True, False)
    assert follows(word("imported", source="import"), [firm]) == []
    assert follows(word("imported", source="import"), [yielding]) == []
    assert follows(word("imported", source="operator"), [yielding]) == [
        Listed(ADDRESS, "sms", "imported", "marketing", START, "operator")
    ]
    assert not entry("imported", "all", source="import").yields
    assert not entry("complaint", "marketing").yields
    assert entry("unsubscribed", "topic:news").yields


def test_taking_back_ends_what_it_names_or_every_entry_of_its_kind() -> None:
    wide, narrow = entry("unsubscribed", "marketing"), entry("unsubscribed", "topic:news")
    known = [wide, narrow, entry("stop"), entry("unsubscribed", "topic:offers", lifted=START)]
    later = START + 9
    assert follows(word("unsubscribed", at=later, on=False), known) == [
        structs.replace(wide, lifted=later),
        structs.replace(narrow, lifted=later),
    ]
    assert follows(word("unsubscribed", "topic:news", later, on=False), known) == [structs.replace(narrow, lifted=later)]
    assert follows(word("unsubscribed", "topic:offers", later, on=False), known) == []


@pytest.mark.parametrize(
    ("scope", "valid"),
    [
        ("all", True),
        ("marketing", True),
        ("sender:+39555", True),
        ("topic:news", True),
        ("sender:", False),
        ("topic:", False),
        ("", False),
        ("news", False),
        ("a topic:news", False),
    ],
)
def test_a_scope_is_everything_marketing_a_topic_or_a_sender(scope: str, *, valid: bool) -> None:
    assert is_scope(scope) is valid


# ── verdicts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def stops(one: Listed, cls: str = "marketing", topic: str | None = "news", agreed_at: int | None = None) -> bool:
    said = refusal([one], cls, topic, "+39555", agreed_at)
    assert said in (None, Refusal("suppression", None, one.kind))
    return said is not None


def test_a_scope_reaches_no_further_than_it_says() -> None:
    assert stops(entry(scope="sender:+39555"), "transactional", None)
    assert not stops(entry(scope="sender:+3955"))
    assert not stops(entry(scope="sender:+395555"))
    assert stops(entry(scope="topic:news"))
    assert not stops(entry(scope="topic:new"))
    assert not stops(entry(scope="topic:news"), "transactional")
    assert stops(entry(scope="marketing"))
    assert not stops(entry(scope="marketing"), "transactional")


@pytest.mark.parametrize(("after", "stopped"), [(None, True), (-1, True), (0, True), (1, False)])
def test_who_agrees_after_they_unsubscribed_is_written_to_again(after: int | None, *, stopped: bool) -> None:
    agreed_at = None if after is None else START + after
    assert stops(entry("unsubscribed", "marketing"), agreed_at=agreed_at) is stopped
    assert stops(entry("stop"), agreed_at=agreed_at), "a stop is not outdone by a consent to something"
    assert not stops(entry("stop", lifted=START), agreed_at=agreed_at)


def test_of_several_entries_the_widest_then_the_earliest_then_the_first_by_name_tells_why() -> None:
    narrow, late = entry("complaint", "marketing", since=1), entry("invalid", since=3)
    early, same = entry("stop", since=2), entry("bounce", since=2)

    def why(*entries: Listed) -> str:
        found = refusal(entries, "marketing", "news", "")
        assert found is not None
        return found.why

    assert why(narrow, late) == why(late, narrow) == "invalid"
    assert why(late, early) == why(early, late) == "stop"
    assert why(early, same) == why(same, early) == "bounce"
    assert refusal([entry("stop", lifted=START)], "marketing", "news", "") is None


# ── consents ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def customer(raw: str = "u:ada") -> Profile:
    return newcomer(Program("p", Wheel("a", ("a",))), START, raw)


@pytest.mark.parametrize(
    ("one", "follow"),
    [
        (entry("stop"), True),
        (entry("unsubscribed", "marketing"), True),
        (entry("unsubscribed", "topic:news"), True),
        (entry("stop", "sender:+39555"), False),
        (entry("unsubscribed", "marketing", source="page"), False),
        *((entry(kind), False) for kind in KINDS if kind not in ("stop", "unsubscribed")),
    ],
)
def test_consents_follow_a_stop_and_who_unsubscribes_but_not_a_page_that_says_them_itself(one: Listed, *, follow: bool) -> None:
    assert concerns_consents(one) is follow
    assert [event.name for event in withdrawn(one, customer(), POLICIES, START)] == (["Consent Withdrawn"] if follow else [])


@pytest.mark.parametrize(
    ("scope", "topics"),
    [
        ("all", ["offers", "news"]),
        ("marketing", ["offers", "news"]),
        ("topic:offers", ["offers"]),
        ("topic:news", ["news"]),
        ("topic:gone", []),
    ],
)
def test_a_word_withdraws_the_topics_of_its_scope_on_its_channel(scope: str, topics: list[str]) -> None:
    ada = customer()
    ada.consents = {"offers": {"sms": Consent(given=True, at=1, id="m"), "email": Consent(given=True, at=1, id="m")}}
    found = withdrawn(entry("stop", scope), ada, POLICIES, START)
    assert [event.properties["topic"] for event in found] == topics
    ada.consents = {"offers": {"email": Consent(given=True, at=1, id="m")}, "news": {"sms": Consent(given=False, at=1, id="m")}}
    assert withdrawn(entry("stop", scope), ada, POLICIES, START) == [], "nothing was agreed to there"


def test_a_consent_is_withdrawn_and_given_back_in_words_that_tell_why_and_are_one_wherever_they_are_made() -> None:
    later = START + 7
    (said,) = withdrawn(entry(reason="STOP"), customer(), POLICIES, later)
    ident = id_of(ADDRESS.hex(), "news", str(START))
    about = {"topic": "news", "channel": "sms", "source": "sms"}
    assert said == Event(
        message_id=f"stop:{ident}",
        occurred_at=START,
        name="Consent Withdrawn",
        user_id="ada",
        received_at=later,
        source="sms",
        properties={**about, "text": "STOP"},
    )
    back = customer("a:web")
    back.consents = {"news": {"sms": Consent(given=False, at=START, id=said.message_id)}}
    (given,) = withdrawn(entry(lifted=START + 5), back, POLICIES, later)
    assert given == Event(
        message_id="start:" + id_of(ADDRESS.hex(), "news", str(START + 5)),
        occurred_at=START + 5,
        name="Consent Given",
        anonymous_id="web",
        received_at=later,
        source="sms",
        properties=about,
    )


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"news": {"email": Consent(given=False, at=START, id="stop:x")}},
        {"news": {"sms": Consent(given=False, at=START, id="own word")}},
        {"news": {"sms": Consent(given=True, at=START, id="stop:x")}},
    ],
)
def test_a_start_gives_back_only_what_a_stop_has_taken(words: dict[str, dict[str, Consent]]) -> None:
    ada = customer()
    ada.consents = words
    assert withdrawn(entry(lifted=START + 5), ada, POLICIES, START) == []
