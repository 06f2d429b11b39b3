"""A second attempt that is decided in the turn that hears of the first never leaves. Few simulated worlds come to this."""

from __future__ import annotations

from orchestrator.delivery.governor import OpenGovernor
from orchestrator.domain.input import Event, Outcome, Receipt
from orchestrator.domain.moment import Controls
from orchestrator.partition.engine import Engine
from orchestrator.partition.live import Answered, Arrival, Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.stores.memory import MemoryFile
from tests.unit.domain.test_receipts import START, WAIT, program


def opened(file: MemoryFile) -> Live:
    outbox = Outbox()
    around = Surroundings(program(), OpenGovernor(), outbox, Controls(addresses=False))
    return Live(Engine([file.partition(0)], around), outbox)


def doubtful(file: MemoryFile | None = None) -> tuple[Live, str]:
    """A transactional message that has been in doubt since START; it would be sent again at START + WAIT."""
    live = opened(file or MemoryFile())
    ordered = Event("o", START, name="Ordered", user_id="ada", received_at=START)
    (sent,) = live.turn([Arrival(1, ordered)], [], START, caught_up=True).outgoing
    live.turn([], [Answered(1, Outcome(sent.message_id, "in_doubt"))], START, caught_up=True)
    return live, sent.message_id


def test_without_evidence_it_goes_once_more() -> None:
    live, ident = doubtful()
    turn = live.turn([], [], START + WAIT, caught_up=True)
    assert ident in [one.message_id for one in turn.outgoing]


def test_evidence_that_comes_in_that_turn_keeps_it_back() -> None:
    live, ident = doubtful()
    receipt = Receipt(ident, "r", "delivered", START, "email")
    turn = live.turn([], [Answered(1, receipt)], START + WAIT, caught_up=True)
    assert ident not in [one.message_id for one in turn.outgoing]


def test_after_a_restart_what_is_in_doubt_is_looked_for_again_by_when_it_was_attempted() -> None:
    file = MemoryFile()
    _, ident = doubtful(file)
    live = opened(file)
    live.engine.ask_again([1, 2])
    later = START + WAIT - 1
    (out,) = (one for one in live.turn([], [], later, caught_up=True).outgoing if one.message_id == ident)
    assert (out.doubted, out.begun) == (START, START)
    assert live.turn([], [], later, caught_up=True).outgoing == []
    live.engine.ask_again([1])
    receipt = Receipt(ident, "r", "delivered", START, "email")
    turn = live.turn([], [Answered(1, receipt)], later, caught_up=True)
    assert ident not in [one.message_id for one in turn.outgoing], "heard of meanwhile"


def test_an_attempt_that_came_with_another_profile_is_nobodys_here() -> None:
    """Its home may have been elsewhere: no notes of departures speak of it, until it is attempted once more."""
    live, known = opened(MemoryFile()), Event("k", START, "identify", user_id="ada", received_at=START)
    ordered = Event("o", START, name="Ordered", anonymous_id="dev", received_at=START)
    (sent,) = live.turn([Arrival(1, known), Arrival(2, ordered)], [], START, caught_up=True).outgoing
    joined = Event("j", START + 1, "identify", user_id="ada", anonymous_id="dev", received_at=START + 1)
    live.turn([Arrival(3, joined)], [], START + 1, caught_up=True)

    def begun(now: int) -> list[int]:
        told = live.turn([], [Answered(1, Outcome(sent.message_id, "in_doubt"))], now, caught_up=True).outgoing
        return [one.begun for one in told if (one.message_id, one.doubted) == (sent.message_id, now)]

    assert begun(START + 1) == [0]
    later = START + 1 + WAIT
    assert sent.message_id in [one.message_id for one in live.turn([], [], later, caught_up=True).outgoing]
    assert begun(later) == [later]
