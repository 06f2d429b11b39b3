"""A worker's leave to send: what happens to messages that ask too late for it."""

from __future__ import annotations

import msgspec

from orchestrator.delivery.leases import Leases
from orchestrator.delivery.limits import ASK_MS, HELD_MS, LAG_MS, LATE_A_SLOT, SHUT_MS, SILENT_MS, SLOT_MS
from orchestrator.delivery.permits import Answer, Count, Kind, Lease, Shut, encode
from orchestrator.domain.input import Control, Refusal
from orchestrator.domain.profile import Message

NOW = 1_750_000_000_000
FAST = 100_000


def message(number: int) -> Message:
    return Message(f"m{number}", "e", "c", "s", "t", "marketing", ["email"], NOW, NOW + 86_400_000, 1, channel="email")


def test_many_that_come_too_late_come_back_one_slot_after_another_however_fast_the_channel_is() -> None:
    leases = Leases("w", lambda: 10 * SLOT_MS, {"email": FAST})
    wall = NOW + LAG_MS + 1

    refused = [leases.ask(message(number), NOW, wall) for number in range(3 * LATE_A_SLOT)]

    again = [one.retry_at for one in refused if isinstance(one, Refusal)]
    assert [again.count(at) for at in dict.fromkeys(again)] == [LATE_A_SLOT] * 3
    assert again == sorted(again)
    assert again[0] is not None
    assert again[0] > wall


def test_one_that_is_late_again_goes_behind_those_that_wait() -> None:
    clock = [10 * SLOT_MS]
    leases = Leases("w", lambda: clock[0], {"email": FAST})
    wall = NOW + LAG_MS + 1
    first = [leases.ask(message(number), NOW, wall) for number in range(2 * LATE_A_SLOT)]
    clock[0] += 4 * SLOT_MS

    again = leases.ask(message(0), NOW, wall + 4 * SLOT_MS)

    assert isinstance(again, Refusal)
    assert all(isinstance(one, Refusal) and (again.retry_at or 0) > (one.retry_at or 0) for one in first)


def answered(leases: Leases, clock: list[int], *, granted: int = 0, shut_ms: int = 0) -> None:
    """The governor answers the worker's next question: so many for the campaign, or that it has no room for so long."""
    clock[0] += ASK_MS
    asked = leases.request()
    assert asked is not None
    number = msgspec.msgpack.decode(asked)["number"]
    lease = Lease("w", number, [Count(Kind("email", marketing=True, campaign="c"), granted)] if granted else [])
    leases.hear(encode(Answer([lease], shut=[Shut("c", "approval", shut_ms)] if shut_ms else [], rails="p")))


def back_in(leases: Leases, clock: list[int], number: int) -> int:
    """After how long the message is to ask again; 0 where it has leave."""
    found = leases.ask(message(number), NOW + clock[0], NOW + clock[0])
    return (found.retry_at or 0) - NOW - clock[0] if isinstance(found, Refusal) else 0


def test_who_waits_for_a_campaign_without_room_need_not_wait_as_long_once_there_may_be_room() -> None:
    clock = [10 * SLOT_MS]
    leases = Leases("w", lambda: clock[0], {"email": FAST})
    back_in(leases, clock, 1)
    answered(leases, clock, shut_ms=HELD_MS)
    assert back_in(leases, clock, 1) >= HELD_MS

    leases.told(Control("approve", on=True, campaign="c", up_to=10), NOW + clock[0])
    back_in(leases, clock, 1)
    answered(leases, clock, shut_ms=SHUT_MS)

    assert back_in(leases, clock, 1) <= SHUT_MS + SLOT_MS


def test_leave_that_is_here_is_used_though_there_is_no_room_for_more() -> None:
    clock = [10 * SLOT_MS]
    leases = Leases("w", lambda: clock[0], {"email": FAST})
    back_in(leases, clock, 1)
    back_in(leases, clock, 2)
    answered(leases, clock, granted=1)
    answered(leases, clock, shut_ms=SHUT_MS)

    assert [back_in(leases, clock, number) == 0 for number in (1, 2)] == [True, False]


def test_where_no_governor_answers_that_is_why_and_not_the_rate() -> None:
    clock = [0]
    leases = Leases("w", lambda: clock[0], {"email": FAST})

    def why() -> str | None:
        found = leases.ask(message(1), NOW + clock[0], NOW + clock[0])
        return found.why if isinstance(found, Refusal) else None

    assert why() == ""
    clock[0] = SILENT_MS
    assert why() == "governor"
    answered(leases, clock)
    assert why() == ""
    answered(leases, clock, granted=1)
    clock[0] += SLOT_MS
    assert why() is None
