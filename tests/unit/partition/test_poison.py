"""What cannot be decided becomes a dead letter and is tried again where only time would bring it back; nothing else suffers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from orchestrator.delivery.governor import OpenGovernor
from orchestrator.domain.input import Event, HandOff, Outcome, Timer
from orchestrator.domain.limits import AGAIN_MS
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import Message
from orchestrator.partition import partition as module
from orchestrator.partition.engine import Engine
from orchestrator.partition.partition import Surroundings
from orchestrator.stores.memory import MemoryFile
from tests.simulation.programs import PROGRAMS

START = 1_750_000_000_000 + 12 * 3_600_000
MINUTE = 60_000
NOON = START + 9 * 3_600_000
"""Outside quiet hours."""


class Wire:
    """Accepts at once; describing a message fails while told so."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.broken = False

    def hand_over(self, _program: Any, _record: Any, message: Message, _not_after: int, _now: int) -> Outcome:
        if self.broken:
            raise ValueError("no words")
        self.taken.append(message.template)
        return Outcome(message.id, "accepted")


def engine() -> tuple[Engine, Wire, MemoryFile]:
    wire, file = Wire(), MemoryFile()
    program = next(program for program in PROGRAMS if {"receipt"} <= set(program.campaigns))
    return Engine([file.partition(0)], Surroundings(program, OpenGovernor(), wire, Controls(addresses=False))), wire, file


def ordered(ident: str, at: int) -> Event:
    return Event(ident, at, name="Ordered", user_id="ada", received_at=at, source="shop")


@contextmanager
def poisoned(kind: type) -> Iterator[None]:
    """Inputs of this kind cannot be decided."""
    real = module.decide

    def decide(program: Any, controls: Any, profile: Any, given: Any, now: int, witness: Any = None) -> Any:
        if type(given) is kind:
            raise ArithmeticError("poison")
        return real(program, controls, profile, given, now, witness)

    with patch.object(module, "decide", decide):
        yield


def states(of: Engine) -> list[str]:
    record = of.partitions[0].find("u:ada")
    assert record is not None
    return [message.state for message in record.profile.messages]


def test_a_timer_that_cannot_be_decided_is_tried_again_and_its_profile_goes_on() -> None:
    one, wire, _ = engine()
    one.feed(ordered("o1", START), START)
    one.commit()
    assert wire.taken == ["receipt"]
    with poisoned(Timer):
        one.advance(START + 5 * MINUTE)
        one.commit()
    assert one.dead == 1
    assert one.next_due() == START + 5 * MINUTE + AGAIN_MS
    one.advance(START + 2 * AGAIN_MS)
    assert wire.taken == ["receipt", "how"]


def test_a_hand_off_that_cannot_be_decided_is_tried_again() -> None:
    one, wire, _ = engine()
    with poisoned(HandOff):
        one.feed(ordered("o1", START), START)
        one.commit()
    assert (one.dead, states(one), wire.taken) == (1, ["cleared"], [])
    one.advance(START + AGAIN_MS + 10 * MINUTE)
    assert wire.taken == ["receipt", "how"]


def test_a_message_that_cannot_be_described_is_refused_and_the_loop_goes_on() -> None:
    one, wire, _ = engine()
    wire.broken = True
    one.feed(ordered("o1", START), START)
    record = one.partitions[0].find("u:ada")
    assert record is not None
    assert record.profile.tally == {"refused": 1}
    wire.broken = False
    one.advance(START + AGAIN_MS)
    assert wire.taken == ["how"]


def test_a_message_that_must_wait_after_all_lets_go_of_its_place_in_a_cap() -> None:
    one, _, _ = engine()
    with poisoned(HandOff):
        one.feed(Event("v1", NOON, name="Viewed", user_id="ada", received_at=NOON, source="shop"), NOON)
    record = one.partitions[0].find("u:ada")
    assert record is not None
    assert [message.state for message in record.profile.messages] == ["cleared"]
    assert len(record.profile.counted) == 1
    one.around.controls = Controls(kill=True, addresses=False)
    one.advance(NOON + AGAIN_MS)
    assert [(message.state, message.gate) for message in record.profile.messages] == [("planned", "kill")]
    assert record.profile.counted == []
