"""Planted bugs in what is done with receipts and doubts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from msgspec import structs

from orchestrator.domain import ledger, receipts
from orchestrator.domain.input import Receipt
from orchestrator.domain.moment import Moment
from orchestrator.domain.policies import InDoubt
from orchestrator.domain.profile import Sent
from orchestrator.partition import identities
from tests.negative.planting import instead, plant
from tests.simulation.apart import Apart


@plant("I3", "I25")
@contextmanager
def the_last_receipt_rules() -> Iterator[None]:
    """Whatever came last is where the message stands."""
    with patch.object(receipts, "_RANKS", {**dict.fromkeys(receipts._RANKS, 1), "in_doubt": 0, "unknown": 0}):
        yield


@plant("I25")
@contextmanager
def each_repetition_is_told() -> Iterator[None]:
    def after(_moment: Moment, sent: Sent, _given: Receipt) -> None:
        sent.heard.clear()

    with instead(receipts, "_tell", after=after):
        yield


@plant("I12", "I25")
@contextmanager
def a_receipt_does_not_settle_a_doubt() -> Iterator[None]:
    with patch.object(receipts, "_sent", lambda moment, ident: moment.profile.has_sent(ident)):
        yield


@plant("I25")
@contextmanager
def machines_are_people() -> Iterator[None]:
    real = receipts._tell

    def tell(moment: Moment, sent: Sent, given: Receipt) -> None:
        real(moment, sent, structs.replace(given, machine=False))

    with patch.object(receipts, "_tell", tell):
        yield


@plant("I25")
@contextmanager
def a_message_is_forgotten_at_its_end() -> Iterator[None]:
    with patch.object(ledger, "_remember", lambda *_: None):
        yield


@plant("I4")
@contextmanager
def marketing_in_doubt_is_sent_again() -> Iterator[None]:
    with patch.object(InDoubt, "of", lambda *_: "resend"):
        yield


@plant("I4", seed=169)
@contextmanager
def doubts_are_sent_again_without_end() -> Iterator[None]:
    with patch.object(ledger, "RESENT_MAX", 99):
        yield


@plant("I12")
@contextmanager
def doubts_are_given_up_at_once() -> Iterator[None]:
    def after(moment: Moment, message: Any) -> None:
        if message.due is not None:
            message.due = moment.now + 1

    with instead(ledger, "doubt", after=after):
        yield


@plant("I22", "I25", world=Apart)
@contextmanager
def receipts_do_not_follow_to_another_partition() -> Iterator[None]:
    with patch.object(identities, "_leave_word", lambda *_: None):
        yield
