"""What one input did to a profile, with the reasons."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec

from orchestrator.domain.input import Event, Look, Move


class Transition(msgspec.Struct, array_like=True):
    at: int
    source: str
    target: str
    cause: str


class Crossing(msgspec.Struct, array_like=True):
    """The profile has come into a segment, or gone out of it."""

    segment: str
    inside: bool


class Entry(msgspec.Struct, array_like=True):
    """A trigger that met a campaign's conditions. outcome: entered, held_out, restarted, not_entered for a `reason`."""

    campaign: str
    outcome: str
    reason: str
    enrolment: str | None = None


class MessageChange(msgspec.Struct, array_like=True):
    """A message's new state. `gate` is what stopped it or what it waits for, `until` the next allowed instant."""

    id: str
    campaign: str
    step: str
    channel: str
    template: str
    cls: str
    planned_at: int
    state: str
    reason: str | None = None
    until: int | None = None


class End(msgspec.Struct, array_like=True):
    campaign: str
    enrolment: str
    reason: str


class GoalReached(msgspec.Struct, array_like=True):
    campaign: str
    enrolment: str
    value: float | int | None
    held: bool


class StepTaken(msgspec.Struct, array_like=True):
    campaign: str
    enrolment: str
    step: str
    way: str
    """`then`, `otherwise`, an arm's name, or empty."""


class Joining(msgspec.Struct, array_like=True):
    """A run's part of a message that joins several: taken in, or with a `reason` taken out again."""

    message_id: str
    campaign: str
    enrolment: str
    reason: str = ""


class CallChange(msgspec.Struct, array_like=True):
    """A webhook's new state: planned, attempting, answered, refused, expired, cancelled. `reason`: why, or for what."""

    id: str
    campaign: str
    step: str
    to: str
    planned_at: int
    state: str
    reason: str | None = None
    until: int | None = None
    tries: int = 0


class TaskChange(msgspec.Struct, array_like=True):
    """A task's new state: open, overdue, done or withdrawn. `reason` is the outcome of one that is done, else why."""

    id: str
    campaign: str
    step: str
    queue: str
    title: str
    opened_at: int
    due: int
    state: str
    reason: str | None = None
    shows: dict[str, Any] = {}
    """Of an open one."""


class Attempt(msgspec.Struct, array_like=True):
    """Leave to hand this message over, once this decision is durable."""

    message_id: str
    not_after: int


class Decision(msgspec.Struct, omit_defaults=True):
    """The result of `decide`. `inputs` follow this input at once; `cleared` messages want a hand-off decision."""

    duplicate: bool = False
    passed_by: bool = False
    """A broadcast reaches others: nothing happened, and nothing is journalled."""
    transitions: list[Transition] = []
    entries: list[Entry] = []
    messages: list[MessageChange] = []
    ends: list[End] = []
    goals: list[GoalReached] = []
    steps: list[StepTaken] = []
    inputs: list[Event | Move | Look] = []
    cleared: list[str] = []
    attempts: list[Attempt] = []
    joinings: list[Joining] = []
    tasks: list[TaskChange] = []
    calls: list[CallChange] = []
    dropped: list[str] = []
    """What was left out because a limit was reached, in words."""
    crossings: list[Crossing] = []
    """Of the segments that patterns wait for."""
    dates: list[str] = []
    """Names of the occasions that have come."""


encode = msgspec.msgpack.Encoder().encode
"""A decision as the journal keeps it."""


def chain(before: bytes, cause: str, now: int, encoded: bytes) -> bytes:
    """The running digest of a profile's decisions in that profile's order."""
    return blake2b(b"%b%b\0%d\0%b" % (before, cause.encode("utf-8", "surrogatepass"), now, encoded), digest_size=16).digest()
