"""Whether a pattern holds for an input, for a run, or for an event kept for looking back."""

from __future__ import annotations

from typing import Any

from orchestrator.domain.campaign import Pattern
from orchestrator.domain.keys import elements_of
from orchestrator.domain.moment import Moment
from orchestrator.domain.profile import Recent, Run

Trigger = tuple[list[str], Any]
"""Key values and item of one entry; a pattern with `each` gives several."""


def triggers_of(moment: Moment, pattern: Pattern, subject: str) -> list[Trigger]:
    """The entries that this input asks for by this pattern of `on`; empty where it does not hold."""
    if pattern.brings is not None:
        return _event_triggers(moment, pattern, subject)
    if pattern.stages:
        met = moment.entered in pattern.stages
    elif pattern.watches is not None:
        met = crosses(moment, pattern) and _is_live(moment, pattern)
    elif pattern.schedule is not None:
        met = pattern.id in moment.called
    else:
        met = pattern.id in moment.crossed or pattern.id in moment.dated
    return [([], None)] if met and moment.holds(pattern.condition, subject) else []


def crosses(moment: Moment, pattern: Pattern) -> bool:
    """Whether this input has brought the profile across the edge that the pattern waits at: of a segment, of a date."""
    if pattern.date is not None:
        return pattern.date.name in moment.dated
    return pattern.segment in moment.joined or pattern.left in moment.left


def _is_live(moment: Moment, pattern: Pattern) -> bool:
    """Whether the pattern is live by this definition of its segment: another partition's clock may be ahead of this one's."""
    watch = moment.program.index.watch
    if watch is None or not moment.program.live_since:
        return True
    return moment.now >= moment.program.live_since.get(watch.live_as(pattern), -1)


def _event_triggers(moment: Moment, pattern: Pattern, subject: str) -> list[Trigger]:
    event = moment.event
    if event is None or not _brought(moment, pattern):
        return []
    found: list[Trigger] = [([], None)]
    if pattern.each is not None:
        kind = moment.program.events.get(event.name)
        path = kind.keys.get(pattern.each) if kind is not None else None
        found = [([text], item) for text, item in elements_of(event, path)] if path is not None else []
    elif pattern.key is not None:
        values = moment.keys().get(pattern.key, [])
        found = [(values, None)] if values else []
    if pattern.condition is None:
        return found
    return [one for one in found if moment.holds(pattern.condition, subject, moment.readable_event, one[1])]


def _brought(moment: Moment, pattern: Pattern) -> bool:
    """Whether this input brings the event that the pattern names."""
    return moment.heard(pattern.event) if pattern.event is not None else _is_called(moment, pattern)


def _is_called(moment: Moment, pattern: Pattern) -> bool:
    return bool(moment.called) and moment.program.index.called_as(pattern) in moment.called


def holds_for_run(moment: Moment, pattern: Pattern, run: Run, subject: str) -> bool:
    """Whether this input meets the pattern for a live or measured run (exit, goal, answer of a wait)."""
    if pattern.brings is not None:
        return _event_meets(moment, pattern, run, subject)
    if pattern.schedule is not None:
        return _is_after(moment, pattern, run) and moment.holds(pattern.condition, subject, run.event, run.item, run)
    if pattern.stages:
        return moment.entered in pattern.stages and moment.holds(pattern.condition, subject, run.event, run.item, run)
    if pattern.watches is not None or pattern.date is not None:
        return crosses(moment, pattern) and moment.holds(pattern.condition, subject, run.event, run.item, run)
    return _elapsed(moment, pattern, run) and moment.holds(pattern.condition, subject, run.event, run.item, run)


def _elapsed(moment: Moment, pattern: Pattern, run: Run) -> bool:
    """A `without` inside a run is met by the timer at its deadline, if that lies after the run's entry."""
    deadline = deadline_in_run(moment, pattern)
    return deadline is not None and run.entered_at < deadline <= moment.now


def _is_after(moment: Moment, pattern: Pattern, run: Run) -> bool:
    """The time of a schedule that began the run, or came before, is not met again."""
    given = moment.announced
    if given is None or not _is_called(moment, pattern):
        return False
    return given.at >= run.trigger_at and given.broadcast != run.trigger_id


def deadline_in_run(moment: Moment, pattern: Pattern) -> int | None:
    """When a `without` pattern is met if nothing more happens."""
    if pattern.without is None:
        return None
    return moment.profile.last.get(pattern.without, moment.profile.born) + pattern.duration


def _event_meets(moment: Moment, pattern: Pattern, run: Run, subject: str) -> bool:
    event = moment.event
    if event is None or not _brought(moment, pattern) or event.occurred_at < run.trigger_at:
        return False
    if event.message_id == run.trigger_id or event.message_id in run.answered:
        return False
    if not _answers_message(pattern, run, event.properties):
        return False
    if pattern.key is not None and not _share(run.keys.get(pattern.key), moment.keys().get(pattern.key)):
        return False
    return moment.holds(pattern.condition, subject, moment.readable_event, run.item, run)


def _share(one: list[str] | None, other: list[str] | None) -> bool:
    return bool(one and other) and any(value in other for value in one or () if other)


def _answers_message(pattern: Pattern, run: Run, properties: dict[str, Any]) -> bool:
    return pattern.of is None or (pattern.of in run.sent and properties.get("message_id") == run.sent[pattern.of])


def looked_back(moment: Moment, patterns: tuple[Pattern, ...], run: Run, subject: str) -> tuple[Pattern, Recent] | None:
    """The earliest kept event that already meets one of the patterns for this run.

    Of events processed before the trigger those that occurred strictly later count, of those after it those at or after.
    """
    if not patterns or not moment.profile.recent:
        return None
    names = {pattern.event for pattern in patterns}
    kept = [recent for recent in moment.profile.recent if recent.name in names and _counts(recent, run)]
    for recent in sorted(kept, key=lambda recent: (recent.at, recent.seq)):
        for pattern in patterns:
            if pattern.event == recent.name and _recent_meets(moment, pattern, run, recent, subject):
                return pattern, recent
    return None


def _counts(recent: Recent, run: Run) -> bool:
    if recent.id == run.trigger_id or recent.id in run.answered:
        return False
    return recent.at > run.trigger_at if recent.seq < run.trigger_seq else recent.at >= run.trigger_at


def _recent_meets(moment: Moment, pattern: Pattern, run: Run, recent: Recent, subject: str) -> bool:
    if not _answers_message(pattern, run, recent.event.get("properties", {})):
        return False
    if pattern.key is not None and not _share(run.keys.get(pattern.key), recent.keys.get(pattern.key)):
        return False
    return moment.holds(pattern.condition, subject, recent.event, run.item, run)
