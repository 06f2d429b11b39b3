"""STOP, START, HELP: what is listed and taken back, and that each is told once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from orchestrator.domain.suppression import Listed, Word, follows, hashed
from orchestrator.intake.replies import TEXTS, Replies, names_of

KEY = b"0123456789abcdef"
NAMES = names_of(
    {"shop": {"sms": {"from": "+39 02 1"}, "email": {"name": "Bottega"}}, "post": {"email": {"from": "a@b.example"}}}
)


class Door:
    """A list in memory."""

    def __init__(self, **more: Any) -> None:
        self.entries: dict[bytes, Listed] = {}
        self.replies = Replies(lambda: KEY, self.say, NAMES, **more)

    async def say(self, words: Sequence[Word]) -> list[bool]:
        found = []
        for word in words:
            changed = follows(word, [one for one in self.entries.values() if one.address == word.address])
            self.entries |= {one.name: one for one in changed}
            found.append(bool(changed))
        return found

    def hear(self, body: str, sender: str = "+39333", told: str = "", to: str = "+39021") -> str:
        return asyncio.run(self.replies.hear(sender, to, body, 1_000, told))

    def stopped(self) -> set[tuple[str, str]]:
        return {(one.kind, one.scope) for one in self.entries.values() if one.lifted is None}


def test_stop_is_listed_and_confirmed_once() -> None:
    door = Door()
    assert door.hear("STOP") == "Bottega: non riceverai altri messaggi da noi. Rispondi START per riceverli di nuovo."
    assert door.hear("stop!") == ""
    assert door.stopped() == {("stop", "all")}
    assert {one.address for one in door.entries.values()} == {hashed(KEY, "sms", "0039 333")}


def test_start_takes_it_back_however_it_was_said() -> None:
    door = Door()
    door.hear("STOP")
    door.hear("no more texts please")
    assert door.stopped() == {("stop", "all"), ("stop", "marketing")}
    assert door.hear("START", sender="+39333").startswith("Bottega: riceverai di nuovo")
    assert door.stopped() == set()
    assert door.hear("START") == ""


def test_a_wish_in_own_words_stops_marketing_and_is_kept() -> None:
    door = Door()
    assert door.hear("please stop texting me", "+1555").startswith("Bottega: you will get no more")
    ((_, entry),) = door.entries.items()
    assert (entry.scope, entry.reason) == ("marketing", "please stop texting me")


def test_a_sender_can_be_stopped_alone() -> None:
    door = Door(scope="sender")
    door.hear("STOP", to="+39 021")
    assert door.stopped() == {("stop", "sender:+39021")}
    door.hear("START", to="+39022")
    assert door.stopped() == {("stop", "sender:+39021")}
    door.hear("START")
    assert door.stopped() == set()


def test_help_is_answered_and_lists_nothing() -> None:
    door = Door()
    assert door.hear("help", "+44123").endswith("Reply STOP to end them.")
    assert door.hear("help", "+44123", to="+1") == "Messages about your orders and what you asked for. Reply STOP to end them."
    assert door.entries == {}


@pytest.mark.parametrize("told", ["STOP", "HELP"])
def test_what_twilio_has_answered_is_not_answered_again(told: str) -> None:
    door = Door()
    assert door.hear("ARRET", told=told) == ""
    assert bool(door.entries) is (told == "STOP")


def test_anything_else_is_nobodys_wish() -> None:
    door = Door()
    assert door.hear("where is the bus stop") == ""
    assert door.entries == {}


def test_each_answer_fits_into_one_sms() -> None:
    assert {len(text.format(name="x" * 40)) <= 160 for texts in TEXTS.values() for text in texts.values()} == {True}
