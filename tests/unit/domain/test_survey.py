"""Links to surveys: what they say, and that nobody else can say it."""

from __future__ import annotations

import pytest

from orchestrator.domain.survey import LINK_LIFE_MS, Link, Survey, in_locale, read_link, signed

KEY, OTHER = b"k" * 32, b"o" * 32
LINK = Link("0123456789abcdef01234567", Survey("csat-delivery", "csat").tag, "u:anna", "it-IT", 1_795_435_200_000)


def test_a_link_comes_back_as_it_was_signed() -> None:
    assert read_link(signed(LINK, KEY), (KEY,)) == LINK
    assert read_link(signed(LINK, OTHER), (KEY, OTHER)) == LINK, "an earlier key still admits"


@pytest.mark.parametrize("person", ["a:device-1", "u:çà\N{PILE OF POO}", "u:", "u:\ud800", "u:a:b"])
def test_any_recipient_can_be_named(person: str) -> None:
    link = Link(LINK.message, LINK.tag, person, "", LINK.until)
    assert read_link(signed(link, KEY), (KEY,)) == link


def test_a_locale_cannot_name_the_recipient_or_make_the_link_long() -> None:
    for locale in ("en\0u:eve", "en\0", "en"):
        link = read_link(signed(Link(LINK.message, LINK.tag, LINK.person, locale, LINK.until), KEY), (KEY,))
        assert link is not None
        assert (link.locale, link.person) == ("en", "u:anna")
    assert len(signed(Link(LINK.message, LINK.tag, LINK.person, "x" * 9_000, LINK.until), KEY)) < 120


def test_another_key_or_any_other_letter_is_no_link() -> None:
    token = signed(LINK, KEY)
    assert read_link(token, (OTHER,)) is None
    assert read_link(token, ()) is None
    for at, letter in enumerate(token):
        changed = token[:at] + ("A" if letter != "A" else "B") + token[at + 1 :]
        found = read_link(changed, (KEY,))
        assert found is None or (at == len(token) - 1 and found == LINK), "the last letter may carry bits that mean nothing"


@pytest.mark.parametrize("token", ["", "x", "=", "é", "\0", "A" * 40, "A" * 5_000, "%%%", "..", "\ud800"])
def test_what_is_no_token_is_no_link(token: str) -> None:
    assert read_link(token, (KEY,)) is None


def test_a_link_is_short_enough_for_an_sms() -> None:
    assert len(signed(LINK, KEY)) <= 64


def test_the_life_of_a_link_is_that_of_duplicates() -> None:
    assert LINK_LIFE_MS == 30 * 86_400_000


def test_a_text_is_found_by_locale() -> None:
    texts = {"it": "ciao", "en": "hello", "de-at": "servus"}
    assert in_locale(texts, "it_IT") == ("it", "ciao")
    assert in_locale(texts, "de-AT") == ("de-at", "servus")
    assert in_locale(texts, "fr") == ("en", "hello")
    assert in_locale({"fr": "salut"}, "it") == ("fr", "salut")
    assert in_locale({}, "it") == ("", "")
