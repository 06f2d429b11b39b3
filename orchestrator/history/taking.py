"""Journal rows become facts of the history: what each decided input did, without names or addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from orchestrator.domain.chance import id_of
from orchestrator.domain.consent import WITHDRAWN
from orchestrator.domain.decision import Decision, End, Entry, GoalReached, MessageChange, StepTaken, TaskChange
from orchestrator.domain.input import Adopt, Event, ProfileInput
from orchestrator.domain.receipts import SOURCE as RECEIPTS
from orchestrator.history.held import Held, Place
from orchestrator.history.limits import DAY_MS
from orchestrator.history.plain import plain
from orchestrator.history.rows import MessageRow, RunRow, TaskRow
from orchestrator.partition.partition import PARTITION_KEY
from orchestrator.partition.ports import JournalRow

_given_of = msgspec.msgpack.Decoder(ProfileInput).decode
_decision_of = msgspec.msgpack.Decoder(Decision).decode

_LEFT = frozenset({"accepted", "in_doubt", "unknown", "delivered", "bounced"})
"""States of a message that has left, or may have."""
_WAYS = frozenset({"", "then", "otherwise", "waits"})
"""Ways out of a step that are no arm of a split."""
_HEARD = {
    "Email Opened": "opened",
    "Email Link Clicked": "clicked",
    "Email Marked as Spam": "complained",
    "Unsubscribed": "unsubscribed",
    WITHDRAWN: "unsubscribed",
    "Survey Answered": "answered",
}
"""What a customer did with a message, by the event that tells it. A consent is withdrawn by a message's own link."""
_ONCE = ("opened", "clicked", "unsubscribed")
"""Counts once a message, however often it is told."""


class Read(NamedTuple):
    """A row with what is in it."""

    seq: int
    key: int
    clock: int
    given: ProfileInput
    decision: Decision


def read(rows: Iterable[JournalRow]) -> Iterator[Read]:
    """Rows of profiles that were decided; what concerns whole partitions is no fact of anybody, a dead letter did nothing."""
    return (
        Read(row.seq, row.key, row.clock, _given_of(row.given), _decision_of(row.decision))
        for row in rows
        if row.key != PARTITION_KEY and row.decision
    )


def names(rows: Iterable[Read]) -> tuple[set[int], set[str], set[str]]:
    """(profiles, runs, messages) that these rows speak of."""
    keys, runs, messages = set[int](), set[str](), set[str]()
    for row in rows:
        keys.add(row.key)
        decision = row.decision
        for named in (decision.steps, decision.goals, decision.ends):
            runs.update(one.enrolment for one in named)
        messages.update(change.id for change in decision.messages)
        if isinstance(row.given, Event) and row.given.name in _HEARD:
            messages.add(str(row.given.properties.get("message_id")))
        if isinstance(row.given, Adopt):
            keys.add(row.given.key)
    return keys, runs, messages


def take(held: Held, row: Read, secret: bytes) -> None:
    """Everything that this row did."""
    given, decision = row.given, row.decision
    if decision.duplicate:
        return
    if isinstance(given, Adopt):
        _adopt(held, given.key, row.key)
    if isinstance(given, Event):
        _event(held, row, given, secret)
    _move(held, row)
    for entry in decision.entries:
        _enter(held, row, entry)
    planned = {id_of(step.enrolment, step.step, "1"): step for step in decision.steps if not step.way}
    for step in decision.steps:
        _step(held, step)
    for goal in decision.goals:
        _reach(held, row, goal)
    for change in decision.messages:
        _message(held, row, change, planned.get(change.id))
    for end in decision.ends:
        _end(held, row, end)
    for task in decision.tasks:
        _task(held, row, task)


def _adopt(held: Held, old: int, new: int) -> None:
    """One profile has become part of another: the later stay gives the stage."""
    if not old or old == new:
        return
    theirs, ours = held.places.pop(old, None), held.places.get(new)
    if theirs is not None and (ours is None or theirs.since > ours.since):
        held.places[new] = theirs
    held.moved[old] = new
    for named in (held.runs, held.messages, held.tasks):
        for one in named.values():
            one.key = new if one.key == old else one.key


def _event(held: Held, row: Read, event: Event, secret: bytes) -> None:
    own = event.source == RECEIPTS or event.depth > 0
    place = held.places.get(row.key)
    stage = "" if place is None else place.stage
    kept = plain(event.properties, secret, own=own)
    held.events.append((row.seq, row.key, event.occurred_at, event.name or event.type, stage, int(own), kept))
    if event.name in _HEARD:
        _heard(held, row, event, _HEARD[event.name])


def _heard(held: Held, row: Read, event: Event, what: str) -> None:
    """A customer answered a message; some of it counts once."""
    message = held.messages.get(str(event.properties.get("message_id")))
    if message is None or message.key != row.key:
        return
    if what in _ONCE:
        if getattr(message, what) is not None:
            return
        setattr(message, what, row.clock)
    _count(held, row, message, what)


def _move(held: Held, row: Read) -> None:
    for step in row.decision.transitions:
        place = held.places.setdefault(row.key, Place(step.source, step.at))
        held.flows[step.at // DAY_MS, step.source, step.target] += 1
        held.stayed(step.source, max(step.at - place.since, 0))
        held.transitions.append((row.seq, row.key, step.at, step.source, step.target, step.cause, place.since))
        place.stage, place.since = step.target, step.at


def _enter(held: Held, row: Read, entry: Entry) -> None:
    outcome = "triggered" if entry.outcome in ("entered", "restarted") else entry.outcome
    held.count(entry.campaign, row.clock, outcome, entry.reason)
    if outcome == "not_entered":
        return
    held.latest[entry.campaign] = max(row.clock, held.latest.get(entry.campaign, row.clock))
    if entry.enrolment is not None and entry.outcome != "restarted":
        is_held = entry.outcome == "held_out"
        held.runs[entry.enrolment] = RunRow(entry.enrolment, row.key, entry.campaign, row.clock, is_held)
        if is_held:
            run = held.runs[entry.enrolment]
            run.ended, run.reason = row.clock, "held_out"
        held.steps[entry.campaign, "", "", outcome] += 1


def _step(held: Held, step: StepTaken) -> None:
    run = held.runs.get(step.enrolment)
    arm = "" if run is None else run.arm
    if run is not None:
        run.step = step.step
        if step.way not in _WAYS:
            run.arm = f"{arm}/{step.way}" if arm else step.way
    held.steps[step.campaign, step.step, arm, step.way or "taken"] += 1


def _reach(held: Held, row: Read, goal: GoalReached) -> None:
    what, run = "converted_held_out" if goal.held else "converted", held.runs.get(goal.enrolment)
    held.count(goal.campaign, row.clock, what)
    if run is not None:
        run.goal, run.value = row.clock, goal.value
        held.steps[goal.campaign, "", run.arm, what] += 1


def _end(held: Held, row: Read, end: End) -> None:
    held.count(end.campaign, row.clock, "ended", end.reason)
    if (run := held.runs.get(end.enrolment)) is not None:
        run.ended, run.reason = row.clock, end.reason


def _message(held: Held, row: Read, change: MessageChange, planned: StepTaken | None) -> None:
    message = held.messages.get(change.id)
    state, reason = change.state, change.reason or ""
    if message is None:
        enrolment = "" if planned is None else planned.enrolment
        run = held.runs.get(enrolment)
        its = (change.campaign, change.step, "" if run is None else run.arm, change.channel, change.template, change.cls)
        message = MessageRow(change.id, row.key, enrolment, *its, change.planned_at, "", "", row.clock)
        held.messages[change.id] = message
        _count(held, row, message, "planned")
    before = message.state, message.reason
    message.channel, message.state, message.reason, message.at = change.channel, state, reason, row.clock
    if before == (state, reason):
        return
    if state != "planned" or reason:
        _count(held, row, message, "waits" if state == "planned" else state, reason)
    if state in _LEFT and message.sent is None:
        message.sent = row.clock
        _count(held, row, message, "sent")
    if state == "delivered" and message.delivered is None:
        message.delivered = row.clock


def _count(held: Held, row: Read, message: MessageRow, what: str, reason: str = "") -> None:
    held.count(message.campaign, row.clock, what, reason)
    held.steps[message.campaign, message.step, message.arm, what] += 1


def _task(held: Held, row: Read, change: TaskChange) -> None:
    held.count(change.campaign, row.clock, f"task_{change.state}", change.reason or "")
    its = (change.campaign, change.step, change.queue, change.opened_at, change.due, change.state, change.reason or "")
    held.tasks[change.id] = TaskRow(change.id, row.key, *its, row.clock)
