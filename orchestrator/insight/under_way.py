"""What a run that has not ended waits for, until when, and what comes after: in the words of its author."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.calendar import iso
from orchestrator.domain.campaign import (
    END,
    Branch,
    Emit,
    MoveTo,
    Pattern,
    Send,
    SetTraits,
    Split,
    Steps,
    Task,
    Verb,
    Wait,
    WaitFor,
)
from orchestrator.domain.profile import Message, Profile, Run
from orchestrator.domain.program import Program
from orchestrator.insight.reasons import REASONS
from orchestrator.insight.times import span

_HOUR_MINUTES = 60


@dataclass(frozen=True, slots=True)
class UnderWay:
    """One run. `waits` and `then` are clauses whose subject is the run: "waits 3 days", "sends last-call by email"."""

    campaign: str
    since: int
    step: str
    waits: str
    until: int | None = None
    """When the wait is over at the latest; None where time alone does not end it."""
    then: str = ""

    def as_json(self) -> dict[str, Any]:
        found = {"campaign": self.campaign, "since": iso(self.since), "step": self.step, "waits": self.waits}
        return {**found, "until": None if self.until is None else iso(self.until), "then": self.then or None}


def under_way(program: Program, profile: Profile) -> Iterator[UnderWay]:
    """The profile's live runs, in the order of their entries."""
    for run in profile.runs:
        if not run.ended:
            steps = program.steps_of(run.version)
            if steps is None:
                yield UnderWay(run.campaign, run.entered_at, "", "is on the steps of an earlier version", run.due)
            elif run.node == END:
                yield UnderWay(run.campaign, run.entered_at, "", "is about to end")
            else:
                yield _told(steps, run, profile)


def _told(steps: Steps, run: Run, profile: Profile) -> UnderWay:
    node = steps.nodes[run.node]
    then, otherwise = _next(steps, node.then), _next(steps, node.otherwise)
    message = profile.message(run.message) if run.message is not None else None
    if message is not None and run.state == "send":
        waits, until = _of_message(message)
    elif run.state == "paused":
        waits, until, then = "is paused by an operator", None, f"{_does(node.verb)}"
    else:
        waits, until = _does(node.verb), run.due
    if run.state == "wait_for" and then != otherwise:
        then = f"if it comes {then}, else {otherwise}"
    elif run.state == "task":
        waits, then = f"waits for {node.verb.queue}: {node.verb.title}", f"if it is done {then}, else {otherwise}"  # type: ignore[union-attr]
    return UnderWay(run.campaign, run.entered_at, node.id, waits, until, then)


def _of_message(message: Message) -> tuple[str, int | None]:
    what = f"{message.template} by {message.channel}"
    if message.gate is None:
        return f"has handed over {what} and waits for the answer", message.due
    open_ended = message.due == message.expires_at
    told = f"waits to send {what}: {REASONS.get(message.gate, message.gate)}"
    return (f"{told}, and the message expires", message.due) if open_ended else (told, message.due)


def _next(steps: Steps, node: int) -> str:
    return "ends" if node == END else _does(steps.nodes[node].verb)


def _does(verb: Verb) -> str:
    return _VERBS[type(verb)](verb) if type(verb) in _VERBS else "ends"


def _waits(verb: Wait) -> str:
    if verb.until is not None:
        return "waits for its date"
    words = ["waits"]
    duration = verb.duration.constant if verb.duration is not None else None
    if isinstance(duration, int | float) and duration:
        words.append(span(int(duration)))
    if verb.at is not None:
        words.append(f"{'and then ' if len(words) > 1 else ''}for {verb.at // _HOUR_MINUTES:02}:{verb.at % _HOUR_MINUTES:02}")
    return " ".join(words)


def _pattern(pattern: Pattern) -> str:
    if pattern.event is not None:
        return f"{pattern.event} of that {pattern.key}" if pattern.key else pattern.event
    if pattern.called:
        return f"{pattern.broadcast or 'the time of a schedule'}, announced to {pattern.to}"
    if pattern.stages:
        return f"the stage {' or '.join(pattern.stages)}"
    if pattern.watches is not None:
        return f"{'coming into' if pattern.segment is not None else 'leaving'} the segment {pattern.watches}"
    if pattern.date is not None:
        return f"the date {pattern.date.path[-1]}"
    return f"{span(pattern.duration)} without {pattern.without}"


def _sends(verb: Send) -> str:
    words = f"sends {verb.template} by {' or '.join(verb.channels)}"
    return words if verb.merge is None else f"{words} with others of the next {span(verb.merge)}"


_VERBS: dict[type, Callable[[Any], str]] = {
    Send: _sends,
    Wait: _waits,
    WaitFor: lambda verb: f"waits {span(verb.within)} for {' or '.join(map(_pattern, verb.patterns))}",
    Branch: lambda _: "takes the branch whose condition is true",
    Split: lambda verb: f"takes the customer's arm of {verb.name}",
    SetTraits: lambda verb: f"sets {', '.join(verb.traits)}",
    Emit: lambda verb: f"emits {verb.event}",
    Task: lambda verb: f"asks {verb.queue}: {verb.title}",
    MoveTo: lambda verb: f"moves the customer to {verb.stage}",
}
