"""A program that goes live while the engine works does what a restart with it would do: the same rows, the same bytes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from orchestrator.authoring import load_program
from orchestrator.bootstrap.engine import Coming, go_live, live_on
from orchestrator.delivery.governor import OpenGovernor
from orchestrator.domain.input import Event, Outcome
from orchestrator.domain.program import Program
from orchestrator.partition.live import Answered, Arrival, Live
from orchestrator.stores.memory import MemoryFile
from tests.integration.small_workspace import write_workspace

START = 1_750_000_000_000
MINUTE = 60_000


def event(number: int, name: str, at: int) -> Event:
    user, properties = f"u{number % 4}", {"order_id": f"O{number}", "total": 1}
    traits = {"email": f"{user}@shop.example"}
    return Event(
        f"m{number}", at, name=name, user_id=user, received_at=at, source="s", properties=properties, context={"traits": traits}
    )


def worked(live: Live, events: Sequence[Event], until: int) -> None:
    """Turns as an engine that nothing else waits for has them; whatever leaves is accepted at once."""
    arrivals, answers = [Arrival(0, one) for one in events], list[Answered]()
    for wall in (events[-1].received_at, until):
        while True:
            turn = live.turn(arrivals, answers, wall, caught_up=True)
            arrivals, answers = [], [Answered(out.key, Outcome(out.message_id, "accepted")) for out in turn.outgoing]
            if not (answers or live.busy):
                break


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> list[Program]:
    lessons = ("lesson-old", "lesson-new")
    return [load_program(write_workspace(tmp_path_factory.mktemp(lesson), lesson)) for lesson in lessons]


def lived(programs: list[Program], *, hot: bool) -> MemoryFile:
    known = {program.name: program for program in programs}
    old, new = (Coming(program, program.name.encode, known.__getitem__) for program in programs)
    file = MemoryFile()
    live = live_on(file.partition(0), old, START, OpenGovernor())
    names = ("Course Begun", "Order Completed", "Letter Wanted")
    worked(live, [event(n, names[n % 3], START + n * 100) for n in range(12)], START + 1_100)
    now = live.reach(live.engine.clock, live.engine.clock)
    if hot:
        go_live(live, new, now)
    else:
        live.engine.commit()
        live = live_on(file.partition(0), new, now, OpenGovernor())
    worked(live, [event(n, names[n % 3], START + MINUTE + n * 100) for n in range(12, 24)], START + 2 * MINUTE)
    return file


def test_a_hot_program_gives_the_rows_and_the_bytes_of_a_restart(programs: list[Program]) -> None:
    hot, cold = lived(programs, hot=True), lived(programs, hot=False)
    assert hot.journal == cold.journal
    assert hot.profiles == cold.profiles
    assert hot.programs == cold.programs == {program.name: program.name.encode() for program in programs}
    assert len([row for row in hot.journal if not row.key]) == 2


def test_people_in_flight_keep_the_steps_that_they_entered(programs: list[Program]) -> None:
    """The old lesson goes to those who began the course before, the new one to the others."""
    told = b"".join(row.decision for row in lived(programs, hot=True).journal)
    assert told.count(b"lesson-old") > 0
    assert told.count(b"lesson-new") > 0
