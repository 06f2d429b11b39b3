"""The traces of one engine: what was decided, and under which trace the messages leave that it cleared.

    event ─▶ decide ─▶ send          one trace, named by the event's messageId
    wake ─▶ send                     by a timer or an answer: a new one, linked to the event that began the run

Both names are hashes of what the profile holds anyway. Nothing here is part of a decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec import structs

from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Event, HandOff, Timer
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.profile import Profile
from orchestrator.domain.program import Program
from orchestrator.partition.partition import Decided, Partition
from orchestrator.tracing import DECIDE, DOOR, WAKE, Place, Tracing, event_place, place_of

_TIMED = "timer "
"""How the id of a trigger begins that was no event."""


_Attributes = dict[str, str | int | Sequence[str]]


class _Span(NamedTuple):
    name: str
    at: Place
    parent: Place | None
    links: list[Place]
    attributes: _Attributes


class Traces:
    """Takes notes while a turn works, and tells them once it is durable."""

    def __init__(self, tracing: Tracing, partition: int = 0) -> None:
        self._tracing, self._number = tracing, partition
        self._spans: list[_Span] = []
        self._cleared: dict[str, Place] = {}
        """message → what cleared it, within a turn."""

    def note(self, partition: Partition, program: Program) -> None:
        """Look at what the partition has decided since its last commit."""
        causes: dict[int, Place] = {}
        for one in partition.decided:
            cause = self._cause(one)
            if cause is not None:
                causes[one.key] = cause
                if self._tracing.sampled(cause.trace):
                    self._spans.append(self._span(one, cause, partition, program))
            at = causes.get(one.key)
            if at is not None and one.decision.attempts:
                self._cleared.update((attempt.message_id, at) for attempt in one.decision.attempts)

    def _cause(self, one: Decided) -> Place | None:
        """Where it stands, if it is told: an event that was not known, a timer that does something, an answer that goes on."""
        if isinstance(one.given, Event):
            return None if one.decision.duplicate else event_place(DECIDE, one.given.message_id)
        if isinstance(one.given, HandOff) or not (
            one.decision.cleared or (isinstance(one.given, Timer) and _acts(one.decision))
        ):
            return None
        of = getattr(one.given, "message_id", "")
        return place_of(WAKE, WAKE, str(self._number), str(one.key), str(one.now), of)

    def _span(self, one: Decided, at: Place, partition: Partition, program: Program) -> _Span:
        attributes: _Attributes = {"orchestrator.partition": self._number}
        if acts := _acts(one.decision):
            attributes["orchestrator.campaigns"] = acts
        if not isinstance(one.given, Event):
            record = partition.record(one.key)
            links = [] if record is None else list(_planned_by(record.profile, one.decision))
            return _Span(WAKE, at, None, links, attributes)
        if one.given.name in program.events:
            attributes["orchestrator.event"] = one.given.name
        return _Span(DECIDE, at, event_place(DOOR, one.given.message_id), [], attributes)

    def traced(self, outgoing: Iterable[Outgoing]) -> list[Outgoing]:
        """The same messages, with the trace that they leave under."""
        cleared, self._cleared = self._cleared, {}
        return [
            structs.replace(one, trace=self._tracing.header(cleared[one.message_id])) if one.message_id in cleared else one
            for one in outgoing
        ]

    def tell(self, began: int, ended: int) -> None:
        """Tell of the turn, from when it began to when it was durable."""
        spans, self._spans = self._spans, []
        for one in spans:
            self._tracing.tell(one.name, one.at, (began, ended), parent=one.parent, links=one.links, attributes=one.attributes)


def _acts(made: Decision) -> list[str]:
    """The campaigns that it did something in."""
    named = {one.campaign for one in made.entries} | {one.campaign for one in made.messages}
    named |= {one.campaign for one in made.steps} | {one.campaign for one in made.calls}
    return sorted(named | {one.campaign for one in made.ends})


def _planned_by(profile: Profile, made: Decision) -> Iterator[Place]:
    """Decisions of the events that began the runs which go on now."""
    runs = {run.enrolment: run.trigger_id for run in profile.runs}
    messages = {change.id for change in made.messages}
    woken = [*(step.enrolment for step in made.steps), *(end.enrolment for end in made.ends)]
    woken += [each for message in profile.messages if message.id in messages for each in message.enrolments]
    ids = dict.fromkeys(runs[each] for each in woken if each in runs)
    return (event_place(DECIDE, each) for each in ids if not each.startswith(_TIMED))
