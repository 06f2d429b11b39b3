"""Planted bugs in the address list and in who asks it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from orchestrator.domain.suppression import Listed
from orchestrator.partition.addresses import AddressList
from tests.negative.planting import plant


@plant("I23")
@contextmanager
def the_list_is_not_asked() -> Iterator[None]:
    with patch.object(AddressList, "refuses", lambda *_: None):
        yield


@plant("I23")
@contextmanager
def a_word_holds_from_its_commit_only() -> Iterator[None]:
    with patch.object(AddressList, "known", lambda addresses, address: list(addresses.find(address))):
        yield


@plant("I23")
@contextmanager
def transactional_messages_skip_the_list() -> Iterator[None]:
    real = Listed.stops
    with patch.object(Listed, "stops", lambda one, cls, *rest: cls != "transactional" and real(one, cls, *rest)):
        yield


@plant("I23", seed=107)
@contextmanager
def the_next_channel_is_not_asked_for() -> Iterator[None]:
    real = AddressList.refuses

    def refuses(addresses: AddressList, address: bytes, profile: Any, message: Any, now: int) -> Any:
        return None if getattr(message, "barred", None) else real(addresses, address, profile, message, now)

    with patch.object(AddressList, "refuses", refuses):
        yield


@plant("I23", seed=18)
@contextmanager
def a_topic_that_was_left_stops_every_other() -> Iterator[None]:
    def stops(one: Listed, cls: str, *_: object) -> bool:
        return one.lifted is None and (one.scope == "all" or cls != "transactional")

    with patch.object(Listed, "stops", stops):
        yield


@plant("I23", seed=110)
@contextmanager
def an_operators_entry_yields_to_a_later_consent() -> Iterator[None]:
    with patch.object(Listed, "yields", property(lambda one: one.kind == "unsubscribed")):
        yield


@plant("I23")
@contextmanager
def what_is_taken_back_goes_on_stopping() -> Iterator[None]:
    real = Listed.stops

    def stops(one: Listed, *rest: Any) -> bool:
        return real(Listed(one.address, one.channel, one.kind, one.scope), *rest)

    with patch.object(Listed, "stops", stops):
        yield
