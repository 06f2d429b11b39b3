"""The CX wheel: where the profile stands, and what moves it on."""

from __future__ import annotations

from orchestrator.domain import decision as record
from orchestrator.domain.limits import STAGES_KEPT
from orchestrator.domain.moment import Moment
from orchestrator.domain.patterns import crosses
from orchestrator.domain.program import Transition


def turn_wheel(moment: Moment) -> None:
    """Take the first transition that holds, if any: at most one an input."""
    for transition in moment.program.index.wheel_by_source.get(moment.profile.stage, ()):
        if _holds(moment, transition):
            enter_stage(moment, transition.target, _cause(moment, transition), turn=transition.turn)
            return


def _holds(moment: Moment, transition: Transition) -> bool:
    pattern = transition.pattern
    subject = f"wheel {moment.profile.stage}→{transition.target}"
    if pattern.event is not None:
        if not moment.heard(pattern.event):
            return False
    elif pattern.without is not None:
        if deadline(moment, transition) > moment.now:
            return False
    elif not (pattern.id in moment.called or crosses(moment, pattern)):
        return False
    readable = moment.readable_event
    return moment.holds(pattern.condition, subject, readable) and moment.holds(transition.condition, subject, readable)


def _cause(moment: Moment, transition: Transition) -> str:
    if transition.pattern.without is not None:
        return f"without {transition.pattern.without}"
    if transition.pattern.date is not None:
        return f"date {'.'.join(transition.pattern.date.path[1:])}"
    if transition.pattern.watches is not None:
        return f"{'entered' if transition.pattern.segment is not None else 'left'} segment {transition.pattern.watches}"
    return moment.cause


def deadline(moment: Moment, transition: Transition) -> int:
    """When a `without` transition holds: from the later of entering the stage and the last such event."""
    profile, pattern = moment.profile, transition.pattern
    assert pattern.without is not None  # noqa: S101 - callers test it
    return max(profile.since, profile.last.get(pattern.without, 0)) + pattern.duration


def next_deadline(moment: Moment) -> int | None:
    """The next instant at which time alone may move the profile."""
    found = [
        at
        for transition in moment.program.index.wheel_by_source.get(moment.profile.stage, ())
        if transition.pattern.without is not None and (at := deadline(moment, transition)) > moment.now
    ]
    return min(found, default=None)


def enter_stage(moment: Moment, target: str, cause: str, *, turn: bool = False) -> None:
    """Put the profile into a stage now, from `a` to `a` too, and note it."""
    profile = moment.profile
    moment.decision.transitions.append(record.Transition(moment.now, profile.stage, target, cause))
    profile.previous, profile.stage, profile.since = profile.stage, target, moment.now
    profile.turns += turn
    profile.stages.append((target, moment.now))
    del profile.stages[:-STAGES_KEPT]
    moment.entered = target
    moment.moved()
