"""Segments and dates in a customer's story: what was entered and left, what that started, and what never came."""

from __future__ import annotations

from orchestrator.domain.campaign import Campaign, Dated, Pattern
from orchestrator.domain.decision import Decision, Transition
from orchestrator.domain.input import Event, ProfileInput
from orchestrator.domain.moment import Controls, Moment
from orchestrator.domain.profile import Profile
from orchestrator.domain.program import Program
from orchestrator.insight.reading.tongue import Tongue
from orchestrator.insight.watcher import Judged, Watcher


def crossing(segment: str, tongue: Tongue, *, inside: bool) -> str:
    """`entered segment regulars`."""
    return tongue.say("crossed_in" if inside else "crossed_out", segment)


def trigger_of(campaign: Campaign | None, decision: Decision, given: ProfileInput, cause: str, tongue: Tongue) -> str:
    """What started a run, or tried to: the event, or what the input crossed."""
    crossed = {(one.segment, one.inside) for one in decision.crossings}
    for pattern in campaign.on if campaign is not None else ():
        if isinstance(given, Event) and pattern.event == given.name:
            return cause
        if (pattern.watches, pattern.segment is not None) in crossed:
            return tongue.say("by_entering" if pattern.segment is not None else "by_leaving", pattern.watches or "")
        if pattern.date is not None and pattern.id in decision.dates:
            return tongue.say("by_date", pattern.date.path[-1])
        if pattern.stages and any(_into(one, pattern) for one in decision.transitions):
            return cause
    return cause


def _into(transition: Transition, pattern: Pattern) -> bool:
    return transition.target in pattern.stages


def never(pattern: Pattern, inside: Judged | None, tongue: Tongue) -> str:
    """What was missing of a crossing; `inside`: how the segment's condition stands in the end, None where nothing is known."""
    name = pattern.watches or ""
    here = inside is not None and inside.why is None
    if pattern.segment is not None:
        return tongue.say("always_inside" if here else "never_crossed_in", name)
    return tongue.say("never_crossed_out_inside" if here else "never_crossed_out", name)


def never_came(dated: Dated, profile: Profile | None, tongue: Tongue) -> str:
    """What was missing of a date."""
    value: object = {} if profile is None else profile.traits
    for member in dated.path[1:]:
        value = value.get(member) if isinstance(value, dict) else None
    if dated.path[0] == "traits" and value is None:
        return tongue.say("never_date_unknown", dated.path[-1])
    known = dated.path[0] == "traits"
    return tongue.say("never_date_value", dated.path[-1], str(value)) if known else tongue.say("never_date", dated.path[-1])


def standing(program: Program, profile: Profile | None, name: str, now: int, tongue: Tongue) -> Judged | None:
    """How the segment's condition stands for the profile now."""
    rule = program.segments.get(name)
    if profile is None or rule is None:
        return None
    watcher = Watcher(program.tables, tongue)
    moment = Moment(program, Controls(), profile, now, "", Decision(), witness=watcher)
    moment.holds(rule, name)
    return watcher.take(name)
