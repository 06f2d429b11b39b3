"""Planted bugs in webhooks and tasks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from msgspec import structs

from orchestrator.domain import calls, decide, enrolment, merge, tasks
from orchestrator.domain.moment import Moment
from orchestrator.domain.profile import Call, Run
from orchestrator.partition import live
from orchestrator.partition.partition import Partition
from tests.negative.planting import instead, plant


@plant("I17")
@contextmanager
def a_webhook_is_asked_again_at_the_same_pace() -> Iterator[None]:
    with patch.object(calls, "_DOUBLINGS_MAX", 0):
        yield


@plant("I17", seed=27)
@contextmanager
def a_late_answer_is_not_heard() -> Iterator[None]:
    real = calls.settle_outcome

    def settle(moment: Moment, call: Call, given: Any) -> None:
        if call.state == calls.ATTEMPTING:
            real(moment, call, given)

    with patch.object(calls, "settle_outcome", settle):
        yield


@plant("I17")
@contextmanager
def every_attempt_has_a_body_of_its_own() -> Iterator[None]:
    real = live.describe

    def describe(program: Any, profile: Any, message: Any, *rest: Any) -> Any:
        found = real(program, profile, message, *rest)
        return structs.replace(found, context={**found.context, "try": message.tries}) if isinstance(message, Call) else found

    with patch.object(live, "describe", describe):
        yield


@plant("I17", seed=76)
@contextmanager
def switches_do_not_hold_webhooks() -> Iterator[None]:
    with patch.object(calls, "_stopped", lambda *_: None):
        yield


@plant("I17", "I9", seed=916)
@contextmanager
def a_switch_that_ends_frees_no_webhook() -> Iterator[None]:
    real = decide._look_at_calls

    def look(moment: Moment) -> None:
        moment.visit, visit = False, moment.visit
        real(moment)
        moment.visit = visit

    with patch.object(decide, "_look_at_calls", look):
        yield


@plant("I17")
@contextmanager
def a_webhook_that_is_refused_counts_as_answered() -> Iterator[None]:
    real = calls.finish

    def finish(moment: Moment, call: Call, state: str, reason: str | None = None, answer: Any = None) -> None:
        real(moment, call, "answered" if state == "refused" else state, reason, answer)

    with patch.object(calls, "finish", finish):
        yield


@plant("I17")
@contextmanager
def an_answer_of_any_size_is_kept() -> Iterator[None]:
    with patch.object(calls, "admitted", lambda _: True):
        yield


@plant("I17", "I9", "I0", seed=97)
@contextmanager
def a_merge_forgets_what_is_being_asked() -> Iterator[None]:
    real = merge._messages

    def messages(profile: Any, other: Any) -> None:
        other.calls = []
        real(profile, other)

    with patch.object(merge, "_messages", messages):
        yield


@plant("I17", "I10")
@contextmanager
def nobody_notes_that_a_task_is_overdue() -> Iterator[None]:
    with patch.object(tasks, "lapse", lambda _: None):
        yield


@plant("I17")
@contextmanager
def a_task_outlives_the_run_that_waits_for_it() -> Iterator[None]:
    with patch.object(tasks, "withdraw", lambda *_: None):
        yield


@plant("I17", seed=76)
@contextmanager
def a_task_is_done_for_whoever_waits_for_one() -> Iterator[None]:
    def is_done(moment: Moment, run: Run) -> bool:
        return moment.done is not None and run.state == "task"

    with patch.object(enrolment.tasks, "is_done", is_done):
        yield


@plant("I17", seed=202)
@contextmanager
def the_newest_task_is_meant() -> Iterator[None]:
    real = tasks._meant

    def meant(profile: Any, properties: Any) -> Any:
        return real(structs.replace(profile, tasks=profile.tasks[::-1]), properties)

    with patch.object(tasks, "_meant", meant):
        yield


@plant("I17", seed=20)
@contextmanager
def a_merge_loses_the_tasks_of_the_device() -> Iterator[None]:
    with patch.object(merge.tasks, "join", lambda *_: None):
        yield


@plant("I17")
@contextmanager
def the_list_of_tasks_does_not_follow_a_merge() -> Iterator[None]:
    def after(partition: Partition, record: Any, _given: Any) -> None:
        if not partition.decided or not partition.decided[-1].decision.tasks:
            partition.changes.tasks.discard(record.key)

    with instead(Partition, "_decide", after=after):
        yield
