"""Planted bugs in schedules, broadcasts and the walks that carry them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from msgspec import structs

from orchestrator.domain import announcing, merge
from orchestrator.partition import engine, rounds
from orchestrator.partition.cursors import BROADCASTS, Cursors, Page, page_after
from orchestrator.partition.engine import Engine
from orchestrator.partition.rounds import Rounds
from orchestrator.partition.schedules import CALLED
from tests.negative.planting import plant


def _without_fact(lost: str) -> Any:
    """A context in which the file is never told of that."""
    real = Engine.note_fact
    return patch.object(Engine, "note_fact", lambda one, name, value: None if name == lost else real(one, name, value))


@plant("I16")
@contextmanager
def rounds_do_not_survive_a_crash() -> Iterator[None]:
    with _without_fact(BROADCASTS):
        yield


@plant("I16", seed=830)
@contextmanager
def times_of_a_schedule_are_not_known_as_called() -> Iterator[None]:
    with _without_fact(CALLED):
        yield


@plant("I16", seed=67)
@contextmanager
def a_restart_forgets_times_that_nobody_has_called() -> Iterator[None]:
    real = Engine.__init__

    def born(one: Engine, *given: Any, **named: Any) -> None:
        real(one, *given, **named)
        one.rounds._called = one.clock + 3 * 3_600_000 if one.clock else None

    with patch.object(Engine, "__init__", born):
        yield


@plant("I2", "I16")
@contextmanager
def an_event_about_a_thing_is_not_known_again() -> Iterator[None]:
    with patch.object(rounds, "with_mark", lambda seen, *_: seen):
        yield


@plant("I16")
@contextmanager
def a_broadcast_reaches_people_outside_of_the_segment() -> Iterator[None]:
    with patch.object(announcing, "_is_called", lambda moment, _given, ident: ident in moment.program.index.called):
        yield


@plant("I16")
@contextmanager
def newcomers_hear_what_began_before_them() -> Iterator[None]:
    real = Cursors.begin

    def begin(cursors: Cursors, broadcast: Any) -> None:
        real(cursors, structs.replace(broadcast, known=2**62))

    with patch.object(Cursors, "begin", begin):
        yield


@plant("I16", seed=319)
@contextmanager
def a_merge_forgets_what_the_device_heard() -> Iterator[None]:
    with patch.object(merge, "join_announced", lambda ours, _: ours):
        yield


@plant("I16", seed=151)
@contextmanager
def a_walk_overlooks_whoever_is_not_committed_yet() -> Iterator[None]:
    with patch.object(engine, "page_after", lambda store, _, after, most: page_after(store, [], after, most)):
        yield


@plant("I16", "I9")
@contextmanager
def a_walk_runs_ahead_of_its_visits() -> Iterator[None]:
    """Of each page the last is counted as visited, and is not: no broadcast is heard, an open switch is waited for."""

    def ahead(*given: Any) -> Page:
        page = page_after(*given)
        return page._replace(keys=page.keys[:-1])

    with patch.object(engine, "page_after", ahead):
        yield


@plant("I16")
@contextmanager
def a_round_is_over_after_its_first_page() -> Iterator[None]:
    real = Cursors.went_on
    with patch.object(
        Cursors, "went_on", lambda one, page, seen: real(one, page._replace(last=not one.look or page.last), seen)
    ):
        yield


@plant("I16")
@contextmanager
def a_downtime_is_made_up_for_however_long_it_was() -> Iterator[None]:
    with patch.object(Rounds, "_oldest", lambda _: 0):
        yield
