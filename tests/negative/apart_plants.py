"""Planted bugs in how ids of different partitions become one customer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from msgspec import structs

from orchestrator.domain import decide, gates
from orchestrator.domain.input import Adopt, Link
from orchestrator.domain.moment import Moment
from orchestrator.domain.profile import Profile
from orchestrator.partition import identities
from orchestrator.partition.engine import Engine
from orchestrator.partition.identities import Identities, Passed
from orchestrator.partition.partition import Partition
from tests.negative.planting import instead
from tests.negative.planting import plant as plant_in
from tests.simulation.apart import Apart

plant = partial(plant_in, world=Apart)


def _passing(change: Any) -> Any:
    """A context in which `change` stands between what an engine passes on and its transaction."""
    real = Engine.take_passed
    return patch.object(Engine, "take_passed", lambda engine: change(real(engine)))


@plant("I19")
@contextmanager
def state_is_taken_in_again() -> Iterator[None]:
    with patch.object(Partition, "holds", lambda *_: False):
        yield


@plant("I19")
@contextmanager
def let_go_without_a_redirect() -> Iterator[None]:
    real = Identities._let_go

    def let_go(self: Identities, home: Partition, old: str, new: str) -> Any:
        theirs = real(self, home, old, new)
        del home.changes.redirects[old]
        return theirs

    with patch.object(Identities, "_let_go", let_go):
        yield


@plant("I19")
@contextmanager
def state_is_lost_on_the_way() -> Iterator[None]:
    with _passing(lambda passed: [one for one in passed if not (isinstance(one.given, Adopt) and one.given.state)]):
        yield


@plant("I19")
@contextmanager
def state_is_sent_after_the_transaction() -> Iterator[None]:
    held: list[Passed] = []

    def later(passed: list[Passed]) -> list[Passed]:
        now, held[:] = held.copy(), [one for one in passed if isinstance(one.given, Adopt)]
        return [*now, *(one for one in passed if one not in held)]

    with _passing(later):
        yield


@plant("I19")
@contextmanager
def what_was_let_go_stays_too() -> Iterator[None]:
    with patch.object(Partition, "release", lambda self, raw: self.find(raw)):
        yield


@plant("I19")
@contextmanager
def whoever_asks_last_has_it() -> Iterator[None]:
    real = Identities.release

    def release(self: Identities, given: Any, now: int) -> None:
        with patch.object(Partition, "redirected", lambda _self, raw: raw):
            real(self, given, now)

    with patch.object(Identities, "release", release):
        yield


@plant("I19")
@contextmanager
def who_came_too_late_is_not_told() -> Iterator[None]:
    with _passing(lambda passed: [o for o in passed if not (isinstance(o.given, Adopt) and o.given.to != o.to)]):
        yield


@plant("I19")
@contextmanager
def who_came_too_late_believes_it_is_theirs() -> Iterator[None]:
    def as_theirs(one: Passed) -> Passed:
        return one._replace(given=structs.replace(one.given, to=one.to)) if isinstance(one.given, Adopt) else one

    with _passing(lambda passed: [as_theirs(one) for one in passed]):
        yield


@plant("I19")
@contextmanager
def linked_anew_by_every_event() -> Iterator[None]:
    real = Identities.unify

    def unify(self: Identities, old: str, new: str, now: int) -> None:
        if self._elsewhere(old):
            with patch.object(Partition, "redirected", lambda _self, raw: raw):
                real(self, old, new, now)
        else:
            real(self, old, new, now)

    with patch.object(Identities, "unify", unify):
        yield


@plant("I19")
@contextmanager
def events_of_an_id_stay_where_it_was() -> Iterator[None]:
    real = Engine._take

    def take(engine: Engine, event: Any, now: int) -> Any:
        if event.user_id is None and engine._elsewhere is not None:
            with patch.object(Partition, "redirected", lambda _self, raw: raw):
                return real(engine, event, now)
        return real(engine, event, now)

    with patch.object(Engine, "_take", take):
        yield


@plant("I19", "I20")
@contextmanager
def link_is_kept_for_ever() -> Iterator[None]:
    real = decide._adopt

    def adopt(moment: Moment, given: Adopt) -> None:
        links = dict(moment.profile.links)
        real(moment, given)
        moment.profile.links = links

    with patch.dict(decide._PIPELINES, {Adopt: adopt}):
        yield


@plant("I20")
@contextmanager
def marketing_does_not_wait() -> Iterator[None]:
    with patch.object(gates, "waits_until", lambda *_: None):
        yield


@plant("I20")
@contextmanager
def marketing_waits_beyond_the_deadline() -> Iterator[None]:
    real = decide.note_link

    def note(profile: Profile, given: Link, now: int) -> None:
        real(profile, structs.replace(given, until=given.until + 30_000), now)

    with patch.object(decide, "note_link", note):
        yield


@plant("I20")
@contextmanager
def what_waited_is_not_judged_when_the_answer_comes() -> Iterator[None]:
    real = decide._adopt

    def adopt(moment: Moment, given: Adopt) -> None:
        before = list(moment.round)
        real(moment, given)
        moment.round = before

    with patch.dict(decide._PIPELINES, {Adopt: adopt}):
        yield


@plant("I22")
@contextmanager
def answers_stay_where_the_attempt_was() -> Iterator[None]:
    with patch.object(identities, "_leave_word", lambda *_: None):
        yield


@plant("I2")
@contextmanager
def other_id_forgets_what_it_has_seen() -> Iterator[None]:
    def after(moment: Moment, *_: Any) -> None:
        moment.profile.seen = b""

    with instead(decide, "adopt", after=after):
        yield
