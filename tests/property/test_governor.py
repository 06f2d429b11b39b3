"""Rates are kept, and a message that waits for its turn comes back once."""

from __future__ import annotations

from collections import Counter
from heapq import heapify, heappop, heappush

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.delivery.governor import Governor
from orchestrator.delivery.limits import LEASE_MS
from orchestrator.domain.input import Permit, Refusal
from orchestrator.domain.profile import Message

START = 1_750_000_000_000
SECOND = 1_000


def message(number: int, cls: str = "marketing") -> Message:
    return Message(f"m{number}", "e", "c", "s", "t", cls, ["email"], START, START + 10**9, number, channel="email")


def drain(governor: Governor, waiting: list[tuple[int, int, Message]]) -> tuple[dict[str, int], Counter[str]]:
    """When each message got leave, and how often it asked."""
    left, asked = dict[str, int](), Counter[str]()
    heapify(waiting)
    while waiting:
        now, order, one = heappop(waiting)
        asked[one.id] += 1
        verdict = governor.ask(one, now, now)
        if isinstance(verdict, Permit):
            assert verdict.not_after == now + LEASE_MS
            left[one.id] = now
        else:
            assert verdict.gate == "permit"
            assert verdict.retry_at is not None
            assert verdict.retry_at > now
            heappush(waiting, (verdict.retry_at, order, one))
    return left, asked


@given(
    rate=st.integers(1, 20),
    due=st.lists(st.tuples(st.integers(0, 5_000), st.booleans()), max_size=150),
)
def test_no_second_has_more_leaves_than_the_rate(rate: int, due: list[tuple[int, bool]]) -> None:
    waiting = [
        (START + at, number, message(number, "transactional" if urgent else "marketing"))
        for number, (at, urgent) in enumerate(due)
    ]
    left, _ = drain(Governor(rates={"email": rate}), waiting)
    assert len(left) == len(due)
    assert all(count <= rate for count in Counter(at // SECOND for at in left.values()).values())


def test_a_thousand_due_at_once_ask_twice_at_most_and_leave_at_the_rate_in_their_order() -> None:
    left, asked = drain(Governor(rates={"email": 50}), [(START, number, message(number)) for number in range(1_000)])
    assert max(asked.values()) == 2
    assert [ident for ident, _ in sorted(left.items(), key=lambda pair: (pair[1], int(pair[0][1:])))] == [
        f"m{n}" for n in range(1_000)
    ]
    assert max(left.values()) == START + 24_000  # forty a second: a fifth is kept for transactional messages


def test_a_transactional_message_does_not_stand_behind_a_campaign() -> None:
    campaign = [(START, number, message(number)) for number in range(1_000)]
    receipts = [(START + 500 * number, 1_000 + number, message(1_000 + number, "transactional")) for number in range(40)]
    left, _ = drain(Governor(rates={"email": 50}), [*campaign, *receipts])
    assert all(left[one.id] == at for at, _, one in receipts)


def test_a_clock_that_lags_gives_no_leave_but_a_turn_after_the_wall_s_time() -> None:
    governor, wall = Governor(rates={"email": 10}), START + 3_600_000
    turns = Counter[int]()
    for number in range(100):
        verdict = governor.ask(message(number), START, wall)
        assert isinstance(verdict, Refusal)
        assert verdict.retry_at is not None
        assert verdict.retry_at > wall
        turns[verdict.retry_at] += 1
    assert set(turns.values()) == {8}.union({100 % 8})


def test_under_the_kill_switch_nobody_gets_leave_or_a_turn() -> None:
    governor = Governor(killed=True)
    assert governor.ask(message(1), START, START) == Refusal("kill")


def test_messages_taken_back_leave_no_trace() -> None:
    governor = Governor(rates={"email": 1})
    for second in range(2_000):
        for number in range(2):
            governor.ask(message(second * 2 + number), START + second * SECOND * 3, START)
    assert sum(len(queue.turns) for queue in governor._queues.values()) < 3
