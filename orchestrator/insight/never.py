"""Campaigns that a customer never met: of each way to start it whether its trigger was seen, and what was missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from orchestrator.domain.calendar import iso
from orchestrator.domain.campaign import Campaign, Pattern
from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Broadcast, Event
from orchestrator.domain.keys import every_key
from orchestrator.domain.moment import Controls, Moment, event_view
from orchestrator.domain.profile import Profile
from orchestrator.domain.program import Program
from orchestrator.insight.crossed import never, never_came, standing
from orchestrator.insight.reading.patterns import pattern as in_words
from orchestrator.insight.reading.tongue import Tongue
from orchestrator.insight.times import Clock
from orchestrator.insight.watcher import Judged, judge


@dataclass(frozen=True, slots=True)
class Missed:
    """One way to start a campaign, and what this customer lacks for it."""

    pattern: str
    seen: int
    last: int | None
    words: str
    next_allowed: int | None = None
    judged: Judged = field(default_factory=Judged)

    def as_json(self) -> dict[str, Any]:
        last = None if self.last is None else iso(self.last)
        return {"pattern": self.pattern, "seen": self.seen, "last_seen": last, "words": self.words}


@dataclass(slots=True)
class Heard:
    """What was heard of a customer by the moment that is told."""

    state: Profile | None
    at: int | None
    events: dict[str, list[Event]] = field(default_factory=dict)
    """By name, in order of arrival."""
    calls: dict[str, tuple[int, Judged]] = field(default_factory=dict)
    """campaign → the last pattern of `on` whose `if` was not true, and when."""
    rounds: list[Broadcast] = field(default_factory=list)
    """Rounds of schedules and broadcasts that began while they were known."""
    live_since: dict[str, int] = field(default_factory=dict)
    """campaign → since when it is live, where the journal says so."""


def missed(program: Program, campaign: Campaign, heard: Heard, tongue: Tongue, zone: Clock) -> Iterator[Missed]:
    """Every way to start it."""
    for pattern in campaign.on:
        words = in_words(pattern, tongue, starts=True)
        if heard.state is None:
            told = tongue.say("never_event", pattern.event) if pattern.event else tongue.say("never_other", words)
            yield Missed(words, 0, None, told)
        elif pattern.event is not None:
            yield _event(program, campaign, pattern, heard, words, tongue, zone)
        elif pattern.called:
            yield _unreached(pattern, heard, words, tongue, zone)
        elif pattern.stages:
            since = zone.tell(heard.state.since)
            stages = tongue.either(pattern.stages)
            yield Missed(words, 0, None, tongue.say("never_stage", stages, heard.state.stage, since))
        elif pattern.watches is not None:
            stands = standing(program, heard.state, pattern.watches, heard.at or 0, tongue)
            judged = stands if stands is not None and stands.why is not None else Judged()
            yield Missed(words, 0, None, never(pattern, stands, tongue), judged=judged)
        elif pattern.date is not None:
            yield Missed(words, 0, None, never_came(pattern.date, heard.state, tongue))
        elif pattern.without is not None:
            yield _without(campaign, pattern, heard.state, heard, words, tongue, zone)
        else:
            yield Missed(words, 0, None, tongue.say("never_other", words))


def _event(
    program: Program, campaign: Campaign, pattern: Pattern, heard: Heard, words: str, tongue: Tongue, zone: Clock
) -> Missed:
    name = pattern.event or ""
    events = heard.events.get(name, [])
    if not events:
        return Missed(words, 0, None, tongue.say("never_event", name))
    last = events[-1]
    at = zone.tell(last.occurred_at)
    key, call = pattern.each or pattern.key, heard.calls.get(campaign.name)
    judged = Judged()
    if heard.live_since.get(campaign.name, 0) > last.occurred_at:
        told = tongue.say("never_before", name, at)
    elif key is not None and not every_key(program, last).get(key):
        told = tongue.say("never_key", name, at, key)
    elif call is not None and call[1].why is not None and pattern.condition is not None:
        told, judged = tongue.say("never_if", name, at, call[1].why), call[1]
    else:
        told = tongue.say("never_pattern", name, at)
    return Missed(words, len(events), last.occurred_at, told, judged=judged)


def _unreached(pattern: Pattern, heard: Heard, words: str, tongue: Tongue, zone: Clock) -> Missed:
    """What became of the rounds by this pattern: none reached this customer."""
    rounds = [one for one in heard.rounds if pattern.id in one.patterns]
    what, came = pattern.broadcast or tongue.say("the_schedule"), [one for one in rounds if not one.stopped]
    if not rounds:
        return Missed(words, 0, None, tongue.say("never_round", what))
    if not came:
        return Missed(words, 0, None, tongue.say("never_round_stopped", what, tongue.stopped[rounds[-1].stopped]))
    phrase = "never_round_others" if len(came) == 1 else "never_round_others_often"
    at, often = zone.tell(came[-1].at), tongue.number(len(came))
    return Missed(words, len(came), came[-1].at, tongue.say(phrase, what, at, pattern.to or "", often))


def _without(
    campaign: Campaign, pattern: Pattern, state: Profile, heard: Heard, words: str, tongue: Tongue, zone: Clock
) -> Missed:
    counted = state.last.get(pattern.without or "", state.born)
    due = counted + pattern.duration
    span = tongue.span(pattern.duration)
    call = heard.calls.get(campaign.name)
    if call is not None and call[1].why is not None and heard.at is not None and due <= heard.at:
        told = tongue.say("never_without_if", span, pattern.without or "", zone.tell(due), call[1].why)
        return Missed(words, 0, None, told, judged=call[1])
    told = tongue.say("never_without", span, pattern.without or "", zone.tell(counted), zone.tell(due))
    return Missed(words, 0, None, told, due)


def if_now(program: Program, campaign: Campaign, heard: Heard, tongue: Tongue) -> Judged:
    """The campaign's `if`, as it would be judged now by the last event that could start it."""
    if campaign.condition is None or heard.state is None or heard.at is None:
        return Judged()
    moment = Moment(program, Controls(), heard.state, heard.at, "", Decision())
    last = [events[-1] for one in campaign.on if one.event is not None and (events := heard.events.get(one.event))]
    event = event_view(last[-1]) if last else None
    readable = moment.readable(campaign.condition, event)
    return judge(campaign.condition, readable, program.tables, tongue, held=bool(campaign.condition.holds(readable)))
