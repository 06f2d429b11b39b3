"""Why, and why not: one customer's history decided again, with every condition watched.

The production `decide` runs over the profile's own journal; cost follows that history, not the size of the store.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from orchestrator.domain.calendar import iso
from orchestrator.domain.decide import cause_of, decide, newcomer
from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Control, Event, ProfileInput
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import Profile
from orchestrator.domain.program import Campaign, Pattern, Program
from orchestrator.insight.accepted import given_of, given_of_partition
from orchestrator.partition.engine import turned
from orchestrator.partition.ports import JournalRow
from rules import Condition, trace

REASONS = {
    "age": "the event was older than trigger_max_age when it arrived, so it may start nothing",
    "live": "a run of this campaign with the same key was already under way",
    "inactive": "the campaign was not active then",
    "reentry": "its re-entry rule does not allow another run yet",
    "limit": "the profile already has as many runs as it may have",
    "if": "its condition (`if`) was not true",
    "while": "its `while` was not true",
    "kill": "the kill switch is on",
    "pause": "it is paused",
    "expiry": "it was too late: the message had expired",
    "suppression": "the address is suppressed",
    "address": "there is no address for this channel (trait `email` or `phone`)",
    "consent": "there is no consent for this topic on this channel",
    "hold": "a hold stops it",
    "cap": "a frequency cap is reached",
    "quiet": "it is quiet hours for this recipient",
    "permit": "the governor gave no leave yet",
    "exit": "an exit of the campaign ended the run",
    "goal": "the goal was reached",
    "restart": "the run began again with a new event",
}
"""Reasons from the closed set, in words."""


class Journal(Protocol):
    def key_of(self, raw: str) -> int | None: ...

    def history(self, key: int) -> list[JournalRow]: ...

    def controls(self) -> Controls: ...

    def partition_rows(self) -> list[JournalRow]: ...


@dataclass(slots=True)
class _Watcher:
    """Keeps the tree of every condition judged during one decision, by what it was judged for."""

    tables: dict[str, Any]
    seen: defaultdict[str, deque[dict[str, Any]]] = field(default_factory=lambda: defaultdict(deque))

    def saw(self, subject: str, condition: Condition, readable: dict[str, Any], _result: object) -> None:
        self.seen[subject].append(trace(condition.rule, readable, self.tables).as_json())

    def take(self, subject: str) -> dict[str, Any] | None:
        trees = self.seen.get(subject)
        return trees.popleft() if trees else None


@dataclass(slots=True)
class Told:
    """One customer's history: what happened to them, in order."""

    profile: str
    entries: list[dict[str, Any]] = field(default_factory=list)
    stages: list[tuple[int, str, str, str]] = field(default_factory=list)
    """(at, from, to, cause)"""
    events: list[Event] = field(default_factory=list)
    state: Profile | None = None

    def as_json(self) -> dict[str, Any]:
        """The result as `commands.md` names it."""
        story = [{"at": iso(at), "from": source, "to": target, "cause": cause} for at, source, target, cause in self.stages]
        return {"profile": self.profile, "entries": self.entries, "stages": story, "events": len(self.events)}


def explain(program: Program, journal: Journal, profile: str, *, campaign: str | None = None, until: int | None = None) -> Told:
    """Decide this profile's journal again up to `until` and tell why each campaign did what it did."""
    told = Told(profile)
    raws = [raw for raw in (f"u:{profile}", f"a:{profile}") if journal.key_of(raw) is not None]
    key = journal.key_of(raws[0]) if raws else None
    if key is not None:
        switches = _Switches(journal)
        for row in journal.history(key):
            if until is not None and row.clock > until:
                break
            _tell(program, switches.at(row.seq), told, row, raws[0] if raws else "")
    told.entries += _never(program, told)
    if campaign is not None:
        told.entries = [entry for entry in told.entries if entry["campaign"] == campaign]
    return told


class _Switches:
    """The operators' switches as they stood at each row of the journal."""

    def __init__(self, journal: Journal) -> None:
        self._rows = deque((row.seq, given_of_partition(row.given)) for row in journal.partition_rows())
        self._now = Controls(addresses=journal.controls().addresses)

    def at(self, seq: int) -> Controls:
        while self._rows and self._rows[0][0] < seq:
            _, given = self._rows.popleft()
            if isinstance(given, Control):
                self._now = turned(self._now, given)
        return self._now


def _tell(program: Program, controls: Controls, told: Told, row: JournalRow, raw: str) -> None:
    given: ProfileInput = given_of(row.given)
    if told.state is None:
        told.state = newcomer(program, row.clock, raw)
    if isinstance(given, Event):
        told.events.append(given)
    watcher = _Watcher(program.tables)
    if not row.decision:
        told.entries.append(_entry(row.clock, "", "dead_letter", "this input could not be decided and waits for a redrive"))
        return
    decision = decide(program, controls, told.state, given, row.clock, watcher).decision
    told.stages += [(step.at, step.source, step.target, step.cause) for step in decision.transitions]
    told.entries += _entries(decision, watcher, row.clock, cause_of(given))


def _entries(decision: Decision, watcher: _Watcher, now: int, cause: str) -> Iterator[dict[str, Any]]:
    for entry in decision.entries:
        rule = watcher.take(f"{entry.campaign} {entry.reason if entry.reason == 'while' else 'if'}")
        words = REASONS.get(entry.reason, "") if entry.reason else f"triggered by {cause}"
        yield _entry(now, entry.campaign, entry.outcome, words, cause=cause, rule=rule)
    for step in decision.steps:
        if step.way not in ("", "then", "waits"):
            yield _entry(
                now, step.campaign, "step", f"{step.step}: {step.way}", rule=watcher.take(f"{step.campaign} {step.step} 1")
            )
    for goal in decision.goals:
        yield _entry(now, goal.campaign, "goal", f"goal reached{'' if goal.value is None else f', worth {goal.value:g}'}")
    for change in decision.messages:
        outcome = "waiting" if change.state == "planned" and change.reason else change.state
        words = REASONS.get(change.reason or "", change.reason or f"{change.template} by {change.channel}")
        found = _entry(now, change.campaign, outcome, words, gate=change.reason, until=change.until)
        yield {**found, "message": change.id, "template": change.template, "channel": change.channel, "step": change.step}
    for end in decision.ends:
        yield _entry(now, end.campaign, "ended", REASONS.get(end.reason, end.reason))


def _entry(
    at: int | None,
    campaign: str,
    outcome: str,
    reason: str,
    *,
    gate: str | None = None,
    until: int | None = None,
    rule: dict[str, Any] | None = None,
    cause: str | None = None,
) -> dict[str, Any]:
    return {
        "at": None if at is None else iso(at),
        "campaign": campaign,
        "outcome": outcome,
        "reason": reason,
        "gate": gate,
        "next_allowed": None if until is None else iso(until),
        "rule": rule,
        "cause": cause,
    }


def _never(program: Program, told: Told) -> Iterator[dict[str, Any]]:
    """Campaigns that this customer never met, and what was missing."""
    met = {entry["campaign"] for entry in told.entries}
    names = {event.name for event in told.events}
    for campaign in program.campaigns.values():
        if campaign.name not in met:
            yield _entry(None, campaign.name, "never_triggered", _missing(campaign, names))


def _missing(campaign: Campaign, names: set[str]) -> str:
    return "; ".join(_wanted(pattern, names) for pattern in campaign.on)


def _wanted(pattern: Pattern, names: set[str]) -> str:
    if pattern.event is not None:
        if pattern.event not in names:
            return f"no {pattern.event} was seen"
        key = f" with a {pattern.key}" if pattern.key else ""
        return f"{pattern.event} was seen, but none{key} that met the pattern"
    if pattern.stages:
        return f"never entered {' or '.join(pattern.stages)}"
    return f"never was so long without {pattern.without}"
