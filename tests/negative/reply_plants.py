"""Planted bugs in how workers know who writes back to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from orchestrator.domain.suppression import Heard, Reached
from orchestrator.partition.engine import Engine
from orchestrator.partition.identities import Passed
from orchestrator.partition.words import Words
from orchestrator.stores.kafka import records
from tests.negative.planting import plant as plant_in
from tests.simulation import replies_apart
from tests.simulation.replies_apart import RepliesApart

plant = partial(plant_in, world=RepliesApart)


def _passing(lets: Any) -> Any:
    """A context in which an engine passes on only what `lets` admits."""
    real = Engine.take_passed
    return patch.object(Engine, "take_passed", lambda engine: [one for one in real(engine) if lets(engine, one)])


@plant("I26")
@contextmanager
def who_was_written_to_stays_with_the_worker() -> Iterator[None]:
    with _passing(lambda _, one: not isinstance(one.given, Reached)):
        yield


@plant("I26")
@contextmanager
def who_was_written_to_is_told_once_an_address() -> Iterator[None]:
    """By each worker: the second customer of a number is believed to be its only one."""
    told: set[tuple[int, str]] = set()

    def first(engine: Engine, one: Passed) -> bool:
        new = (id(engine), one.to) not in told
        told.add((id(engine), one.to))
        return new or not isinstance(one.given, Reached)

    with _passing(first):
        yield


@plant("I26")
@contextmanager
def who_was_written_to_is_forgotten_with_the_owner() -> Iterator[None]:
    real = records.changelog_of

    def without(one: Any) -> Any:
        return [entry for entry in real(one) if entry[0][:1] != b"a"]

    with patch.object(replies_apart, "changelog_of", without):
        yield


@plant("I26")
@contextmanager
def a_stop_ends_at_the_home_of_its_address() -> Iterator[None]:
    with _passing(lambda _, one: not isinstance(one.given, Heard)):
        yield


@plant("I26")
@contextmanager
def who_has_become_part_of_another_is_not_followed() -> Iterator[None]:
    real = Words._now

    def now(words: Words, raw: str) -> str:
        parted = any(words._elsewhere(f"u:{number}") for number in range(64))
        return raw if parted else real(words, raw)

    with patch.object(Words, "_now", now):
        yield


@plant("I26")
@contextmanager
def the_customer_is_looked_for_where_their_address_is_at_home() -> Iterator[None]:
    real = Words.follow

    def follow(words: Words, entry: Any, raw: str | None, now: int) -> None:
        with patch.object(words, "_elsewhere", lambda _: False):
            real(words, entry, raw, now)

    with patch.object(Words, "follow", follow):
        yield
