"""Planted bugs in leases and in the governor's account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import patch

from orchestrator.delivery import budget, leases, permits
from orchestrator.delivery.budget import Budget, Said
from orchestrator.delivery.leases import Leases
from orchestrator.domain.input import Control
from tests.negative.planting import instead
from tests.negative.planting import plant as plant_in
from tests.simulation.lease_world import LeaseWorld, Worker

plant = partial(plant_in, world=LeaseWorld)


@plant("P1", "P4")
@contextmanager
def a_lease_lives_from_when_it_is_heard() -> Iterator[None]:
    real = Leases.hear

    def hear(ours: Leases, said: bytes) -> None:
        ours._asked = {number: replace(asked, at=ours.clock()) for number, asked in ours._asked.items()}
        real(ours, said)

    with patch.object(Leases, "hear", hear):
        yield


@plant("P1", "P4", seed=13)
@contextmanager
def leave_is_not_looked_at_again() -> Iterator[None]:
    with patch.object(Leases, "holds", lambda *_: True), patch.object(Worker, "wall", property(lambda _: 1_750_000_000_000)):
        yield


@plant("P1", "P4", "P5")
@contextmanager
def a_lease_lives_by_the_wall_clock() -> Iterator[None]:
    with patch.object(Worker, "clock", property(lambda worker: worker.wall)):
        yield


@plant("P1")
@contextmanager
def a_kill_is_not_heeded() -> Iterator[None]:
    with patch.object(Budget, "killed", property(lambda _: False)):
        yield


@plant("P1")
@contextmanager
def switches_are_looked_at_now_and_then() -> Iterator[None]:
    """Whoever asked after the kill is answered as if it had asked before."""
    hear, answer = Budget.hear, Budget.answer
    late: dict[int, list[tuple[int, bytes, int]]] = {}

    def hear_late(ours: Budget, record: bytes, offset: int) -> None:
        if isinstance(permits.question(record), Control):
            late.setdefault(id(ours), []).append((ours.clock() + 1_500, record, offset))
        else:
            hear(ours, record, offset)

    def answer_first(ours: Budget) -> Said | None:
        said = answer(ours)
        waiting = late.get(id(ours), [])
        while waiting and waiting[0][0] <= ours.clock():
            hear(ours, *waiting.pop(0)[1:])
        return said

    def forget(ours: Budget) -> None:
        late.pop(id(ours), None)

    hearing, answering = patch.object(Budget, "hear", hear_late), patch.object(Budget, "answer", answer_first)
    with instead(Budget, "__post_init__", after=forget), hearing, answering:
        yield


@plant("P1", seed=23)
@contextmanager
def the_next_governor_does_not_know_of_the_kill() -> Iterator[None]:
    with patch.object(Budget, "remember", lambda *_: None):
        yield


@plant("P2")
@contextmanager
def the_next_governor_begins_at_once() -> Iterator[None]:
    def after(ours: Budget) -> None:
        ours._since -= budget.WINDOW_MS

    with instead(Budget, "__post_init__", after=after):
        yield


@plant("P2")
@contextmanager
def a_governor_that_was_replaced_goes_on() -> Iterator[None]:
    """As if its records were written by a producer that nothing fences."""
    with patch.object(LeaseWorld, "fences", lambda _: False):
        yield


@plant("P2")
@contextmanager
def the_rate_is_counted_by_the_second_of_a_clock() -> Iterator[None]:
    real = Budget._left

    def left(ours: Budget, kind: Any, now: int) -> int:
        return real(ours, kind, now // budget.WINDOW_MS * budget.WINDOW_MS + budget.WINDOW_MS - 1)

    with patch.object(Budget, "_left", left):
        yield


@plant("P2")
@contextmanager
def what_is_granted_is_not_noted() -> Iterator[None]:
    with instead(Budget, "_grant", after=lambda ours, _, kind, *__: ours._given[kind.channel].clear()):
        yield


@plant("P2", "P3")
@contextmanager
def leave_is_used_twice() -> Iterator[None]:
    real = leases._Granted.take

    def take(granted: Any, now: int, spare: int) -> leases._Lease | None:
        kept = list(granted.leases)
        found = real(granted, now, spare)
        if kept and len(granted.taken) % 2:
            granted.leases.extend(kept[:1])
        return found

    with patch.object(leases._Granted, "take", take):
        yield


@plant("P2", "P3")
@contextmanager
def an_answer_heard_twice_counts_twice() -> Iterator[None]:
    real = Leases.hear

    def hear(ours: Leases, said: bytes) -> None:
        asked = dict(ours._asked)
        real(ours, said)
        ours._asked = asked

    with patch.object(Leases, "hear", hear):
        yield


@plant("P2", "P3", "P4", "P5")
@contextmanager
def everybody_takes_what_was_granted_to_one() -> Iterator[None]:
    real = Leases.hear

    def hear(ours: Leases, said: bytes) -> None:
        found = permits.answer(said)
        theirs = [permits.Lease(ours.worker, one.number, one.granted) for one in found.leases]
        real(ours, permits.encode(permits.Answer(theirs, found.killed)))

    with patch.object(Leases, "hear", hear):
        yield


@plant("P3", "P4")
@contextmanager
def without_a_governor_workers_go_on() -> Iterator[None]:
    def after(ours: Leases) -> None:
        if not ours.answered:
            for kind in ours._due:
                ours._of(kind).leases.append(leases._Lease(ours.clock() + leases.LEASE_MS, 1, 0, 1))

    with instead(Leases, "request", after=after):
        yield


@plant("P5")
@contextmanager
def what_waits_is_not_asked_for() -> Iterator[None]:
    with patch.object(Leases, "_wants", lambda *_: iter(())):
        yield


@plant("P6")
@contextmanager
def transactional_messages_stand_behind_a_campaign() -> Iterator[None]:
    with patch.object(leases, "kind_of", lambda one, _: permits.Kind(one.channel, marketing=True, campaign=one.campaign)):
        yield
