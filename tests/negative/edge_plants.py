"""Planted bugs in segments and dates that patterns wait for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from orchestrator.domain import crossings, occasions, timers
from orchestrator.domain.dates import NEVER
from orchestrator.domain.decision import Crossing
from orchestrator.domain.moment import Moment
from orchestrator.domain.profile import Kept
from tests.negative.planting import instead, plant


@plant("I13")
@contextmanager
def a_set_that_turns_a_membership_is_not_looked_at() -> Iterator[None]:
    with patch.object(crossings, "look_again", lambda *_: None):
        yield


@plant("I13")
@contextmanager
def time_alone_crosses_nothing() -> Iterator[None]:
    with patch.object(timers, "_edges", lambda *_: iter(())):
        yield


@plant("I13", "I14")
@contextmanager
def segments_are_judged_in_the_order_of_the_file() -> Iterator[None]:
    def segments(moment: Moment) -> list[str]:
        if moment._segments is None:
            found: list[str] = []
            moment._segments, moment._shown = found, None
            for name, rule in moment.program.segments.items():
                found += [name] if moment.holds(rule, name) else []
        return moment._segments

    with patch.object(Moment, "segments", segments):
        yield


@plant("I14")
@contextmanager
def who_is_inside_enters_with_every_event() -> Iterator[None]:
    def after(moment: Moment) -> None:
        inside = {name for name, one in moment.profile.memberships.items() if one.inside}
        moment.joined |= inside

    with instead(crossings, "_see", after=after):
        yield


@plant("I14")
@contextmanager
def what_the_wheel_turns_is_kept_and_not_met() -> Iterator[None]:
    def after(moment: Moment) -> None:
        if moment.entered is not None:
            moment.joined = moment.left = frozenset()

    with instead(crossings, "keep", after=after):
        yield


@plant("I13", "I14")
@contextmanager
def a_crossing_is_told_and_not_kept() -> Iterator[None]:
    def keep(moment: Moment) -> None:
        moment.decision.crossings += [Crossing(name, inside=True) for name in sorted(moment.joined)]

    with patch.object(crossings, "keep", keep):
        yield


@plant("I14")
@contextmanager
def a_merge_crosses_where_the_two_disagreed() -> Iterator[None]:
    with patch.object(crossings, "join", lambda moment, before: occasions.join(moment, before.dates)):
        yield


@plant("I15", seed=54)
@contextmanager
def a_corrected_birthday_comes_again() -> Iterator[None]:
    def kept(occasion: Any, text: str, _came: int, past: int) -> Kept:
        return Kept(occasion.token, text, past, NEVER)

    with patch.object(occasions, "_kept", kept):
        yield


@plant("I15")
@contextmanager
def what_was_past_comes_when_it_becomes_known() -> Iterator[None]:
    def kept(occasion: Any, text: str, came: int, _past: int) -> Kept:
        return Kept(occasion.token, text, came, came)

    with patch.object(occasions, "_kept", kept):
        yield


@plant("I15", seed=75)
@contextmanager
def a_merge_forgets_what_came_for_the_other() -> Iterator[None]:
    with patch.object(occasions, "join", lambda *_: None):
        yield
