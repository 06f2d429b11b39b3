"""`explain` tells why an address is written to no more, what waits for a confirmation, and until when marketing is snoozed."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.delivery.governor import OpenGovernor
from orchestrator.domain.campaign import Campaign, Node, Pattern, Reentry, Send, Steps
from orchestrator.domain.input import Event
from orchestrator.domain.policies import Policies, Topic
from orchestrator.domain.program import Program, Wheel
from orchestrator.domain.suppression import Word, hashed
from orchestrator.insight.explain import explain
from orchestrator.insight.reading.tongue import ENGLISH, TONGUES, Tongue
from orchestrator.partition.addresses import AddressList
from orchestrator.partition.engine import Engine
from orchestrator.partition.live import Arrival, Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.stores.memory import MemoryFile

KEY = b"0123456789abcdef"
START = 1_750_000_000_000


def program() -> Program:
    steps = Steps("v", (Node("0", Send("t", ("email", "sms"))),), 0)
    campaign = Campaign("c", "a", steps, (Pattern("on", event="E"),), topic="news", reentry=Reentry(0))
    return Program("p", Wheel("a", ("a",)), policies=Policies({"news": Topic("news", double=True)}), campaigns={"c": campaign})


def told(*events: tuple[str, dict[str, Any]], words: tuple[str, ...] = (), tongue: Tongue = ENGLISH) -> str:
    """Why the message of the last event was stopped."""
    made, file, outbox = program(), MemoryFile(), Outbox()
    addresses = AddressList(KEY, file.partition(0).listed)
    live = Live(Engine([file.partition(0)], Surroundings(made, OpenGovernor(), outbox, addresses=addresses)), outbox)
    listed = [Word(hashed(KEY, "email", "ada@example.com"), "email", kind, "", START, "sms") for kind in words]
    for number, (name, properties) in enumerate([*events, ("E", {})]):
        at = START + number * 1_000
        event = Event(
            f"m{number}",
            at,
            name=name,
            user_id="ada",
            received_at=at,
            properties=properties,
            traits={"email": "Ada@example.com"},
        )
        live.turn([Arrival(0, event)], [], at, caught_up=True, words=listed)
    entries = explain(made, file, "ada", tongue=tongue).entries
    return str([one for one in entries if one["outcome"] == "suppressed"][-1]["reason"])


CONFIRMED = ("Consent Confirmed", {"topic": "news"})


@pytest.mark.parametrize(
    ("kind", "english", "italian"),
    [("stop", "answered STOP", "ha risposto STOP"), ("bounce", "nobody can be reached", "non si raggiunge più nessuno")],
)
def test_what_is_listed_is_told_with_its_reason(kind: str, english: str, italian: str) -> None:
    assert english in told(CONFIRMED, words=(kind,))
    assert italian in told(CONFIRMED, words=(kind,), tongue=TONGUES["it"])


def test_what_waits_for_its_confirmation_is_told() -> None:
    given = ("Consent Given", {"topic": "news", "channel": "email"})
    assert "is not confirmed yet" in told(given)
    assert "non è ancora confermato" in told(given, tongue=TONGUES["it"])


def test_a_snooze_is_told_with_its_end() -> None:
    snoozed = ("Marketing Snoozed", {"days": 2})
    assert told(CONFIRMED, snoozed).startswith("the customer wants no marketing until 2025-06-17")
    assert "non vuole pubblicità fino al" in told(CONFIRMED, snoozed, tongue=TONGUES["it"])
