"""Planted bugs in the loop, the store and the governor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch

from orchestrator.delivery import governor
from orchestrator.delivery.governor import Governor
from orchestrator.domain.input import Event, Outcome, Permit
from orchestrator.domain.profile import seal
from orchestrator.partition import identities
from orchestrator.partition.cursors import CURSORS, Cursors
from orchestrator.partition.engine import Engine
from orchestrator.partition.live import Live, Outbox
from orchestrator.partition.partition import Partition
from orchestrator.partition.ports import Changes
from orchestrator.partition.standing import Standing
from orchestrator.stores.memory import MemoryStore
from tests.negative.planting import instead, plant


def _decided_events(engine: Engine) -> bool:
    return any(isinstance(one.given, Event) for partition in engine.partitions for one in partition.decided)


def _committing(wanted: Any) -> Any:
    """A context in which a turn's commit waits for the next one unless `wanted(engine)`."""
    real = Engine.commit

    def commit(engine: Engine) -> None:
        if wanted(engine):
            real(engine)

    return patch.object(Engine, "commit", commit)


@plant("I1")
@contextmanager
def acknowledged_before_the_commit() -> Iterator[None]:
    with _committing(lambda engine: not _decided_events(engine)):
        yield


@plant("I8")
@contextmanager
def handed_over_before_the_commit() -> Iterator[None]:
    real, going = Outbox.take, list[Any]()

    def take(outbox: Outbox) -> Any:
        going[:] = real(outbox)
        return [*going]

    with patch.object(Outbox, "take", take), _committing(lambda engine: _decided_events(engine) or not going):
        yield


@plant("I5")
@contextmanager
def timers_overtake_the_backlog() -> Iterator[None]:
    real = Live.turn

    def turn(live: Live, *given: Any, **named: Any) -> Any:
        return real(live, *given, **{**named, "caught_up": True})

    with patch.object(Live, "turn", turn):
        yield


@plant("I5")
@contextmanager
def timers_fire_early() -> Iterator[None]:
    real = Engine.advance
    with patch.object(Engine, "advance", lambda engine, until, most=None: real(engine, until + 60_000, most)):
        yield


@plant("I5")
@contextmanager
def clock_goes_back() -> Iterator[None]:
    def after(partition: Partition, *_: object) -> None:
        partition.clock -= 1

    with instead(Partition, "take", after=after):
        yield


@plant("I2")
@contextmanager
def duplicate_is_acknowledged_as_new() -> Iterator[None]:
    real = Live.turn

    def turn(live: Live, *given: Any, **named: Any) -> Any:
        found = real(live, *given, **named)
        found.accepted = [(token, False) for token, _ in found.accepted]
        return found

    with patch.object(Live, "turn", turn):
        yield


@plant("I10")
@contextmanager
def poison_leaves_the_profile_half_changed() -> Iterator[None]:
    real = Partition._bury

    def bury(partition: Partition, record: Any, given: Any, error: Exception) -> None:
        mutated = record.profile
        real(partition, record, given, error)
        record.unsealed, record.sealed = mutated, seal(mutated)

    with patch.object(Partition, "_bury", bury):
        yield


@plant("I10")
@contextmanager
def poison_is_not_kept() -> Iterator[None]:
    with instead(Partition, "_bury", after=lambda partition, *_: partition.changes.dead.clear()):
        yield


@plant("I0")
@contextmanager
def poison_stops_the_loop() -> Iterator[None]:
    def bury(_partition: Partition, _record: Any, _given: Any, error: Exception) -> None:
        raise error

    with patch.object(Partition, "_bury", bury):
        yield


@plant("I1")
@contextmanager
def forwards_are_lost() -> Iterator[None]:
    with instead(Partition, "_step", after=lambda partition, *_: partition.forwards.clear()):
        yield


@plant("I1")
@contextmanager
def a_full_turn_leaves_forwards_in_memory() -> Iterator[None]:
    """As production once did: what the last timer of a full turn emitted was not in its commit."""

    def advance(engine: Engine, until: int, most: int | None = None) -> int:
        fired = 0
        while most is None or fired < most:
            dues = [(found, p) for p in engine.partitions if (found := p.next_due())]
            due = min(dues, key=lambda pair: pair[0], default=None)
            forward = next((p for p in engine.partitions if p.forwards), None)
            if forward is not None and (due is None or due[0][0] > forward.forwards[0][1]):
                engine._take(*forward.forwards.popleft())
                continue
            if due is None or due[0][0] > until:
                break
            due[1].fire()
            fired += 1
        return fired

    with patch.object(Engine, "advance", advance):
        yield


@plant("I9", seed=82)
@contextmanager
def timers_of_changed_profiles_are_not_loaded() -> Iterator[None]:
    """As production once did: a page of timers left out profiles that the batch had touched."""
    real = Partition._load_timers

    def load(partition: Partition) -> None:
        touched = {key: due for key in partition.changes.records if (due := partition._due.get(key)) is None}
        real(partition)
        for key in touched:
            partition._due.pop(key, None)

    with patch.object(Partition, "_load_timers", load):
        yield


@plant("I9")
@contextmanager
def due_index_loses_an_entry() -> Iterator[None]:
    def after(store: MemoryStore, changes: Changes) -> None:
        rows = store.file.due.get(changes.partition)
        if rows and len(store.file.journal) % 5 == 0:
            rows.pop()

    with instead(MemoryStore, "_write", after=after):
        yield


@plant("I7")
@contextmanager
def outcomes_are_not_journalled() -> Iterator[None]:
    def after(partition: Partition, _record: Any, given: Any, *_: object) -> None:
        if isinstance(given, Outcome):
            partition.changes.journal.pop()

    with instead(Partition, "_journal", after=after):
        yield


@plant("I7", "I8", "I9", "I11", seed=65)
@contextmanager
def switches_do_not_survive_a_restart() -> Iterator[None]:
    def after(engine: Engine, *_: object) -> None:
        for partition in engine.partitions:
            partition.changes.controls = None

    with instead(Engine, "control", after=after):
        yield


@plant("I9")
@contextmanager
def resuming_looks_at_nobody() -> Iterator[None]:
    with patch.object(Engine, "begin_look", lambda _: None):
        yield


@plant("I9", seed=349)
@contextmanager
def the_cursor_of_a_broadcast_is_not_durable() -> Iterator[None]:
    real = Engine.note_fact

    def note(engine: Engine, name: str, value: bytes) -> None:
        if name != CURSORS:
            real(engine, name, value)

    with patch.object(Engine, "note_fact", note):
        yield


@plant("I9", seed=349)
@contextmanager
def the_cursor_of_a_broadcast_runs_ahead_of_it() -> Iterator[None]:
    """What the last commit kept is that everyone was visited, when the first were."""
    real = Cursors.notes

    def notes(cursors: Cursors) -> Iterator[tuple[str, bytes]]:
        for name, value in real(cursors):
            ahead = name == CURSORS and cursors.look is not None and cursors.look.after
            yield name, b"[]" if ahead else value

    with patch.object(Cursors, "notes", notes):
        yield


@plant("I7")
@contextmanager
def a_program_is_noted_as_live_before_it_is() -> Iterator[None]:
    """As production once did: killed in between, the journal never got the activation."""

    def go_live(live: Live, program: Any, standing: Standing, content: Callable[[], bytes]) -> None:
        if standing != live.standing:
            live._stand(standing)
            live.engine.commit()
            live.engine.activate(program, content())
            live.engine.begin_look()
            live.engine.commit()

    with patch.object(Live, "go_live", go_live):
        yield


@plant("I8")
@contextmanager
def governor_grants_under_kill() -> Iterator[None]:
    with patch.object(Governor, "ask", lambda _governor, _message, now, _wall: Permit(now + governor.LEASE_MS)):
        yield


@plant("I8")
@contextmanager
def leases_run_for_an_hour() -> Iterator[None]:
    with patch.object(governor, "LEASE_MS", 3_600_000):
        yield


@plant("I12")
@contextmanager
def every_third_answer_is_dropped() -> Iterator[None]:
    real = Engine.give
    answers = count()

    def give(engine: Engine, key: int, given: Any, now: int) -> Any:
        dropped = isinstance(given, Outcome) and next(answers) % 3 == 0
        return None if dropped else real(engine, key, given, now)

    with patch.object(Engine, "give", give):
        yield


@plant("I12", seed=72)
@contextmanager
def answers_do_not_follow_a_merge() -> Iterator[None]:
    """As production once did: the answer came for the profile that the anonymous person had been."""
    with patch.object(identities, "_leave_word", lambda *_: None):
        yield


@plant("I8")
@contextmanager
def leave_is_given_by_a_clock_that_lags() -> Iterator[None]:
    """As production once did: after an outage, attempts ran out and became doubts in the turn that made them."""
    with patch.object(governor, "LAG_MS", 10**15):
        yield
