"""What an operator mends: a message in doubt is settled, runs are ended, a dead letter is decided again."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from orchestrator.domain.chance import id_of
from orchestrator.domain.input import Announcement, Control, EndRuns, Event, Outcome, ProfileInput, Receipt
from orchestrator.domain.receipts import SETTLED
from orchestrator.partition.cursors import ENDED
from orchestrator.partition.engine import Engine

SETTLE, END, REDRIVE = "settle", "end", "redrive"
REDRIVEN = Event | Receipt | Outcome | Announcement
"""Inputs that may be decided again. A timer or a hand-off comes again by itself, others belong to what came before them."""
_SOURCE = "operators"
_given: Callable[[bytes], ProfileInput] = msgspec.msgpack.Decoder(ProfileInput).decode


def given_of_letter(given: bytes) -> ProfileInput:
    """The input that a dead letter holds."""
    return _given(given)


def is_of_one(control: Control) -> bool:
    """Whether the word concerns one customer, and so one partition: no other is told."""
    return control.switch == REDRIVE or (control.switch in (SETTLE, END) and control.profile is not None)


def mend(engine: Engine, control: Control, order: int) -> None:
    """Do what the word says, at the engine's own time; nothing where it is none of these, or its customer is gone."""
    if control.switch == SETTLE and control.profile is not None:
        engine.feed(_settled(control, order, engine.clock), engine.clock)
    elif control.switch == END and control.profile is not None:
        raw = engine.home(control.profile).redirected(control.profile)
        found = engine.home(raw).find(raw)
        if found is not None:
            engine.give(found.key, EndRuns(ENDED, control.campaign), engine.clock)
    elif control.switch == REDRIVE:
        given = given_of_letter(control.given)
        if isinstance(given, REDRIVEN):
            engine.partitions[0].changes.redriven.append(control.letter)
            engine.give(control.key, given, engine.clock)


def _settled(control: Control, order: int, now: int) -> Event:
    """The event by which a customer's message in doubt is settled; each word is one of its own."""
    raw = control.profile or ""
    return Event(
        type="track",
        message_id=id_of(SETTLED, control.message or "", control.way, str(order), str(now)),
        occurred_at=now,
        name=SETTLED,
        user_id=raw[2:] if raw.startswith("u:") else None,
        anonymous_id=raw[2:] if raw.startswith("a:") else None,
        received_at=now,
        source=_SOURCE,
        properties={"message_id": control.message, "as": control.way},
    )
