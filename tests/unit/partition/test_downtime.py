"""After a downtime messages are cleared at the time that they were due, and leave is asked for at the time that it is."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from orchestrator.authoring import load_program
from orchestrator.delivery.governor import Governor
from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Event
from orchestrator.domain.moment import Controls
from orchestrator.partition.engine import Engine
from orchestrator.partition.live import Arrival, Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.stores.memory import MemoryFile
from tests.integration.small_workspace import write_workspace

START, S, HOUR = 1_800_000_000_000, 1_000, 3_600_000


@pytest.mark.parametrize(("down", "ends"), [(HOUR, ("attempting", None)), (40 * HOUR, ("expired", "expiry"))])
def test_a_message_whose_deadline_passed_in_a_downtime_has_expired(
    down: int, ends: tuple[str, str | None], tmp_path: Path
) -> None:
    """It had no turn because its time was over, and not the other way round."""
    file, outbox = MemoryFile(), Outbox()
    around = Surroundings(load_program(write_workspace(tmp_path)), Governor(), outbox, Controls(addresses=False))
    live = Live(Engine([file.partition(0)], around), outbox)
    ordered = Event(
        "o", START, name="Order Completed", user_id="ada", received_at=START, properties={"order_id": "1", "total": 2}
    )
    live.turn([Arrival(0, ordered)], [], START, caught_up=True)
    for second in range(3):
        live.turn([], [], START + down + second * S, caught_up=True)
    offers = [
        one
        for row in file.journal
        for one in msgspec.msgpack.decode(row.decision, type=Decision).messages
        if one.step == "send-offer"
    ]
    assert (offers[-1].state, offers[-1].reason) == ends
