"""What one workspace decided: its messages with the run that planned them, and what recorded reactions did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.domain.calls import ANSWERED
from orchestrator.domain.campaign import WaitFor
from orchestrator.domain.chance import id_of
from orchestrator.domain.decision import Decision, Joining, MessageChange
from orchestrator.domain.identity import raw_id
from orchestrator.domain.input import Adopt, Event
from orchestrator.domain.program import Program
from orchestrator.partition.partition import Decided

Recorded = tuple[str, str]
"""An event of the files: the id that routes it, and its message id."""
SENT = "accepted"
_ANSWERED = ("exit", "goal")


@dataclass(slots=True)
class Run:
    """One entry into a campaign, by the time it (last) began; `ended` says why it ended, or `held_out`."""

    key: int
    campaign: str
    begun: int
    ended: str = ""
    last: str | None = None
    """Its latest message that went out."""


@dataclass(slots=True)
class Mail:
    """One message as it stands at the end; `at` is when it came into that state."""

    id: str
    campaign: str
    step: str
    channel: str
    template: str
    planned_at: int
    at: int
    state: str
    reason: str | None
    begun: int

    @property
    def sent(self) -> bool:
        return self.state == SENT


@dataclass(slots=True)
class Side:
    """Watches the decisions of one program; `renamed`: a campaign's name here → the one under which it is compared."""

    program: Program
    renamed: Mapping[str, str] = field(default_factory=dict)
    inputs: int = 0
    mails: dict[str, tuple[int, Mail]] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    named: dict[Recorded, str] = field(default_factory=dict)
    """event → the message that its properties name"""
    answered: dict[Recorded, set[str]] = field(default_factory=dict)
    """event → the latest messages of the runs whose wait, goal or exit it met"""
    acted: set[Recorded] = field(default_factory=set)
    """Events that may be reactions and that did something beyond being counted."""
    tasks: Counter[str] = field(default_factory=Counter)
    """queue → tasks that were opened"""
    webhooks: Counter[str] = field(default_factory=Counter)
    """sender → webhooks that were answered"""
    _runs_of: dict[str, Run] = field(default_factory=dict)
    """message id → its run"""
    _joined: dict[str, dict[str, Run]] = field(default_factory=dict)
    """message id → the runs that it joins, by enrolment"""
    _moved: dict[int, int] = field(default_factory=dict)
    _answering: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._answering = frozenset(_answering(self.program))

    def watch(self, decided: Sequence[Decided]) -> None:
        self.inputs += len(decided)
        for one in decided:
            decision = one.decision
            if decision.entries or decision.steps or decision.ends or decision.goals or decision.messages:
                self._note(one, decision)
            self.tasks.update(task.queue for task in decision.tasks if task.state == "open")
            self.webhooks.update(call.to for call in decision.calls if call.state == ANSWERED)
            if isinstance(one.given, Event) and not decision.duplicate:
                self._react(one.given, decision)
            elif isinstance(one.given, Adopt):
                self._moved[one.given.key] = one.key

    def answer_also(self, names: Iterable[str]) -> None:
        """Watch these events too: they answer messages of the other workspace."""
        self._answering |= frozenset(names)

    @property
    def answering(self) -> frozenset[str]:
        """Names of events that a wait, a goal or an exit asks for."""
        return self._answering

    def home(self, key: int) -> int:
        """The profile that a key's history now belongs to."""
        while key in self._moved:
            key = self._moved[key]
        return key

    def _note(self, one: Decided, decision: Decision) -> None:
        for entry in decision.entries:
            if entry.enrolment is not None:
                ended = entry.outcome if entry.outcome == "held_out" else ""
                self.runs[entry.enrolment] = Run(one.key, self._called(entry.campaign), one.now, ended)
        if decision.messages:
            for step in decision.steps:
                if not step.way and step.enrolment in self.runs:
                    self._runs_of[id_of(step.enrolment, step.step, "1")] = self.runs[step.enrolment]
        for part in decision.joinings:
            self._join(part)
        for change in decision.messages:
            self._mail(one.key, one.now, change)
        for end in decision.ends:
            if end.enrolment in self.runs:
                self.runs[end.enrolment].ended = end.reason

    def _called(self, campaign: str) -> str:
        return self.renamed.get(campaign, campaign)

    def _join(self, part: Joining) -> None:
        joined = self._joined.setdefault(part.message_id, {})
        if part.reason:
            joined.pop(part.enrolment, None)
        elif part.enrolment in self.runs:
            joined[part.enrolment] = self.runs[part.enrolment]

    def _mail(self, key: int, now: int, change: MessageChange) -> None:
        run = self._runs_of.get(change.id)
        if change.state == SENT:
            for each in self._joined.pop(change.id, {"": run}).values():
                if each is not None:
                    each.last = change.id
        begun = change.planned_at if run is None else run.begun
        mail = Mail(
            change.id,
            self._called(change.campaign),
            change.step,
            change.channel,
            change.template,
            change.planned_at,
            now,
            change.state,
            change.reason,
            begun,
        )
        self.mails[change.id] = (key, mail)

    def _react(self, event: Event, decision: Decision) -> None:
        message = event.properties.get("message_id")
        names_one = isinstance(message, str) and bool(message)
        if event.depth or not (names_one or event.name in self._answering):
            return
        recorded = (raw_id(event), event.message_id)
        if names_one:
            self.named[recorded] = str(message)
        if answered := self._answered(decision):
            self.answered[recorded] = answered
        if _does_something(decision):
            self.acted.add(recorded)

    def _answered(self, decision: Decision) -> set[str]:
        """The latest messages of the runs whose wait, goal or exit this event met."""
        met = [step.enrolment for step in decision.steps if step.way == "then" and self._waits(step.campaign, step.step)]
        met += [goal.enrolment for goal in decision.goals]
        met += [end.enrolment for end in decision.ends if end.reason in _ANSWERED]
        runs = (self.runs.get(enrolment) for enrolment in met)
        return {run.last for run in runs if run is not None and run.last is not None}

    def _waits(self, campaign: str, step: str) -> bool:
        steps = self.program.campaigns[campaign].steps if campaign in self.program.campaigns else None
        return steps is not None and any(node.id == step and isinstance(node.verb, WaitFor) for node in steps.nodes)


def _does_something(decision: Decision) -> bool:
    """Beyond being counted: a stage, a run, a message or a goal changed."""
    entered = any(entry.outcome != "not_entered" for entry in decision.entries)
    changed = decision.messages or decision.ends or decision.goals or decision.steps or decision.transitions
    return bool(entered or changed)


def _answering(program: Program) -> Iterable[str]:
    for campaign in program.campaigns.values():
        asked = [*campaign.exits, *([campaign.goal.pattern] if campaign.goal is not None else [])]
        waits = [node.verb.patterns for node in campaign.steps.nodes if isinstance(node.verb, WaitFor)]
        for pattern in (*asked, *(pattern for patterns in waits for pattern in patterns)):
            if pattern.event is not None:
                yield pattern.event
