"""What happened in a scenario, a line each, with the reasons: all of it, or what concerns some campaigns."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from orchestrator.domain.calendar import iso
from orchestrator.domain.decide import cause_of
from orchestrator.domain.decision import MessageChange
from orchestrator.domain.input import Announcement, Event, Outcome
from orchestrator.insight.reasons import REASONS, told_call, told_task
from orchestrator.insight.scenarios.trial import Trial
from orchestrator.partition.partition import Decided


class Happening(NamedTuple):
    """`campaign` is empty for events and stages, which concern every campaign."""

    at: int
    campaign: str
    words: str
    template: str = ""


def timeline(trial: Trial) -> list[str]:
    """Everything that happened until the clock stopped."""
    return [*(_line(one) for one in happenings(trial)), f"{iso(trial.end)}  the clock stops"]


def timeline_of(trial: Trial, campaigns: set[str] | frozenset[str]) -> list[str]:
    """What happened with these campaigns; of the others it says that there were some."""
    told = list(happenings(trial))
    lines = [_line(one) for one in told if not one.campaign or one.campaign in campaigns]
    lines.append(f"{iso(trial.end)}  the clock stops")
    others = [one.campaign for one in told if one.campaign and one.campaign not in campaigns]
    if others:
        lines.append(f"({len(others)} more of {', '.join(sorted(set(others)))}: --format json tells them)")
    return lines


def _line(one: Happening) -> str:
    return f"{iso(one.at)}  {one.words}"


def happenings(trial: Trial) -> Iterator[Happening]:
    """In order of time."""
    away = deque(sorted(trial.away))
    for one in trial.decided:
        yield from _away(away, one.now - 1)
        if isinstance(one.given, Announcement) and one.given.event is None:
            yield Happening(one.now, "", "the schedule's time has come")
        elif isinstance(one.given, Event | Announcement):
            yield Happening(one.now, "", cause_of(one.given))
        yield from _told(one, trial)
    yield from _away(away, trial.end)


def _away(away: deque[tuple[int, str, str]], until: int) -> Iterator[Happening]:
    """Triggers that met no campaign's conditions by then."""
    while away and away[0][0] <= until:
        now, campaign, reason = away.popleft()
        yield Happening(now, campaign, f"{campaign} not entered: {REASONS.get(reason, reason)}")


def _told(one: Decided, trial: Trial) -> Iterator[Happening]:
    decision, now = one.decision, one.now
    for step in decision.transitions:
        yield Happening(now, "", f"stage {step.source} → {step.target} ({step.cause})")
    for entry in decision.entries:
        reason = f": {REASONS.get(entry.reason, entry.reason)}" if entry.reason else ""
        yield Happening(now, entry.campaign, f"{entry.campaign} {entry.outcome.replace('_', ' ')}{reason}")
    for change in decision.messages:
        if change.state not in ("planned", "attempting") or change.reason:
            yield Happening(now, change.campaign, _message(change, trial), change.template)
    yield from (Happening(now, task.campaign, told_task(task)) for task in decision.tasks)
    told = [call for call in decision.calls if call.reason or call.state not in ("planned", "attempting")]
    answer = one.given.answer if isinstance(one.given, Outcome) else None
    for call in told:
        yield Happening(now, call.campaign, told_call(call, answer, stands_in=call.id in trial.stand_ins))
    for goal in decision.goals:
        yield Happening(now, goal.campaign, f"{goal.campaign} goal reached{' by a held-out run' if goal.held else ''}")
    for end in decision.ends:
        if end.reason != "done":
            yield Happening(now, end.campaign, f"{end.campaign} ended: {REASONS.get(end.reason, end.reason)}")


def _message(change: MessageChange, trial: Trial) -> str:
    state = "waits" if change.state == "planned" else change.state
    reason = f": {REASONS.get(change.reason, change.reason)}" if change.reason else ""
    until = f", next allowed {iso(change.until)}" if change.until is not None else ""
    live = ", and live refused at rendering" if change.id in trial.rehearsal.unrendered else ""
    return f"{change.campaign} {change.template} by {change.channel} {state}{reason}{until}{live}"
