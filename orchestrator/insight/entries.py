"""What one decision did, as entries of `explain`: each with its reason in words, and the rule or the gates behind it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from orchestrator.domain.calendar import iso
from orchestrator.domain.calls import ANSWERED
from orchestrator.domain.chance import share_of
from orchestrator.domain.decide import cause_of
from orchestrator.domain.decision import CallChange, Decision, Entry, MessageChange, TaskChange
from orchestrator.domain.input import HandOff, Outcome, ProfileInput
from orchestrator.domain.input import Refusal as Refused
from orchestrator.domain.joining import WINDOW
from orchestrator.domain.program import Program
from orchestrator.insight.crossed import crossing, trigger_of
from orchestrator.insight.passage import Grounds, Passage
from orchestrator.insight.reading.grounds import gate_lines, no_consent, refused, stopped
from orchestrator.insight.reading.tongue import Tongue
from orchestrator.insight.reasons import reason_of, shortened
from orchestrator.insight.rehearsal import Rehearsal
from orchestrator.insight.switches import Turned
from orchestrator.insight.times import Clock
from orchestrator.insight.watcher import Judged, Refusal, Watcher

_CONDITIONS = ("if", "while", "segment")
"""Refusals that no decision tells."""


@dataclass(frozen=True, slots=True)
class Telling:
    """How it is told: in which language and zone, and what a live channel would have said."""

    tongue: Tongue
    zone: Clock
    rehearsal: Rehearsal
    replayed: bool = False
    """Nobody was asked: what webhooks answered stands in for it."""
    waits: dict[str, str] = field(default_factory=dict)
    """message id → why it was stopped last."""
    holding: Callable[[str, str, str, str], Turned | None] = lambda *_: None
    """(gate, campaign, channel, profile) → the switch that holds there, with who turned it."""


def entry_of(
    at: int | None,
    campaign: str,
    outcome: str,
    reason: str,
    *,
    gate: str | None = None,
    until: int | None = None,
    judged: Judged = Judged(),  # noqa: B008 - a tuple
    cause: str | None = None,
) -> dict[str, Any]:
    """One entry; `rule` is the tree, `rule_words` the same in words, `why` one sentence of it."""
    return {
        "at": None if at is None else iso(at),
        "campaign": campaign,
        "outcome": outcome,
        "reason": reason,
        "gate": gate,
        "next_allowed": None if until is None else iso(until),
        "rule": judged.rule,
        "rule_words": list(judged.lines),
        "why": judged.why,
        "cause": cause,
    }


def entries_of(
    program: Program, decision: Decision, watcher: Watcher, now: int, given: ProfileInput, name: str, telling: Telling
) -> Iterator[dict[str, Any]]:
    """Everything that the decision did; `name` is the profile's, by which chance is told."""
    found = _Entries(program, watcher, now, given, name, telling)
    yield from found.crossed(decision)
    yield from found.begun(decision)
    tongue = telling.tongue
    for step in decision.steps:
        if step.way not in ("", "then", "waits"):
            words = tongue.say("step_way", step.step, tongue.ways.get(step.way, step.way))
            judged = watcher.take(f"{step.campaign} {step.step} 1")
            yield entry_of(now, step.campaign, "step", words, judged=judged)
    yield from map(found.task, decision.tasks)
    yield from map(found.call, [call for call in decision.calls if call.state != "planned" or call.reason])
    for goal in decision.goals:
        worth = () if goal.value is None else (tongue.number(goal.value),)
        yield entry_of(now, goal.campaign, "goal", tongue.say("goal_reached_worth" if worth else "goal_reached", *worth))
    yield from found.joined(decision)
    for change in decision.messages:
        yield found.message(change)
    for end in decision.ends:
        yield entry_of(now, end.campaign, "ended", tongue.reason(end.reason))


@dataclass(frozen=True, slots=True)
class _Entries:
    program: Program
    watcher: Watcher
    now: int
    given: ProfileInput
    name: str
    telling: Telling

    def crossed(self, decision: Decision) -> Iterator[dict[str, Any]]:
        """Segments that were entered or left."""
        tongue, cause = self.telling.tongue, cause_of(self.given)
        for one in decision.crossings:
            words = tongue.say("crossed_by", crossing(one.segment, tongue, inside=one.inside), _named(cause, tongue))
            judged = self.watcher.last(f"segment {one.segment}")
            yield entry_of(self.now, "", "segment", words, cause=cause, judged=judged)

    def begun(self, decision: Decision) -> Iterator[dict[str, Any]]:
        """Who entered, and who did not, with the condition that was judged."""
        cause = cause_of(self.given)
        refusals: defaultdict[str, deque[Refusal]] = defaultdict(deque)
        for refusal in self.watcher.refusals:
            if refusal.reason not in _CONDITIONS:
                refusals[refusal.campaign].append(refusal)
        for entry in decision.entries:
            if entry.outcome == "not_entered":
                waiting = refusals[entry.campaign]
                yield self._refused(waiting.popleft() if waiting else Refusal(entry.campaign, entry.reason), cause)
            else:
                judged = self.watcher.take(f"{entry.campaign} if")
                words = self._held(entry) if entry.outcome == "held_out" else self._by(entry.campaign, decision, cause)
                yield entry_of(self.now, entry.campaign, entry.outcome, words, judged=judged, cause=cause)
        for refusal in self.watcher.refusals:
            if refusal.reason in _CONDITIONS:
                yield self._refused(refusal, cause)

    def joined(self, decision: Decision) -> Iterator[dict[str, Any]]:
        """Runs whose part joined a message of several, or was taken out of it."""
        tongue, opened = self.telling.tongue, {change.id for change in decision.messages if change.reason == WINDOW}
        for part in decision.joinings:
            if part.reason or part.message_id not in opened:
                outcome = "left" if part.reason else "joined"
                words = tongue.say("left_it", tongue.reason(part.reason)) if part.reason else tongue.say("joined_to")
                yield {**entry_of(self.now, part.campaign, outcome, words), "message": part.message_id}

    def task(self, task: TaskChange) -> dict[str, Any]:
        """What a person is asked to do, and what became of it."""
        tongue, places = self.telling.tongue, (task.queue, task.title)
        if task.state == "open":
            words = tongue.say("task_due", *places, self.telling.zone.tell(task.due))
        elif task.reason is not None:
            words = tongue.say("task_why", *places, tongue.reason(task.reason))
        else:
            words = tongue.say("task_what", *places)
        return {**entry_of(self.now, task.campaign, f"task_{task.state}", words), "task": task.id, "step": task.step}

    def call(self, call: CallChange) -> dict[str, Any]:
        """What another system was asked, and what came of it."""
        tongue, outcome = self.telling.tongue, "waits" if call.state == "planned" else call.state
        words = call.to if call.reason is None else tongue.say("call_why", call.to, tongue.reason(call.reason))
        if isinstance(self.given, Outcome) and self.given.detail and call.state != ANSWERED:
            words = tongue.say("with_detail", words, self.given.detail)
        if isinstance(self.given, Outcome) and call.state == ANSWERED and self.telling.replayed:
            sample = self.given.answer or {}
            words = tongue.say("call_sample" if sample else "call_no_sample", words, shortened(sample))
        found = entry_of(self.now, call.campaign, f"webhook_{outcome}", words, gate=call.reason, until=call.until)
        return {**found, "call": call.id, "step": call.step}

    def _refused(self, refusal: Refusal, cause: str) -> dict[str, Any]:
        campaign = self.program.campaigns.get(refusal.campaign)
        words = refused(refusal, campaign, self.program.policies, self.telling.tongue, self.telling.zone)
        found = entry_of(
            self.now,
            refusal.campaign,
            "not_entered",
            words,
            until=refusal.next_allowed,
            judged=refusal.judged,
            cause=cause,
        )
        return {**found, "refusal": refusal.reason}

    def _by(self, campaign: str, decision: Decision, cause: str) -> str:
        tongue = self.telling.tongue
        return tongue.say(
            "by", trigger_of(self.program.campaigns.get(campaign), decision, self.given, _named(cause, tongue), tongue)
        )

    def _held(self, entry: Entry) -> str:
        """Which lot held them out: the control group's, or this campaign's."""
        control, campaign = self.program.policies.control_group, self.program.campaigns.get(entry.campaign)
        tongue = self.telling.tongue
        if share_of("", "control", self.name) < control:
            return tongue.say("held_by_control", tongue.share(control))
        return tongue.say("held_by_holdout", tongue.share(campaign.holdout if campaign is not None else 0))

    def message(self, change: MessageChange) -> dict[str, Any]:
        tongue, zone = self.telling.tongue, self.telling.zone
        campaign = self.program.campaigns.get(change.campaign)
        topic = None if campaign is None else campaign.topic
        passages = self.watcher.passages.get(change.id, ()) if change.state in _JUDGED else ()
        reason = self._held_by(change, self._reason(change, passages, topic))
        if change.reason is not None:
            self.telling.waits[change.id] = reason
        outcome = "waiting" if change.state == "planned" and change.reason else change.state
        found = entry_of(self.now, change.campaign, outcome, reason, gate=change.reason, until=change.until)
        live = self.telling.rehearsal.words(change.id, tongue) if change.state == "accepted" else None
        return {
            **found,
            "message": change.id,
            "template": change.template,
            "channel": change.channel,
            "step": change.step,
            "topic": topic,
            "gates": [
                {"channel": passage.channel, "gate": gate, "verdict": said}
                for passage in passages
                for gate, said in passage.said
            ],
            "gates_words": list(gate_lines(passages, tongue, zone)) if change.reason is not None else [],
            "live": live,
        }

    def _held_by(self, change: MessageChange, reason: str) -> str:
        """With who turned the switch that holds it, when and why."""
        if change.reason not in ("kill", "pause"):
            return reason
        return by_whom(reason, self.telling.holding(change.reason, change.campaign, change.channel, self.name), self.telling)

    def _reason(self, change: MessageChange, passages: tuple[Passage, ...], topic: str | None) -> str:
        tongue, zone = self.telling.tongue, self.telling.zone
        gate, grounds = change.reason, next((one.grounds for one in passages if one.channel == change.channel), None)
        verdict = self.given.verdict if isinstance(self.given, HandOff) else None
        if gate in ("suppression", "permit") and isinstance(verdict, Refused):
            listed = f"listed_{verdict.why}" if gate == "suppression" else verdict.why
            return tongue.reason(listed if verdict.why else gate)
        if gate == "consent" and grounds is None:
            grounds = Grounds(topic)
            return no_consent(grounds, change.channel, tongue, zone)
        if gate is not None and grounds is not None:
            return stopped(gate, change.channel, grounds, tongue, zone)
        return reason_of(change, self.given, tongue)


def by_whom(words: str, turned: Turned | None, telling: Telling) -> str:
    """The words, and who turned that switch, when and why, where it is known."""
    if turned is None:
        return words
    tongue = telling.tongue
    places = words, turned.actor or tongue.say("somebody"), telling.zone.tell(turned.at)
    return tongue.say("turned_why", *places, turned.reason) if turned.reason else tongue.say("turned", *places)


def redriven(given: ProfileInput, by: Turned, tongue: Tongue) -> str:
    """That an input which had been put aside is decided again, by whose word and why."""
    places = _named(cause_of(given), tongue), by.actor or tongue.say("somebody")
    return tongue.say("again_why", *places, by.reason) if by.reason else tongue.say("again_by", *places)


_JUDGED = ("planned", "attempting", "suppressed", "expired")
"""States of a message that the gates decide."""


def _named(cause: str, tongue: Tongue) -> str:
    """What the input is called; an event by its name."""
    return tongue.say("timer") if cause == "timer" else cause
