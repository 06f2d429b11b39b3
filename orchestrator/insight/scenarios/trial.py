"""One scenario through the production engine, in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from orchestrator.delivery.governor import OpenGovernor
from orchestrator.delivery.virtual import Answers, VirtualWire, sampled
from orchestrator.domain.campaign import Campaign
from orchestrator.domain.input import Event, Outcome
from orchestrator.domain.limits import DAY_MS
from orchestrator.domain.moment import Moment
from orchestrator.domain.profile import Call, Message, seal, unseal
from orchestrator.domain.program import Program
from orchestrator.errors import RejectedEvent
from orchestrator.insight.rehearsal import Rehearsal, Render
from orchestrator.insight.scenarios.customer import newcomer_of
from orchestrator.insight.scenarios.scenario import REFUSED, SILENT, Given, Malformed, Scenario
from orchestrator.intake.catalogue import Catalogue
from orchestrator.partition.engine import Engine
from orchestrator.partition.partition import Decided, Surroundings
from orchestrator.partition.ports import Changes, Record
from orchestrator.stores.memory import MemoryFile
from rules import Condition

PATIENCE_MS = 400 * DAY_MS
"""How long after the last event the clock may run on."""
_SENT = "accepted"
_STOPPED = ("suppressed", "expired")
HELD_OUT = "holdout"
"""The reason under which a run that was held out is found among the suppressed."""


@dataclass(slots=True)
class Trial:
    """What came of a scenario."""

    rehearsal: Rehearsal
    decided: list[Decided] = field(default_factory=list)
    sends: list[dict[str, Any]] = field(default_factory=list)
    suppressed: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    stage: str = ""
    end: int = 0
    """Where the clock stopped."""
    away: list[tuple[int, str, str]] = field(default_factory=list)
    """(at, campaign, reason) of triggers that did not meet a campaign's conditions."""
    stand_ins: dict[str, str] = field(default_factory=dict)
    """Calls that nothing but an empty object answered, by id: to whom."""
    dead: list[str] = field(default_factory=list)
    """Why inputs could not be decided."""

    def saw(self, subject: str, condition: Condition, readable: dict[str, Any], result: object) -> None:
        """What the conditions read is not told here."""

    def turned_away(self, moment: Moment, campaign: Campaign, _key: list[str], reason: str) -> None:
        if reason in ("if", "while", "segment"):
            self.away.append((moment.now, campaign.name, reason))

    def judged(self, moment: Moment, message: Message, channel: str, gate: str | None) -> None:
        """What each gate said is not told here."""

    def watch(self, decided: Sequence[Decided]) -> None:
        for one in decided:
            self.decided.append(one)
            for change in one.decision.messages:
                if change.state == _SENT:
                    sent = {"campaign": change.campaign, "template": change.template, "channel": change.channel}
                    self.sends.append({**sent, "at": one.now})
                elif change.state in _STOPPED:
                    self.suppressed.append({"campaign": change.campaign, "reason": change.reason})
            for task in one.decision.tasks:
                if task.state == "open":
                    what = {"queue": task.queue, "title": task.title, "campaign": task.campaign, "step": task.step}
                    self.tasks.append({**what, "at": one.now})
            held = [entry.campaign for entry in one.decision.entries if entry.outcome == "held_out"]
            self.suppressed += [{"campaign": name, "reason": HELD_OUT} for name in held]


def run(
    scenario: Scenario,
    program: Program,
    catalogue: Catalogue,
    satisfied: Callable[[Trial], bool],
    render: Render,
    samples: Mapping[str, dict[str, Any]],
) -> Trial:
    """Feed the scenario's events, let the clock run on where it must, and say what came of it. Raises Malformed.

    Channels need addresses here as they do live; every message that is handed over is rendered. `samples` are what webhooks
    answer where the scenario says nothing.

    The clock stops at `until` where the scenario has one; after 400 days where nothing may be sent; otherwise at the last
    event, or as soon after it as `satisfied` says, 400 days at the most.
    """
    file, trial = MemoryFile(), Trial(Rehearsal(render))
    _install(file, scenario, program)
    around = Surroundings(
        program, OpenGovernor(), VirtualWire(trial.rehearsal.look, _answers(scenario, samples, trial)), witness=trial
    )
    engine = Engine([file.partition(0)], around, trial.watch)
    arrival = scenario.start
    for number, given in enumerate(scenario.given):
        arrival = max(arrival, given.at)
        if given.of is not None:
            engine.advance(arrival)
            _commit(engine, file, trial)
        engine.feed(_event(scenario, given, number, catalogue, trial), arrival)
    _commit(engine, file, trial)
    trial.end = arrival
    if scenario.until is not None or scenario.expected.nothing:
        trial.end = arrival + PATIENCE_MS if scenario.until is None else max(arrival, scenario.until)
        engine.advance(trial.end)
        _commit(engine, file, trial)
    else:
        _wait_for(satisfied, engine, file, trial)
    return trial


def _answers(scenario: Scenario, samples: Mapping[str, dict[str, Any]], trial: Trial) -> Answers:
    """What the scenario says that webhooks answer, else their samples; an empty one is noted."""
    usual = sampled(samples)

    def answer(call: Call) -> Outcome | None:
        named = (name for name in (f"{call.campaign}/{call.step}", call.step) if name in scenario.answers)
        found = scenario.answers.get(next(named, ""))
        if found is None:
            if not samples.get(call.to):
                trial.stand_ins[call.id] = call.to
            return usual(call)
        if found == REFUSED:
            return Outcome(call.id, "refused", kind="reject")
        return None if found == SILENT else Outcome(call.id, "accepted", answer=found)

    return answer


def _wait_for(satisfied: Callable[[Trial], bool], engine: Engine, file: MemoryFile, trial: Trial) -> None:
    """Fire timers, one instant after the other, until what must come has come."""
    latest = trial.end + PATIENCE_MS
    while not satisfied(trial):
        due = engine.next_due()
        if due is None or due > latest:
            trial.end = latest
            return
        trial.end = due
        engine.advance(due)
        _commit(engine, file, trial)


def _install(file: MemoryFile, scenario: Scenario, program: Program) -> None:
    """Put the customer into the store, as if they had been there before."""
    profile = newcomer_of(scenario, program)
    store = file.partition(0)
    raw, key = f"u:{profile.user_id}", store.next_key()
    changes = Changes(0, scenario.start)
    changes.ids[raw] = key
    changes.records[key] = Record(key, raw, profile, seal(profile))
    store.commit([changes])


def _commit(engine: Engine, file: MemoryFile, trial: Trial) -> None:
    engine.commit()
    stored = file.read(1)
    if stored is not None:
        trial.stage = unseal(stored.sealed).stage
    trial.dead = [letter.cause.strip().rpartition("\n")[2] for letter in file.dead]


def _answered(given: Given, trial: Trial) -> dict[str, Any]:
    """The event's properties, with the message that it answers."""
    if given.of is None:
        return given.properties
    changes = [change for one in trial.decided for change in one.decision.messages]
    sent = [change.id for change in changes if change.step == given.of.text and change.state == _SENT]
    if not sent:
        raise Malformed(given.of.place, f"no message of a step `{given.of.text}` had been sent by then")
    return {**given.properties, "message_id": sent[-1]}


def _event(scenario: Scenario, given: Given, number: int, catalogue: Catalogue, trial: Trial) -> Event:
    answering = replace(given, properties=_answered(given, trial))
    person = None if given.event in catalogue.things else str(scenario.profile.get("user_id", "customer"))
    event = event_of(answering, number, person)
    try:
        catalogue.validate(event)
    except RejectedEvent as rejection:
        raise Malformed(given.place, f"{given.event or 'this'} would be rejected: {rejection}") from None
    return event


def event_of(given: Given, number: int, user_id: str | None) -> Event:
    """What happens in a scenario, as it is fed, to nobody where it is about a thing; events are numbered from 0."""
    return Event(
        message_id=f"given-{number + 1}",
        occurred_at=given.at,
        type="track" if given.event else "identify",
        name=given.event,
        user_id=user_id,
        received_at=given.at,
        source="scenario",
        properties=given.properties,
        traits=given.traits,
    )
