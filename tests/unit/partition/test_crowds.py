"""Crowds of timers: a turn fires so many, and what came in after them waits, decided as if there had been one turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.authoring import load_program
from orchestrator.delivery.governor import OpenGovernor
from orchestrator.domain.input import Event, Outcome
from orchestrator.partition.engine import Engine
from orchestrator.partition.live import Answered, Arrival, Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.stores.memory import MemoryFile
from tests.integration.small_workspace import write_workspace

START, S = 1_800_000_000_000, 1_000
PEOPLE, ROOM = 60, 7


def began(tmp_path: Path) -> tuple[Live, MemoryFile]:
    """An engine, and many whose course goes on after four seconds, all at once."""
    file, outbox = MemoryFile(), Outbox()
    program = load_program(write_workspace(tmp_path))
    live = Live(Engine([file.partition(0)], Surroundings(program, OpenGovernor(), outbox)), outbox)
    begun = [Event(f"c{n}", START, name="Course Begun", user_id=f"u{n}", received_at=START) for n in range(PEOPLE)]
    known = Event("i", START, type="identify", user_id="late", received_at=START, traits={"email": "late@example.com"})
    live.turn([Arrival(0, event) for event in [*begun, known]], [], START, caught_up=True)
    return live, file


def order(ident: str, at: int) -> Arrival:
    properties = {"order_id": ident, "total": 1.5}
    return Arrival(1, Event(ident, at, name="Order Completed", user_id="late", received_at=at, properties=properties))


def worked(live: Live, file: MemoryFile, answers: list[Answered], *, caught_up: bool = True) -> list[int]:
    """Give two events, one before the crowd and one after it, until both are taken; how much each turn decided."""
    arrivals, sizes = [order("before", START + 3 * S), order("after", START + 5 * S)], list[int]()
    while arrivals or answers:
        rows = len(file.journal)
        turn = live.turn(arrivals, answers, START + 6 * S, caught_up=caught_up)
        arrivals, answers = arrivals[turn.taken :], [] if turn.answered else answers
        sizes.append(len(file.journal) - rows)
    return sizes


@pytest.mark.parametrize("caught_up", [True, False])
def test_a_crowd_takes_several_turns_and_is_decided_as_in_one(
    caught_up: bool,  # noqa: FBT001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, file = began(tmp_path)
    assert len(worked(whole, file, [], caught_up=caught_up)) == 1
    monkeypatch.setattr("orchestrator.partition.live.BATCH", ROOM)
    live, again = began(tmp_path)
    sizes = worked(live, again, [], caught_up=caught_up)
    assert len(sizes) > PEOPLE // ROOM
    assert max(sizes) <= ROOM + 2 + 3  # two events, and what the orders' own timers do
    seen = [row for row in again.journal if row.clock <= START + 5 * S]
    assert seen == [row for row in file.journal if row.clock <= START + 5 * S]


def test_answers_wait_for_the_crowd_before_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live, file = began(tmp_path)
    turn = live.turn([order("o", START + S)], [], START + S, caught_up=True)
    [sent] = turn.outgoing
    monkeypatch.setattr("orchestrator.partition.live.BATCH", ROOM)
    answers = [Answered(sent.key, Outcome(sent.message_id, "accepted"))]
    turn = live.turn([], answers, START + 6 * S, caught_up=True)
    assert not turn.answered
    assert file.journal[-1].clock <= START + 4 * S
    while not turn.answered:
        turn = live.turn([], answers, START + 6 * S, caught_up=True)
    assert file.journal[-1].clock == START + 6 * S


def test_a_command_waits_for_the_crowd_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live, _ = began(tmp_path)
    monkeypatch.setattr("orchestrator.partition.live.BATCH", ROOM)
    reached = [live.reach(START + 5 * S, START + 6 * S) for _ in range(PEOPLE // ROOM + 1)]
    assert reached == [None] * (PEOPLE // ROOM) + [START + 5 * S]
