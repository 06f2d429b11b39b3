"""Who is visited after a change of surroundings: everyone known by then, once, merged or not."""

from __future__ import annotations

import pytest

from orchestrator.delivery.governor import OpenGovernor
from orchestrator.domain.input import Control, Event
from orchestrator.partition.engine import Engine
from orchestrator.partition.live import Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.stores.memory import MemoryFile
from tests.simulation.programs import PROGRAMS

NOW = 1_800_000_000_000


def added(ident: str, user: str | None, device: str | None = None) -> Event:
    return Event(ident, NOW, name="Added", user_id=user, anonymous_id=device, received_at=NOW, properties={"cart": ident})


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_device_that_is_adopted_before_its_visit_gets_it_there(partitions: int) -> None:
    """As production once did not: its runs stayed paused for ever."""
    file = MemoryFile()
    around = Surroundings(PROGRAMS[0], OpenGovernor(), Outbox())
    live = Live(Engine([file.partition(number) for number in range(partitions)], around), Outbox())
    engine = live.engine
    engine.feed(Event("known", NOW, type="identify", user_id="ada", received_at=NOW), NOW)
    live.control(Control("pause", on=True))
    engine.feed(added("phone", None, "phone"), NOW)
    live.control(Control("pause", on=False))
    engine.commit()
    engine.visit(1)
    engine.feed(added("both", "ada", "phone"), NOW)
    while live.busy:
        engine.visit(1)
    record = engine.home("u:ada").find("u:ada")
    assert record is not None
    assert len(record.profile.runs) > 1
    assert [run.state for run in record.profile.runs if run.state == "paused"] == []
