"""An embedded engine's leave: second by second, what is owed, what is left alone, what is counted."""

from __future__ import annotations

from collections import Counter

import pytest

from orchestrator.delivery.governor import Governor, OpenGovernor, went_badly
from orchestrator.delivery.limits import LAG_MS, LEASE_MS, OPEN_SETTINGS_MS, RATE
from orchestrator.delivery.volume import ACTOR, APPROVE, Rail
from orchestrator.domain.campaign import Approval
from orchestrator.domain.decision import MessageChange
from orchestrator.domain.input import Control, Outcome, Permit, Receipt, Refusal
from orchestrator.domain.policies import Breaker, Canary
from orchestrator.domain.profile import Call, Message

START = 1_764_547_200_000
SECOND, HOUR, DAY = 1_000, 3_600_000, 86_400_000


def message(number: int, cls: str = "transactional", channel: str = "sms", template: str = "code") -> Message:
    return Message(f"m{number}", "e", "c", "s", template, cls, [channel], START, START + 10**9, number, channel=channel)


def change(one: Message) -> MessageChange:
    return MessageChange(one.id, one.campaign, one.step, one.channel, one.template, one.cls, one.planned_at, "accepted")


def back(governor: Governor, one: Message | Call, now: int = START) -> int:
    """After how long it is to ask again; 0 where it has leave."""
    found = governor.ask(one, now, now)
    if isinstance(found, Permit):
        return 0
    assert found.retry_at is not None
    return found.retry_at - now


def owes(governor: Governor, more: int, cls: str = "transactional", template: str = "text", now: int = START) -> None:
    """A text was so many segments more than it was counted for."""
    one = message(999, cls, template=template)
    governor.hear_of(change(one), Outcome(one.id, "accepted", segments=more + 1), now)


def test_a_replay_s_governor_grants_everything() -> None:
    assert OpenGovernor().ask(message(1), START, START + HOUR) == Permit(START + LEASE_MS)


def test_leave_is_counted_and_good_for_a_lease_s_life() -> None:
    governor = Governor()
    assert governor.granted == 0
    assert governor.ask(message(1), START, START + LAG_MS) == Permit(START + LEASE_MS)
    assert governor.granted == 1


def test_under_the_kill_switch_nobody_has_leave_and_nothing_is_counted() -> None:
    governor = Governor(killed=True)
    assert governor.ask(message(1), START, START) == Refusal("kill")
    assert governor.granted == 0


@pytest.mark.parametrize(("cls", "most"), [("transactional", RATE), ("marketing", RATE * 8 // 10)])
def test_a_channel_of_which_nothing_is_said_has_the_usual_rate(cls: str, most: int) -> None:
    governor = Governor()
    waits = Counter(back(governor, message(number, cls)) for number in range(2 * most))
    assert waits == {0: most, SECOND: most}


def test_marketing_and_the_others_have_no_more_than_the_rate_together() -> None:
    governor = Governor(rates={"sms": 10})
    assert [back(governor, message(number, "marketing")) for number in range(9)] == [0] * 8 + [SECOND]
    assert [back(governor, message(10 + number)) for number in range(3)] == [0, 0, SECOND]


def test_a_late_one_comes_back_in_the_second_after_the_wall_s() -> None:
    governor, wall = Governor(), START + 5_000 + LAG_MS + 1
    found = governor.ask(message(1), START + 5_000, wall)
    assert found == Refusal("permit", START + 6_000)
    assert governor.granted == 0


def test_a_message_that_waits_asks_in_its_turn_and_keeps_it() -> None:
    governor = Governor(rates={"sms": 1})
    assert [back(governor, message(number)) for number in range(4)] == [0, SECOND, 2 * SECOND, 3 * SECOND]
    assert back(governor, message(3), START + SECOND) == 2 * SECOND
    assert back(governor, message(1), START + SECOND) == 0


def test_a_second_that_is_over_has_made_room() -> None:
    governor = Governor(rates={"sms": 2})
    for second in range(3):
        now = START + second * SECOND
        assert [back(governor, message(10 * second + number), now) for number in range(2)] == [0, 0]


def test_a_clock_that_goes_back_has_no_rate_beside_that_of_the_second_that_was() -> None:
    governor = Governor(rates={"sms": 2})
    assert back(governor, message(1), START + 5 * SECOND) == 0
    assert [back(governor, message(number), START) for number in (2, 3)] == [0, 6 * SECOND]


@pytest.mark.parametrize(("more", "waits"), [(9, 0), (10, 1), (19, 1), (20, 2), (29, 2), (30, 3)])
def test_what_texts_were_more_is_taken_from_the_seconds_after(more: int, waits: int) -> None:
    governor = Governor(rates={"sms": 10})
    owes(governor, more)
    assert back(governor, message(1)) == waits * SECOND


@pytest.mark.parametrize(("more", "waits"), [(7, 0), (8, 1), (15, 1), (16, 2), (80, 10)])
def test_what_marketing_owes_it_waits_for_itself(more: int, waits: int) -> None:
    governor = Governor(rates={"sms": 10})
    owes(governor, more, "marketing")
    assert back(governor, message(1, "marketing")) == waits * SECOND
    assert back(governor, message(2)) == 0


def test_marketing_waits_for_what_others_owe() -> None:
    governor = Governor(rates={"sms": 10})
    owes(governor, 25)
    assert back(governor, message(1, "marketing")) == 2 * SECOND


def test_time_pays_what_is_owed() -> None:
    governor = Governor(rates={"sms": 10})
    owes(governor, 30, now=START)
    owes(governor, 24, "marketing", now=START)
    later = START + 2 * SECOND
    assert back(governor, message(1), later) == SECOND
    assert back(governor, message(2, "marketing"), later) == SECOND
    governor = Governor(rates={"sms": 10})
    owes(governor, 30, now=START)
    owes(governor, 1, now=later)
    assert back(governor, message(1), later) == SECOND


def test_nothing_is_saved_up_in_seconds_without_messages() -> None:
    governor = Governor(rates={"sms": 10})
    back(governor, message(0))
    later = START + 100 * SECOND
    assert sum(back(governor, message(number), later) == 0 for number in range(1, 30)) == 10


def test_a_template_s_next_texts_count_as_its_latest_did() -> None:
    governor = Governor(rates={"sms": 10})
    owes(governor, 3, template="long", now=START - HOUR)
    waits = [back(governor, message(number, template="long")) for number in range(6)]
    assert waits == [0, 0, 0, SECOND, SECOND, 2 * SECOND]


def test_a_text_that_is_as_long_as_it_was_counted_for_owes_nothing() -> None:
    governor = Governor(rates={"sms": 10})
    owes(governor, 3, template="long", now=START - HOUR)
    one = message(1, template="long")
    assert back(governor, one) == 0
    governor.hear_of(change(one), Outcome(one.id, "accepted", segments=4), START)
    assert sum(back(governor, message(number)) == 0 for number in range(10, 30)) == 6


def test_an_account_and_a_sender_bound_beside_the_channel() -> None:
    rates = {"sms": 50, "email": 50, "account/twilio": 6, "sender/shop": 2}
    governor = Governor(rates=rates, adapters={"sms": "twilio", "email": "twilio"}, senders={"offer": "shop"})
    assert [back(governor, message(number, template="offer")) for number in range(3)] == [0, 0, SECOND]
    assert [back(governor, message(10 + number, channel="email")) for number in range(5)] == [0, 0, 0, 0, SECOND]


def test_a_sender_s_texts_that_were_more_are_taken_from_its_own_rate() -> None:
    governor = Governor(rates={"sms": 50, "sender/shop": 2}, senders={"offer": "shop", "text": "shop"})
    owes(governor, 4)
    assert back(governor, message(1, template="offer")) == 2 * SECOND
    assert back(governor, message(2)) == 0


def test_who_waits_for_a_sender_waits_apart() -> None:
    governor = Governor(rates={"sms": 2, "sender/shop": 1}, senders={"offer": "shop"})
    for number in range(9):
        back(governor, message(number, template="offer"))
    assert back(governor, message(10)) == 0
    assert back(governor, message(11)) == SECOND


def test_while_its_provider_is_left_alone_a_message_comes_back_after_that() -> None:
    governor, one = Governor(), message(1)
    governor.hear_of(change(one), Outcome(one.id, "refused", kind="config"), START)
    assert governor.ask(one, START, START) == Refusal("permit", START + OPEN_SETTINGS_MS + SECOND, "breaker")
    later = START + OPEN_SETTINGS_MS + SECOND
    assert back(governor, one, later) == 0
    assert isinstance(governor.ask(message(2), later, later), Refusal), "one probe at a time"


def test_those_that_wait_for_a_provider_come_back_at_its_rate() -> None:
    governor = Governor(rates={"sms": 2})
    governor.hear_of(change(message(0)), Outcome("m0", "refused", kind="config"), START)
    first = OPEN_SETTINGS_MS + SECOND
    assert [back(governor, message(number)) for number in range(5)] == [
        first,
        first,
        first + SECOND,
        first + SECOND,
        first + 2 * SECOND,
    ]


# ── campaigns' volume ───────────────────────────────────────────────────────────────────────────────────────────────


def railed(**rail: object) -> Governor:
    governor = Governor()
    governor.volume.lay([Rail("c", "one", "ada", **rail)])  # type: ignore[arg-type]
    return governor


def test_leave_counts_for_its_campaign_and_a_full_one_hears_why() -> None:
    governor = railed(approval=Approval(2, DAY))
    assert [isinstance(governor.ask(message(number), START, START), Permit) for number in range(2)] == [True, True]
    assert governor.ask(message(2), START, START) == Refusal("permit", START + DAY + HOUR, "approval")
    assert [name for name, _ in governor.notes()] == ["volume/c"]
    assert governor.granted == 2


def test_a_webhook_counts_for_no_campaign() -> None:
    governor = railed(approval=Approval(0, DAY))
    assert back(governor, Call("w", "e", "c", "s", "shop", "transactional", START, START + DAY)) == 0


def test_what_the_rate_refuses_is_not_counted_for_its_campaign() -> None:
    governor = railed(approval=Approval(9, DAY))
    governor.rates["sms"] = 1
    for number in range(5):
        governor.ask(message(number), START, START)
    assert governor.volume.room("c", START).count == 8


def test_an_operator_s_approval_makes_room() -> None:
    governor = railed(approval=Approval(0, DAY))
    governor.told(Control(APPROVE, on=True, campaign="c", actor="bob", up_to=1, until=START + DAY), START)
    assert back(governor, message(1)) == 0


def test_a_breaker_that_trips_is_said_once() -> None:
    governor = railed(breaker=Breaker(at_least=1))
    assert back(governor, message(1)) == 0
    assert governor.ask(message(2), START, START) == Refusal("pause")
    assert [(trip.switch, trip.campaign, trip.actor) for trip in governor.take_trips()] == [("pause", "c", ACTOR)]
    assert governor.take_trips() == []


def test_what_goes_badly_is_told_to_the_campaign_s_canary() -> None:
    governor = railed(canary=Canary(first=2, hold=HOUR, worst=0))
    assert [back(governor, message(number)) for number in range(2)] == [0, 0]
    governor.hear_of(change(message(0)), Receipt("m0", "r", "bounced", START, "sms"), START)
    assert governor.volume.room("c", START + HOUR).count == 0


@pytest.mark.parametrize(
    ("given", "badly"),
    [
        (Receipt("m", "r", "bounced", START, "sms"), True),
        (Receipt("m", "r", "complained", START, "sms"), True),
        (Receipt("m", "r", "delivered", START, "sms"), False),
        (Outcome("m", "refused", kind="reject"), True),
        (Outcome("m", "refused", kind="lost"), False),
        (Outcome("m", "not_sent", kind="reject"), False),
        (Outcome("m", "accepted"), False),
    ],
)
def test_refused_bounced_and_complained_of_is_what_went_badly(given: Outcome | Receipt, badly: bool) -> None:  # noqa: FBT001
    assert went_badly(given) is badly
