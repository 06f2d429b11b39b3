"""Invariant I18: what a message joins goes out once and in order, or is said to be taken out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from orchestrator.domain.campaign import Send
from orchestrator.domain.decision import Decision, MessageChange
from orchestrator.domain.limits import JOINED_MAX
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.profile import Profile
from orchestrator.domain.program import Program
from tests.simulation.violation import require


@dataclass(slots=True)
class Joined:
    """One message as this second pair of eyes keeps it."""

    key: int
    step: tuple[str, str]
    until: int
    """The end of its window."""
    parts: dict[str, Any] = field(default_factory=dict)
    """enrolment → what its run began with, in the order in which they joined"""
    over: bool = False


@dataclass(slots=True)
class JoinChecks:
    program: Program
    joined: dict[str, Joined] = field(default_factory=dict)
    expected: dict[str, list[Any]] = field(default_factory=dict)
    """message id → the items of its newest durable attempt"""
    taken: set[tuple[str, str]] = field(default_factory=set)
    """(enrolment, step) that some message has taken in"""

    def adopted(self, theirs: int, ours: int) -> None:
        for one in self.joined.values():
            one.key = ours if one.key == theirs else one.key

    def decided(self, key: int, clock: int, profile: Profile, decision: Decision) -> None:
        """A durable decision, and the profile after it."""
        for change in decision.messages:
            if change.reason == "joining":
                self._opens(key, clock, change)
        steps = {
            step.enrolment: step.step for step in decision.steps if not step.way and self._merges(step.campaign, step.step)
        }
        taken = [part.enrolment for part in decision.joinings if not part.reason]
        require(sorted(steps) == sorted(taken), "I18", "runs at a joining step", sorted(steps), "taken in", sorted(taken))
        for part in decision.joinings:
            self._part(part.message_id, part.enrolment, part.reason, clock, profile, steps)
        for change in decision.messages:
            if change.id in self.joined:
                self._changed(change, clock)
        for message in profile.messages:
            if message.id in self.joined:
                ours, theirs = list(self.joined[message.id].parts), [part.enrolment for part in message.parts]
                require(ours == theirs, "I18", message.id, "joins", theirs, "and should join", ours)

    def _merges(self, campaign: str, step: str) -> bool:
        nodes = self.program.campaigns[campaign].steps.nodes
        return any(node.id == step and isinstance(node.verb, Send) and node.verb.merge is not None for node in nodes)

    def _opens(self, key: int, clock: int, change: MessageChange) -> None:
        step = (change.campaign, change.step)
        send = next(node.verb for node in self.program.campaigns[change.campaign].steps.nodes if node.id == change.step)
        assert isinstance(send, Send)
        for ident, one in self.joined.items():
            still = one.key == key and one.step == step and not one.over and clock < one.until and len(one.parts) < JOINED_MAX
            require(not still, "I18", change.id, "begins a window while that of", ident, "is open")
        self.joined[change.id] = Joined(key, step, clock + (send.merge or 0))

    def _part(self, ident: str, enrolment: str, reason: str, clock: int, profile: Profile, steps: dict[str, str]) -> None:
        one, run = self.joined[ident], profile.run(enrolment)
        if reason:
            require(enrolment in one.parts, "I18", enrolment, "is taken out of", ident, "and was not in it")
            require(run is None or run.ended, "I18", enrolment, "is taken out of", ident, "and its run goes on")
            del one.parts[enrolment]
            return
        begun = (enrolment, steps[enrolment])
        require(begun not in self.taken, "I18", begun, "joins a second time")
        require(clock < one.until and not one.over, "I18", enrolment, "joins", ident, "after its window")
        self.taken.add(begun)
        one.parts[enrolment] = None if run is None else run.event

    def _changed(self, change: MessageChange, clock: int) -> None:
        one = self.joined[change.id]
        if change.reason != "joining":
            require(clock >= one.until or change.state == "cancelled", "I18", change.id, "is", change.state, "in its window")
        if change.state == "attempting":
            require(one.parts, "I18", change.id, "goes out with nothing in it")
            self.expected[change.id] = list(one.parts.values())
        if change.state == "cancelled":
            require(not one.parts, "I18", change.id, "is cancelled, and these never left it:", list(one.parts))
        one.over = one.over or change.reason != "joining"

    def dispatched(self, out: Outgoing) -> None:
        """What leaves is what was joined, in order."""
        if out.message_id in self.joined:
            items, expected = out.context.get("items"), self.expected.get(out.message_id)
            require(items == expected, "I18", out.message_id, "goes out with", items, "and should with", expected)
