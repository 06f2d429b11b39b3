"""Who answers a text: keywords, wishes in their own words, and what only looks like one."""

from __future__ import annotations

import pytest

from orchestrator.domain.replies import read_reply

STOP = (
    "STOP",
    "stop",
    " Stop. ",
    "STOP!!!",
    "“Stop”",
    "Stop stop STOP",
    "stop please",
    "Please stop",
    "STOP\n\nSent from my phone",
    "\uff33\uff34\uff2f\uff30",
    "Stop \N{REVERSED HAND WITH MIDDLE FINGER EXTENDED}",
    "unsubscribe",
    "END",
    "quit",
    "StopAll",
    "stop all",
    "REVOKE",
    "optout",
    "opt-out",
    "CANCEL",
    "basta",
    "Basta, grazie",
    "annulla",
    "disiscrivimi",
)
FREE = (
    "Please stop texting me",
    "stop sending me these messages",
    "STOP SENDING ME THIS",
    "can you stop messaging me? thanks",
    "Quit bothering me!",
    "don't text me again",
    "Don\u2019t contact me anymore",
    "do not send me any more offers",
    "no more texts please",
    "Enough with the spam",
    "stop these messages now",
    "Who is this? Take me off your list",
    "remove my number from your list",
    "unsubscribe me",
    "I want to unsubscribe",
    "How do I unsubscribe?",
    "opt me out",
    "I'd like to opt out of these",
    "I revoke my consent",
    "I no longer wish to receive these",
    "I don't want your texts",
    "leave me alone",
    "Sorry, wrong number",
    "non voglio più ricevere i vostri messaggi",
    "Non desidero ricevere pubblicità",
    "non voglio più sms",
    "non scrivetemi più",
    "Non mi mandate più niente",
    "smettetela di scrivermi",
    "basta messaggi!",
    "Basta con la pubblicità",
    "toglietemi dalla lista",
    "cancellatemi",
    "Vorrei cancellarmi, come si fa?",
    "revoco il mio consenso",
    "lasciatemi in pace",
    "avete sbagliato numero",
)
NOT = (
    "",
    "👍",
    "nonstop",
    "The shop is open non-stop, right?",
    "where is the bus stop",
    "I'll stop by tomorrow at 10",
    "can I stop by the store",
    "don't stop!",
    "please don't stop sending me these offers",
    "why did you stop sending me offers?",
    "did you stop texting because I moved",
    "don't unsubscribe me",
    "Don't remove me from the list",
    "I can't stop smiling, thanks",
    "the end of the month is fine",
    "Fine",
    "quit smoking, day 3",
    "my flight was cancelled",
    "cancel my order please",
    "cancel order C-12",
    "send me the offer",
    "please send me more messages",
    "text me when it arrives",
    "call me back",
    "is this the wrong number for support?",
    "I stopped at the shop",
    "no",
    "ok",
    "sì",
    "tutto bene, grazie",
    "alla fine ho comprato quello rosso",
    "basta così, ho trovato tutto",
    "mi basta una taglia in più",
    "annullate il mio ordine",
    "non smettete di scrivermi, mi piacciono",
    "non cancellatemi dalla lista",
    "perché non mi scrivete più?",
    "perché non mi arrivano più le offerte?",
    "mandatemi più offerte",
    "fermata dell'autobus",
    "la spedizione si è fermata",
)


@pytest.mark.parametrize("text", STOP)
def test_a_keyword_stops(text: str) -> None:
    reply = read_reply(text)
    assert (reply.meaning, reply.free) == ("stop", False)


@pytest.mark.parametrize("text", FREE)
def test_a_wish_in_their_own_words_stops_what_we_advertise(text: str) -> None:
    reply = read_reply(text)
    assert (reply.meaning, reply.free) == ("stop", True)


@pytest.mark.parametrize("text", NOT)
def test_what_only_looks_like_it_does_not(text: str) -> None:
    assert read_reply(text).meaning == ""


@pytest.mark.parametrize(
    ("text", "meaning"),
    [("START", "start"), ("unstop", "start"), ("Yes!", "start"), ("riattiva", "start"), ("HELP", "help"), ("Info?", "help")],
)
def test_start_and_help(text: str, meaning: str) -> None:
    assert read_reply(text).meaning == meaning


@pytest.mark.parametrize("told", ["STOP", "START", "HELP"])
def test_what_twilio_took_it_for_counts(told: str) -> None:
    """Advanced opt-out has keywords of its own, in any language."""
    assert read_reply("ARRÊT", told).meaning == told.lower()
    assert read_reply("ARRÊT", "").meaning == ""


def test_a_long_text_takes_no_longer_than_its_length() -> None:
    assert read_reply("stop " * 100_000 + "by").meaning in ("stop", "")
    assert read_reply("non voglio più i " * 50_000).meaning == ""
