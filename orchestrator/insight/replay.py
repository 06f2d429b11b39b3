"""Replay: recorded events through the production loop in virtual time.

The clock is driven by arrivals, every timer due is fired, the file channel stands for every channel and accepts everything;
what a live channel would have refused is counted beside.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.authoring.garbage import seldom_collected
from orchestrator.domain.calendar import iso
from orchestrator.domain.decision import CallChange, Decision, MessageChange, TaskChange
from orchestrator.domain.input import Adopt
from orchestrator.domain.program import Program
from orchestrator.insight.rehearsal import Rehearsal, Render
from orchestrator.insight.replaying import BATCH, Replaying, standing
from orchestrator.intake.files import Accepted, Rejected
from orchestrator.partition.partition import Decided
from orchestrator.partition.ports import Store, Stored

Line = Accepted | Rejected


@dataclass(slots=True)
class Tasked:
    """A task as it was opened, and what became of it."""

    opened: TaskChange
    state: str
    at: int
    """When it came into that state."""
    overdue: bool = False
    outcome: str | None = None

    def became(self, change: TaskChange, now: int) -> None:
        self.overdue = self.overdue or change.state == "overdue"
        self.state, self.at, self.outcome = change.state, now, change.reason


@dataclass(slots=True)
class Collected:
    """What the decisions of a replay amount to, kept by profile key until the names are known."""

    messages: dict[str, tuple[int, MessageChange]] = field(default_factory=dict)
    tasks: dict[str, tuple[int, Tasked]] = field(default_factory=dict)
    calls: dict[str, tuple[int, CallChange, int]] = field(default_factory=dict)
    """call → key, newest state, and when it came into that"""
    transitions: list[tuple[int, int, str, str, str]] = field(default_factory=list)
    """(at, key, from, to, cause)"""
    entered: Counter[str] = field(default_factory=Counter)
    held_out: Counter[str] = field(default_factory=Counter)
    goals: Counter[str] = field(default_factory=Counter)
    goals_held: Counter[str] = field(default_factory=Counter)
    value: Counter[str] = field(default_factory=Counter)
    moved: dict[int, int] = field(default_factory=dict)
    """key of an adopted profile → key of the one that took it in"""
    dropped: Counter[str] = field(default_factory=Counter)

    def watch(self, decided: Sequence[Decided]) -> None:
        for one in decided:
            decision = one.decision
            for change in decision.messages:
                self.messages[change.id] = (one.key, change)
            for call in decision.calls:
                self.calls[call.id] = one.key, call, one.now
            for task in decision.tasks:
                self._task(one, task)
            for step in decision.transitions:
                self.transitions.append((step.at, one.key, step.source, step.target, step.cause))
            self._entries_and_goals(decision)
            if isinstance(one.given, Adopt):
                self.moved[one.given.key] = one.key
            self.dropped.update(decision.dropped)

    def _entries_and_goals(self, decision: Decision) -> None:
        for entry in decision.entries:
            if entry.outcome == "entered":
                self.entered[entry.campaign] += 1
            elif entry.outcome == "held_out":
                self.held_out[entry.campaign] += 1
        for goal in decision.goals:
            (self.goals_held if goal.held else self.goals)[goal.campaign] += 1
            if not goal.held and goal.value is not None:
                self.value[goal.campaign] += goal.value  # type: ignore[assignment]  # a Counter of money is fine

    def _task(self, one: Decided, change: TaskChange) -> None:
        if change.id not in self.tasks:
            self.tasks[change.id] = one.key, Tasked(change, change.state, one.now)
        self.tasks[change.id][1].became(change, one.now)

    def home(self, key: int) -> int:
        """The profile that a key's history now belongs to."""
        while key in self.moved:
            key = self.moved[key]
        return key


@dataclass(slots=True)
class Replayed:
    """The result: counts as `commands.md` names them, and the rows behind them."""

    events: int
    duplicates: int
    rejected: list[Rejected]
    profiles: int
    stages: dict[str, int]
    collected: Collected
    names: dict[int, str]
    digest: str
    campaigns: tuple[str, ...]
    dead: int
    clock: int
    rehearsal: Rehearsal
    under_way: dict[str, int]
    """campaign → runs that had not ended at the end"""
    unknown: dict[str, int] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """The JSON result of `replay`."""
        collected = self.collected
        messages: dict[str, Counter[str]] = {name: Counter() for name in self.campaigns}
        suppressed: Counter[str] = Counter()
        for _, change in collected.messages.values():
            messages.setdefault(change.campaign, Counter())[change.state] += 1
            if change.state == "suppressed":
                suppressed[change.reason or ""] += 1
        for name, number in collected.held_out.items():
            messages.setdefault(name, Counter())["held_out"] = number
        flows = Counter(f"{source}→{target}" for _, _, source, target, _ in collected.transitions)
        return {
            "events": self.events,
            "duplicates": self.duplicates,
            "rejected": len(self.rejected),
            "profiles": self.profiles,
            "stages": self.stages,
            "transitions": dict(sorted(flows.items())),
            "messages": {name: dict(sorted(states.items())) for name, states in sorted(messages.items())},
            "suppressed": dict(sorted(suppressed.items())),
            "tasks": {queue: dict(sorted(states.items())) for queue, states in sorted(self._tasks().items())},
            "webhooks": {to: dict(sorted(states.items())) for to, states in sorted(self._calls().items())},
            "digest": self.digest,
            "campaigns": {name: self._campaign(name) for name in self.campaigns},
            "dead_letters": self.dead,
            "unknown_events": self.unknown,
            "dropped": dict(sorted(collected.dropped.items())),
            "until": iso(self.clock),
            "without_address": dict(sorted(Counter(self.rehearsal.unaddressed.values()).items())),
            "refused_at_rendering": list(self.rehearsal.as_json()),
        }

    def _tasks(self) -> dict[str, Counter[str]]:
        """queue → state → tasks"""
        found: dict[str, Counter[str]] = {}
        for _, task in self.collected.tasks.values():
            found.setdefault(task.opened.queue, Counter())[task.state] += 1
        return found

    def _calls(self) -> dict[str, Counter[str]]:
        """webhook → state → calls"""
        found: dict[str, Counter[str]] = {}
        for _, call, _ in self.collected.calls.values():
            found.setdefault(call.to, Counter())[call.state] += 1
        return found

    def _campaign(self, name: str) -> dict[str, Any]:
        collected = self.collected
        return {
            "entered": collected.entered[name],
            "held_out": collected.held_out[name],
            "goals": collected.goals[name],
            "goals_held_out": collected.goals_held[name],
            "value": round(collected.value[name], 6),
            "under_way": self.under_way.get(name, 0),
        }

    def messages(self) -> Iterator[dict[str, Any]]:
        """Rows of messages.jsonl, by time of planning and profile; `rendering` only where that would have been refused."""
        rows = [(c.planned_at, self._name(key), c.campaign, c.step, c) for key, c in self.collected.messages.values()]
        for planned_at, profile, campaign, step, change in sorted(rows, key=lambda row: row[:4]):
            failure = self.rehearsal.unrendered.get(change.id)
            row = {
                "message_id": change.id,
                "profile": profile,
                "campaign": campaign,
                "step": step,
                "channel": change.channel,
                "template": change.template,
                "class": change.cls,
                "planned_at": iso(planned_at),
                "state": change.state,
                "reason": change.reason,
            }
            yield row if failure is None else {**row, "rendering": failure.reason}

    def transitions(self) -> Iterator[dict[str, Any]]:
        """Rows of transitions.jsonl, by time and profile."""
        rows = [(at, self._name(key), source, target, cause) for at, key, source, target, cause in self.collected.transitions]
        for at, profile, source, target, cause in sorted(rows, key=lambda row: row[:2]):
            yield {"profile": profile, "at": iso(at), "from": source, "to": target, "cause": cause}

    def tasks(self) -> Iterator[dict[str, Any]]:
        """Rows of tasks.jsonl, by time of opening and profile."""
        rows = [
            (t.opened.opened_at, self._name(key), t.opened.campaign, t.opened.step, t)
            for key, t in self.collected.tasks.values()
        ]
        for opened_at, profile, campaign, step, task in sorted(rows, key=lambda row: row[:4]):
            yield {
                "task": task.opened.id,
                "profile": profile,
                "campaign": campaign,
                "step": step,
                "queue": task.opened.queue,
                "title": task.opened.title,
                "opened_at": iso(opened_at),
                "due": iso(task.opened.due),
                "state": task.state,
                "at": iso(task.at),
                "overdue": task.overdue,
                "outcome": task.outcome,
                "shows": task.opened.shows,
            }

    def calls(self) -> Iterator[dict[str, Any]]:
        """Rows of calls.jsonl, by time of planning and profile."""
        rows = [(c.planned_at, self._name(key), c.campaign, c.step, c, at) for key, c, at in self.collected.calls.values()]
        for planned_at, profile, campaign, step, call, at in sorted(rows, key=lambda row: row[:4]):
            yield {
                "call": call.id,
                "profile": profile,
                "campaign": campaign,
                "step": step,
                "to": call.to,
                "planned_at": iso(planned_at),
                "state": call.state,
                "at": iso(at),
                "tries": call.tries,
                "reason": call.reason,
            }

    def _name(self, key: int) -> str:
        return self.names.get(self.collected.home(key), "")

    def write(self, folder: Path) -> None:
        """Write messages, transitions, tasks, calls, rejections and the summary into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        _write_lines(folder / "messages.jsonl", self.messages())
        _write_lines(folder / "transitions.jsonl", self.transitions())
        _write_lines(folder / "tasks.jsonl", self.tasks())
        _write_lines(folder / "calls.jsonl", self.calls())
        rejected = ({"file": one.file, "line": one.line, "reason": one.reason} for one in self.rejected)
        _write_lines(folder / "rejected.jsonl", rejected)
        (folder / "summary.json").write_text(json.dumps(self.summary(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", errors="backslashreplace") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def replay(
    program: Program,
    lines: Iterable[Line],
    stores: Sequence[Store],
    *,
    until: int | None = None,
    every_profile: Callable[[], Iterable[tuple[int, Stored]]],
    progress: Callable[[int], None] | None = None,
    render: Render | None = None,
    samples: Mapping[str, dict[str, Any]] | None = None,
) -> Replayed:
    """Run every line through the engine and add it all up; with `render`, try the text of every message too.

    Every webhook answers at once, with the sample of its sender.
    """
    collected, rehearsal = Collected(), Rehearsal(render)
    replaying = Replaying(program, stores, collected.watch, rehearsal.look, samples)
    rejected: list[Rejected] = []
    with seldom_collected():
        for line in lines:
            if isinstance(line, Rejected):
                rejected.append(line)
            elif replaying.take(line) and progress is not None:
                progress(BATCH)
        replaying.finish(until)
    found = standing(program, every_profile())
    return Replayed(
        events=replaying.events,
        duplicates=replaying.duplicates,
        rejected=rejected,
        profiles=len(found.names),
        stages=found.stages,
        collected=collected,
        names=found.names,
        digest=found.digest,
        campaigns=tuple(program.campaigns),
        dead=replaying.dead,
        clock=replaying.clock,
        rehearsal=rehearsal,
        under_way=dict(found.under_way),
    )
