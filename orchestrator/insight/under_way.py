"""What a run that has not ended waits for, until when, and what comes after: in the words of its author."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
    Webhook,
)
from orchestrator.domain.profile import Call, Message, Profile, Run
from orchestrator.domain.program import Program
from orchestrator.insight.reading.tongue import ENGLISH, Tongue, clock


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


def under_way(
    program: Program,
    profile: Profile,
    tongue: Tongue = ENGLISH,
    why: Mapping[str, str] | None = None,
    paused: Callable[[str, str], str] = lambda _campaign, words: words,
) -> Iterator[UnderWay]:
    """The profile's live runs, in the order of their entries. `why`: message id → why it waits, as far as that is known.

    `paused` adds to what is said of a paused campaign's run who paused it.
    """
    telling = _Telling(profile, tongue, why or {}, paused)
    for run in profile.runs:
        if not run.ended:
            steps = program.steps_of(run.version)
            if steps is None:
                yield UnderWay(run.campaign, run.entered_at, "", tongue.say("run_earlier"), run.due)
            elif run.node == END:
                yield UnderWay(run.campaign, run.entered_at, "", tongue.say("run_ends_now"))
            else:
                yield telling.told(steps, run)


@dataclass(frozen=True, slots=True)
class _Telling:
    profile: Profile
    tongue: Tongue
    why: Mapping[str, str]
    paused: Callable[[str, str], str]

    def told(self, steps: Steps, run: Run) -> UnderWay:
        node = steps.nodes[run.node]
        then, otherwise = self.next(steps, node.then), self.next(steps, node.otherwise)
        message = self.profile.message(run.message) if run.message is not None else None
        if message is not None and run.state == "send":
            waits, until = self.of_message(message)
        elif run.state == "paused":
            waits, until, then = self.paused(run.campaign, self.tongue.say("run_paused")), None, self.does(node.verb)
        else:
            waits, until = self.does(node.verb), run.due
        if run.state == "wait_for" and then != otherwise:
            then = self.tongue.say("run_branches", then, otherwise)
        elif (call := self.profile.call(run.message)) is not None:
            waits, until = self.of_call(call), call.expires_at
            then = self.tongue.say("run_call_branches", then, otherwise)
        elif run.state == "task" and isinstance(node.verb, Task):
            waits = self.tongue.say("run_task", node.verb.queue, node.verb.title)
            then = self.tongue.say("run_task_branches", then, otherwise)
        return UnderWay(run.campaign, run.entered_at, node.id, waits, until, then)

    def of_message(self, message: Message) -> tuple[str, int | None]:
        say = self.tongue.say
        what = say("told_of", message.template, message.channel)
        if message.gate is None:
            return say("run_handed", what), message.due
        told = say("run_sends", what, self.why.get(message.id) or self.tongue.reason(message.gate))
        return (say("run_expires", told) if message.due == message.expires_at else told), message.due

    def of_call(self, call: Call) -> str:
        if call.gate is None:
            return self.tongue.say("run_asked", call.to)
        return self.tongue.say("run_asks", call.to, self.tongue.reason(call.gate))

    def next(self, steps: Steps, node: int) -> str:
        return self.tongue.say("run_ends") if node == END else self.does(steps.nodes[node].verb)

    def does(self, verb: Verb) -> str:
        return _VERBS[type(verb)](verb, self.tongue) if type(verb) in _VERBS else self.tongue.say("run_ends")


def _waits(verb: Wait, tongue: Tongue) -> str:
    if verb.until is not None:
        return tongue.say("run_date")
    constant = verb.duration.constant if verb.duration is not None else None
    length = tongue.rough_span(int(constant)) if isinstance(constant, int | float) and constant else ""
    if verb.at is None:
        return tongue.say("run_waits", length).strip()
    return tongue.say("run_waits_then_at", length, clock(verb.at)) if length else tongue.say("run_waits_at", clock(verb.at))


def _pattern(pattern: Pattern, tongue: Tongue) -> str:
    if pattern.event is not None:
        return tongue.say("run_event_key", pattern.event, pattern.key) if pattern.key else pattern.event
    if pattern.called:
        what = pattern.broadcast or tongue.say("run_time")
        return tongue.say("run_called", what, pattern.to or "")
    if pattern.stages:
        return tongue.say("run_stage", tongue.either(pattern.stages))
    if pattern.watches is not None:
        return tongue.say("run_into" if pattern.segment is not None else "run_out_of", pattern.watches)
    if pattern.date is not None:
        return tongue.say("run_date_of", pattern.date.path[-1])
    return tongue.say("run_without", tongue.rough_span(pattern.duration), pattern.without or "")


def _waits_for(verb: WaitFor, tongue: Tongue) -> str:
    patterns = tongue.either([_pattern(one, tongue) for one in verb.patterns])
    return tongue.say("run_waits_for", tongue.rough_span(verb.within), patterns)


def _sends(verb: Send, tongue: Tongue) -> str:
    places = (verb.template, tongue.either(verb.channels))
    if verb.merge is None:
        return tongue.say("does_send", *places)
    return tongue.say("does_send_merge", *places, tongue.rough_span(verb.merge))


_VERBS: dict[type, Callable[[Any, Tongue], str]] = {
    Send: _sends,
    Wait: _waits,
    WaitFor: _waits_for,
    Branch: lambda _, tongue: tongue.say("does_branch"),
    Split: lambda verb, tongue: tongue.say("does_split", verb.name),
    SetTraits: lambda verb, tongue: tongue.say("does_set", ", ".join(verb.traits)),
    Emit: lambda verb, tongue: tongue.say("does_emit", verb.event),
    Task: lambda verb, tongue: tongue.say("does_task", verb.queue, verb.title),
    Webhook: lambda verb, tongue: tongue.say("does_webhook", verb.to),
    MoveTo: lambda verb, tongue: tongue.say("does_move_to", verb.stage),
}
