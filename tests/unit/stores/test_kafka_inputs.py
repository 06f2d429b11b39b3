"""What stands in the inputs topic is told apart by its first byte."""

from __future__ import annotations

import msgspec
import pytest

from orchestrator.domain.input import Activation, Control, Event
from orchestrator.partition.identities import Passed
from orchestrator.stores.kafka.inputs import command, commanded, entry, is_command, was_read

COMMANDS = (
    Activation("p1"),
    Activation("p1", "ada"),
    Control("kill", on=True),
    Control("pause", on=True, campaign="offer", actor="ada", reason="wrong prices", at=1),
    Control("approve", on=True, campaign="offer", up_to=5, until=9),
)


@pytest.mark.parametrize("given", COMMANDS, ids=str)
def test_a_command_is_one_however_many_fields_its_type_has(given: Activation | Control) -> None:
    _, value = command(given)
    assert is_command(value)
    assert not was_read(value)
    assert commanded(value) == given


def test_events_are_none() -> None:
    _, value = entry(Passed("u:1", Event("m1", 1, name="Order Completed", user_id="1"), 1))
    assert was_read(value)
    assert not is_command(value)
    assert not is_command(msgspec.json.encode({"type": "track"}))
