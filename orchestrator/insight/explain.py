"""Why, and why not: one customer's history decided again, with every condition watched.

The production `decide` runs over the profile's own journal; cost follows that history, not the size of the store.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import msgspec

from orchestrator.domain.calendar import iso, zone_of
from orchestrator.domain.campaign import Pattern
from orchestrator.domain.decide import cause_of, decide, newcomer
from orchestrator.domain.decision import Decision, Joining, MessageChange, TaskChange
from orchestrator.domain.identity import raw_id
from orchestrator.domain.input import Broadcast, Event, ProfileInput
from orchestrator.domain.joining import WINDOW
from orchestrator.domain.moment import Controls
from orchestrator.domain.outgoing import describe
from orchestrator.domain.profile import Profile, unseal
from orchestrator.domain.program import Program
from orchestrator.insight.accepted import given_of, given_of_partition
from orchestrator.insight.crossed import crossing, never, never_came, standing, trigger_of
from orchestrator.insight.reading.tongue import ENGLISH, Tongue
from orchestrator.insight.reasons import REASONS, STOPPED, reason_of
from orchestrator.insight.rehearsal import Rehearsal, Render
from orchestrator.insight.surroundings import Compile, SurroundingsThen
from orchestrator.insight.under_way import UnderWay, under_way
from orchestrator.insight.unheard import lost_consents, unknown_events
from orchestrator.insight.watcher import Judged, Watcher
from orchestrator.partition.ports import JournalRow, Stored


class Journal(Protocol):
    def key_of(self, raw: str) -> int | None: ...

    def history(self, key: int) -> list[JournalRow]: ...

    def controls(self) -> Controls: ...

    def partition_rows(self) -> list[JournalRow]: ...

    def read(self, key: int) -> Stored | None: ...


_decision = msgspec.msgpack.Decoder(Decision).decode


@dataclass(slots=True)
class Told:
    """One customer's history: what happened to them, in order."""

    profile: str
    entries: list[dict[str, Any]] = field(default_factory=list)
    stages: list[tuple[int, str, str, str]] = field(default_factory=list)
    """(at, from, to, cause)"""
    events: list[Event] = field(default_factory=list)
    state: Profile | None = None
    at: int | None = None
    """Until when it is told."""
    zone: str = "UTC"
    """The customer's time zone, else the workspace's."""
    own_zone: bool = False
    under_way: list[UnderWay] = field(default_factory=list)
    unknown: list[dict[str, Any]] = field(default_factory=list)
    consents: list[dict[str, Any]] = field(default_factory=list)
    """Words of consent for a topic or channel that there is not."""
    rejected: list[dict[str, Any]] = field(default_factory=list)
    """Lines of theirs that were no event, where the files are known."""
    edited: bool = False
    """The workspace at hand is not the program that the file ends with."""
    otherwise: int = 0
    """Inputs that would be decided otherwise now: what was decided is told, why it was is not."""

    @property
    def names(self) -> set[str]:
        """Every id of this customer."""
        known = self.state
        own = () if known is None else (*([known.user_id] if known.user_id is not None else []), *known.anonymous_ids)
        return {self.profile, *own}

    def as_json(self) -> dict[str, Any]:
        """The result as `commands.md` names it."""
        story = [{"at": iso(at), "from": source, "to": target, "cause": cause} for at, source, target, cause in self.stages]
        told = {"profile": self.profile, "entries": self.entries, "stages": story, "events": len(self.events)}
        runs = [run.as_json() for run in self.under_way]
        more = {
            "unknown_events": self.unknown,
            "lost_consents": self.consents,
            "rejected": self.rejected,
            "decided_otherwise_now": self.otherwise,
        }
        return {**told, "zone": self.zone, "under_way": runs, **more}


def explain(
    program: Program,
    journal: Journal,
    profile: str,
    *,
    campaign: str | None = None,
    until: int | None = None,
    render: Render | None = None,
    tongue: Tongue = ENGLISH,
    compiled: Compile = lambda _name: None,
) -> Told:
    """Tell from this profile's journal, up to `until`, what each campaign did, and why by deciding it again.

    Each row is decided by the program that was live then, which `compiled` gives by its name; `program` is the one at hand.
    Of a replay, whose file channel accepts everything, it also tells what a live channel would have refused: for want of an
    address and, with `render`, at rendering. `tongue` is the language of the sentence beside a condition that was not true.
    """
    told = Told(profile, at=until)
    raws = [raw for raw in (f"u:{profile}", f"a:{profile}") if journal.key_of(raw) is not None]
    key = journal.key_of(raws[0]) if raws else None
    if key is not None:
        controls = Controls(addresses=journal.controls().addresses)
        then, rehearsal = SurroundingsThen(program, journal.partition_rows(), controls, compiled), Rehearsal(render)
        for row in journal.history(key):
            if until is not None and row.clock > until:
                break
            then.at(row.seq)
            _tell(then.program, then.controls, told, row, _Watch(rehearsal, tongue))
            told.at = row.clock if until is None else until
        stored = journal.read(key) if until is None else None
        told.state = unseal(stored.sealed) if stored is not None else told.state
        then.at(sys.maxsize)
        told.edited = then.program.name != program.name
        _sum_up(then.program, told)
    told.entries += _never(program, told, _rounds(journal, told), tongue)
    if campaign is not None:
        told.entries = [entry for entry in told.entries if entry["campaign"] == campaign]
        told.under_way = [run for run in told.under_way if run.campaign == campaign]
    return told


def _sum_up(program: Program, told: Told) -> None:
    """What the whole history amounts to."""
    told.unknown = unknown_events(program, told.events)
    told.consents = lost_consents(program, told.events)
    own = told.state.traits.get("timezone") if told.state is not None else None
    told.own_zone = isinstance(own, str) and zone_of(own) is not None
    told.zone = str(own) if told.own_zone else program.policies.zone
    if told.state is not None:
        told.under_way = list(under_way(program, told.state))


class _Watch(NamedTuple):
    rehearsal: Rehearsal
    tongue: Tongue


def _tell(program: Program, controls: Controls, told: Told, row: JournalRow, watch: _Watch) -> None:
    given: ProfileInput = given_of(row.given)
    if told.state is None:
        told.state = newcomer(program, row.clock, raw_id(given) if isinstance(given, Event) else "")
    if isinstance(given, Event):
        told.events.append(given)
    watcher, rehearsal = Watcher(program.tables, watch.tongue), watch.rehearsal
    if not row.decision:
        told.entries.append(_entry(row.clock, "", "dead_letter", "this input could not be decided and waits for a redrive"))
        return
    decision = _decided(program, controls, told, row, watcher)
    if not controls.addresses:
        _rehearse(program, told.state, decision, row, rehearsal)
    told.stages += [(step.at, step.source, step.target, step.cause) for step in decision.transitions]
    told.entries += _entries(program, decision, watcher, row.clock, given, rehearsal)


def _decided(program: Program, controls: Controls, told: Told, row: JournalRow, watcher: Watcher) -> Decision:
    """What the journal says was decided. Deciding it again shows why, unless that comes out otherwise now."""
    assert told.state is not None  # noqa: S101 - its only caller has made it
    try:
        again = decide(program, controls, told.state, given_of(row.given), row.clock, watcher).encoded
    except Exception:  # noqa: BLE001 - another version of the engine had no trouble with it
        again = b""
    if again != row.decision:
        told.otherwise += 1
        watcher.forget()
    return _decision(row.decision)


def _rehearse(program: Program, state: Profile, decision: Decision, row: JournalRow, rehearsal: Rehearsal) -> None:
    """Look at what is handed over now as a live channel would."""
    for attempt in decision.attempts:
        message = state.message(attempt.message_id)
        if message is not None:
            rehearsal.look(describe(program, state, message, attempt.not_after, row.clock, row.key))


def _entries(
    program: Program, decision: Decision, watcher: Watcher, now: int, given: ProfileInput, rehearsal: Rehearsal
) -> Iterator[dict[str, Any]]:
    cause = cause_of(given)
    for one in decision.crossings:
        words = f"{crossing(one.segment, inside=one.inside)}, by {cause}"
        yield _entry(now, "", "segment", words, cause=cause, judged=watcher.last(f"segment {one.segment}"))
    entries = [(entry, watcher.take(f"{entry.campaign} if")) for entry in decision.entries]
    for entry, judged in (*entries, *watcher.away):
        begun = trigger_of(program.campaigns.get(entry.campaign), decision, given, cause)
        words = REASONS.get(entry.reason, "") if entry.reason else f"triggered by {begun}"
        yield _entry(now, entry.campaign, entry.outcome, words, cause=cause, judged=judged)
    for step in decision.steps:
        if step.way not in ("", "then", "waits"):
            yield _entry(
                now, step.campaign, "step", f"{step.step}: {step.way}", judged=watcher.take(f"{step.campaign} {step.step} 1")
            )
    yield from (_task(task, now) for task in decision.tasks)
    for goal in decision.goals:
        yield _entry(now, goal.campaign, "goal", f"goal reached{'' if goal.value is None else f', worth {goal.value:g}'}")
    opened = {change.id for change in decision.messages if change.reason == WINDOW}
    for part in decision.joinings:
        if part.reason or part.message_id not in opened:
            yield _joined(part, now)
    for change in decision.messages:
        campaign = program.campaigns.get(change.campaign)
        yield _message(change, now, given, rehearsal, None if campaign is None else campaign.topic)
    for end in decision.ends:
        yield _entry(now, end.campaign, "ended", REASONS.get(end.reason, end.reason))


def _joined(part: Joining, now: int) -> dict[str, Any]:
    """A run's part of a message that joins several."""
    words = f"the message waits no longer for this run: {REASONS.get(part.reason, part.reason)}"
    outcome = "left" if part.reason else "joined"
    found = _entry(now, part.campaign, outcome, words if part.reason else "it goes out with a message that waits already")
    return {**found, "message": part.message_id}


def _task(task: TaskChange, now: int) -> dict[str, Any]:
    words = f"{task.queue}: {task.title}"
    if task.state == "open":
        words += f", due {iso(task.due)}"
    elif task.reason is not None:
        words += f" ({REASONS.get(task.reason, task.reason)})"
    return {**_entry(now, task.campaign, f"task_{task.state}", words), "task": task.id, "step": task.step}


def _message(change: MessageChange, now: int, given: ProfileInput, rehearsal: Rehearsal, topic: str | None) -> dict[str, Any]:
    outcome = "waiting" if change.state == "planned" and change.reason else change.state
    reason = reason_of(change, given)
    if change.reason == "consent":
        reason = f"there is no consent for {topic or 'this topic'} by {change.channel}"
    found = _entry(now, change.campaign, outcome, reason, gate=change.reason, until=change.until)
    live = rehearsal.words(change.id) if change.state == "accepted" else None
    of_message = {
        "message": change.id,
        "template": change.template,
        "channel": change.channel,
        "step": change.step,
        "topic": topic,
    }
    return {**found, **of_message, "live": live}


def _entry(
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
    return {
        "at": None if at is None else iso(at),
        "campaign": campaign,
        "outcome": outcome,
        "reason": reason,
        "gate": gate,
        "next_allowed": None if until is None else iso(until),
        "rule": judged.rule,
        "why": judged.why,
        "cause": cause,
    }


def _rounds(journal: Journal, told: Told) -> list[Broadcast]:
    """The rounds that began while the customer was known."""
    if told.state is None:
        return []
    rows = [row for row in journal.partition_rows() if told.at is None or row.clock <= told.at]
    givens = (given_of_partition(row.given) for row in rows if row.clock >= told.state.born)
    return [given for given in givens if isinstance(given, Broadcast)]


def _never(program: Program, told: Told, rounds: list[Broadcast], tongue: Tongue) -> Iterator[dict[str, Any]]:
    """Campaigns that this customer never met, and what was missing."""
    met = {entry["campaign"] for entry in told.entries}
    names = {event.name for event in told.events}
    for campaign in program.campaigns.values():
        if campaign.name not in met:
            watched = [pattern.watches for pattern in campaign.on if pattern.watches is not None]
            stands = {name: standing(program, told.state, name, told.at or 0, tongue) for name in watched}
            missing = "; ".join(
                _unreached(pattern, rounds) if pattern.called else _wanted(pattern, names, stands, told.state)
                for pattern in campaign.on
            )
            why = next((judged for judged in stands.values() if judged is not None and judged.why), Judged())
            yield _entry(None, campaign.name, "never_triggered", missing, judged=why)


def _wanted(pattern: Pattern, names: set[str], stands: dict[str, Judged | None], state: Profile | None) -> str:
    if pattern.event is not None:
        if pattern.event not in names:
            return f"no {pattern.event} was seen"
        key = f" with a {pattern.key}" if pattern.key else ""
        return f"{pattern.event} was seen, but none{key} that met the pattern"
    if pattern.stages:
        return f"never entered {' or '.join(pattern.stages)}"
    if pattern.watches is not None:
        return never(pattern, stands.get(pattern.watches))
    if pattern.date is not None:
        return never_came(pattern.date, state)
    return f"never was so long without {pattern.without}"


def _unreached(pattern: Pattern, rounds: list[Broadcast]) -> str:
    """What became of the rounds by this pattern: none reached this customer."""
    rounds = [one for one in rounds if pattern.id in one.patterns]
    what = pattern.broadcast or "the schedule"
    if not rounds:
        return f"{what} has not come"
    came = [one for one in rounds if not one.stopped]
    if not came:
        return f"{what} came, and went to nobody: {STOPPED[rounds[-1].stopped]}"
    often = "" if len(came) == 1 else f" {len(came)} times, last"
    return f"{what} came{often} at {iso(came[-1].at)}; not in the segment {pattern.to} then"
