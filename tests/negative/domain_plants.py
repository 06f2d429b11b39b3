"""Planted bugs in what decides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any
from unittest.mock import patch

from orchestrator.domain import consent, decide, enrolment, gates, joining, ledger, merge, steps
from orchestrator.domain.gates import Allow, Block, Defer, Verdict
from orchestrator.domain.input import Outcome
from orchestrator.domain.moment import Moment
from orchestrator.domain.profile import Counted, Message
from tests.negative.planting import instead, plant

HOUR = 3_600_000


@plant("I6")
@contextmanager
def caps_ignore_reservations() -> Iterator[None]:
    """A message counts from its acceptance only."""
    finish = ledger.finish

    def counting(moment: Moment, message: Message, state: str, reason: str | None = None) -> None:
        finish(moment, message, state, reason)
        if state == "accepted" and message.cls == "marketing":
            moment.profile.counted.append(Counted(message.id, moment.now, message.channel, message.topic))

    with patch.object(ledger, "_reserve", lambda *_: None), patch.object(ledger, "finish", counting):
        yield


@plant("I6")
@contextmanager
def cap_window_one_millisecond_short() -> Iterator[None]:
    real = gates._caps_allow
    with patch.object(gates, "_caps_allow", lambda caps, *rest: real([replace(cap, per=cap.per - 1) for cap in caps], *rest)):
        yield


@plant("I6")
@contextmanager
def refused_and_not_sent_keep_their_reservation() -> Iterator[None]:
    with patch.object(ledger, "_release", lambda *_: None):
        yield


@plant("I6")
@contextmanager
def in_doubt_is_not_counted() -> Iterator[None]:
    with instead(ledger, "doubt", after=ledger._release):
        yield


def _judging(change: Any) -> Any:
    """A context in which every verdict is `change(judge, moment, message)`, at planning and at hand-off."""
    real = ledger.judge
    return patch.object(ledger, "judge", lambda moment, message: change(real, moment, message))


@plant("I6", "I11", "I24")
@contextmanager
def waiting_message_is_not_judged_again() -> Iterator[None]:
    def change(real: Any, moment: Moment, message: Message) -> Verdict:
        waited = moment.now > message.planned_at and not message.barred
        return Allow(message.channel) if waited else real(moment, message)

    with _judging(change):
        yield


@plant("I11", seed=753)
@contextmanager
def quiet_hours_are_ignored_at_the_second_look() -> Iterator[None]:
    quiet = gates._quiet_allows
    waiting = [False]

    def change(real: Any, moment: Moment, message: Message) -> Verdict:
        waiting[0] = message.gate is not None or message.attempted
        return real(moment, message)

    with _judging(change), patch.object(gates, "_quiet_allows", lambda m, c, at: at if waiting[0] else quiet(m, c, at)):
        yield


@plant("I11", "I10")
@contextmanager
def expiry_is_ignored() -> Iterator[None]:
    real = ledger._defer

    def change(judge: Any, moment: Moment, message: Message) -> Verdict:
        kept, message.expires_at = message.expires_at, moment.now + HOUR
        try:
            return judge(moment, message)
        finally:
            message.expires_at = kept

    def defer(moment: Moment, message: Message, gate: str, until: int | None) -> None:
        message.expires_at = max(message.expires_at, moment.now + HOUR)
        real(moment, message, gate, until)

    with _judging(change), patch.object(ledger, "_defer", defer):
        yield


@plant("I11")
@contextmanager
def consent_is_taken_for_granted() -> Iterator[None]:
    with patch.object(gates, "consented", lambda *_: True):
        yield


@plant("I11", "I8", seed=29)
@contextmanager
def kill_is_ignored_by_the_gate() -> Iterator[None]:
    def change(real: Any, moment: Moment, message: Message) -> Verdict:
        moment.controls = replace(moment.controls, kill=False)
        return real(moment, message)

    with _judging(change):
        yield


@plant("I11")
@contextmanager
def pause_of_a_channel_is_ignored() -> Iterator[None]:
    def change(real: Any, moment: Moment, message: Message) -> Verdict:
        verdict = real(moment, message)
        paused = isinstance(verdict, Defer) and verdict.channel in moment.controls.channels
        return Allow(verdict.channel) if paused and not isinstance(verdict, Block) else verdict

    with _judging(change):
        yield


@plant("I11")
@contextmanager
def exit_leaves_its_message() -> Iterator[None]:
    with patch.object(ledger, "cancel", lambda *_: None):
        yield


@plant("I4", "I12")
@contextmanager
def in_doubt_is_sent_again() -> Iterator[None]:
    def again(moment: Moment, message: Message) -> None:
        ledger._release(moment, message)
        ledger._defer(moment, message, "permit", moment.now + 60_000)

    with patch.object(ledger, "doubt", again):
        yield


@plant("I12")
@contextmanager
def not_sent_counts_as_sent() -> Iterator[None]:
    real = ledger.settle_outcome

    def settle(moment: Moment, given: Outcome) -> None:
        real(moment, Outcome(given.message_id, "accepted") if given.result == "not_sent" else given)

    with patch.object(ledger, "settle_outcome", settle):
        yield


@plant("I3")
@contextmanager
def tally_forgets_the_suppressed() -> Iterator[None]:
    def after(moment: Moment, _message: Message, state: str, *_: object) -> None:
        if state == "suppressed":
            moment.profile.tally.pop(state)

    with instead(ledger, "finish", after=after):
        yield


@plant("I3", "I4")
@contextmanager
def restart_after_the_first_message() -> Iterator[None]:
    real = enrolment._refusal

    def refusal(moment: Moment, campaign: Any, key: list[str], live: Any) -> str | None:
        return None if live is not None and campaign.restart else real(moment, campaign, key, live)

    with patch.object(enrolment, "_refusal", refusal):
        yield


@plant("I3", "I4", "I12")
@contextmanager
def message_id_without_its_step() -> Iterator[None]:
    real = ledger.id_of
    with patch.object(ledger, "id_of", lambda enrolled, _step, visit: real(enrolled, visit)):
        yield


@plant("I9")
@contextmanager
def attempt_waits_for_ever() -> Iterator[None]:
    def after(moment: Moment, given: Any) -> None:
        message = moment.profile.message(given.message_id)
        if message is not None and message.state == ledger.ATTEMPTING:
            message.due = None

    with instead(ledger, "hand_off", after=after):
        yield


@plant("I2")
@contextmanager
def duplicates_are_not_known() -> Iterator[None]:
    with patch.object(decide, "is_duplicate", lambda *_: False):
        yield


@plant("I7")
@contextmanager
def split_throws_dice() -> Iterator[None]:
    dice = count()
    with patch.object(steps, "share_of", lambda *_: next(dice) * 4_999 % 10_000):
        yield


@plant("I3")
@contextmanager
def merge_drops_messages() -> Iterator[None]:
    def after(moment: Moment, *_: object) -> None:
        moment.profile.messages.clear()

    with instead(decide, "adopt", after=after):
        yield


@plant("I2", seed=12)
@contextmanager
def merge_forgets_what_was_seen() -> Iterator[None]:
    with patch.object(merge, "join_seen", lambda one, _other: one):
        yield


@plant("I18", seed=17)
@contextmanager
def every_message_begins_a_window() -> Iterator[None]:
    with patch.object(joining, "open_for", lambda *_: None):
        yield


@plant("I18", seed=185)
@contextmanager
def messages_join_after_the_window() -> Iterator[None]:
    def late(_moment: Moment, message: Message, run: Any, node: Any, _send: Any) -> bool:
        return (message.campaign, message.step, message.state) == (run.campaign, node.id, ledger.WAITS)

    with patch.object(joining, "_takes", late):
        yield


@plant("I18")
@contextmanager
def a_run_that_ends_leaves_its_part() -> Iterator[None]:
    with patch.object(joining, "take_out", lambda _moment, message, *_: len(message.parts) > 1):
        yield


@plant("I18", seed=94)
@contextmanager
def a_run_that_ends_takes_all_parts_with_it() -> Iterator[None]:
    real = joining.take_out

    def take_out(*given: Any) -> bool:
        real(*given)
        return False

    with patch.object(joining, "take_out", take_out):
        yield


@plant("I18", seed=17)
@contextmanager
def the_last_part_is_forgotten() -> Iterator[None]:
    def after(_moment: Moment, message: Message, _part: Any) -> None:
        del message.parts[1:]

    with instead(joining, "take_in", after=after):
        yield


@plant("I9", seed=17)
@contextmanager
def only_the_first_run_goes_on() -> Iterator[None]:
    with patch.object(Message, "enrolments", property(lambda message: [message.enrolment])):
        yield


@plant("I24")
@contextmanager
def a_snooze_is_slept_through() -> Iterator[None]:
    with patch.object(consent, "_put_snooze", lambda *_: None):
        yield


@plant("I24", seed=28)
@contextmanager
def what_is_given_needs_no_confirmation() -> Iterator[None]:
    def ask(profile: Any, topic: str, place: str, word: Any) -> None:
        consent._put(profile.consents.setdefault(topic, {}), place, word)

    with patch.object(consent, "_ask", ask):
        yield


@plant("I11", seed=53)
@contextmanager
def where_a_number_may_be_is_ignored() -> Iterator[None]:
    with patch.object(gates, "zones_of", lambda _: ()):
        yield
