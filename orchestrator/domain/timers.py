"""When a profile must be looked at again if nothing happens: one instant, the earliest of all its timers."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.domain import ledger
from orchestrator.domain.calendar import utc_day
from orchestrator.domain.campaign import Pattern, WaitFor
from orchestrator.domain.features import next_change
from orchestrator.domain.limits import DAY_MS
from orchestrator.domain.moment import Moment
from orchestrator.domain.occasions import next_come
from orchestrator.domain.patterns import deadline_in_run
from orchestrator.domain.profile import Run
from orchestrator.domain.program import Feature
from orchestrator.domain.segments import Watch
from orchestrator.domain.wheel import deadline, next_deadline


def next_due(moment: Moment) -> int | None:
    """The earliest instant after now at which time alone may change something."""
    profile, index = moment.profile, moment.program.index
    found = [run.due for run in profile.runs if run.due is not None and not run.ended]
    found += [message.due for message in profile.messages if message.due is not None]
    if profile.calls:
        found += [call.due for call in profile.calls if call.due is not None]
    if profile.tasks:
        found += [task.due for task in profile.tasks if not task.overdue]
    if index.inner_withouts:
        found += [at for run in profile.runs if not run.ended for at in _elapsing(moment, run)]
    wheel = next_deadline(moment)
    if wheel is not None:
        found.append(wheel)
    if index.by_without:
        found += [at for _, _, at in _armed(moment)]
    if index.hold_edges or profile.stage in index.wheel_edges:
        found += [at for one in _waited_for(moment) if (at := next_change(profile.folds, one, moment.now)) is not None]
    if index.edges:
        found += _edges(moment, index.watch)
        found += next_come(moment)
    return min(found) if found else None


def _edges(moment: Moment, watch: Watch | None) -> Iterator[int]:
    """When time alone may next turn a watched segment: the clock itself is looked at when a UTC day begins."""
    if watch is None:
        return
    if watch.daily:
        yield (utc_day(moment.now) + 1) * DAY_MS
    for feature in watch.timed:
        at = next_change(moment.profile.folds, feature, moment.now)
        if at is not None:
            yield at


def _waited_for(moment: Moment) -> list[Feature]:
    """Features that time changes and that a timed hold or a transition past its deadline reads."""
    index = moment.program.index
    found = list(index.hold_edges)
    for transition, features in index.wheel_edges.get(moment.profile.stage, ()):
        if deadline(moment, transition) <= moment.now:
            found += features
    return found


def _armed(moment: Moment) -> Iterator[tuple[str, int, int]]:
    """(id, anchor, deadline) of the `without` patterns that have not fired for their anchor and were live at their deadline."""
    profile, program = moment.profile, moment.program
    for ident, pattern in program.index.by_without.items():
        anchor = profile.last.get(pattern.without or "", profile.born)
        at = anchor + pattern.duration
        if profile.fired.get(ident, -1) < anchor and at > program.live_since.get(ident, -1):
            yield ident, anchor, at


def _elapsing(moment: Moment, run: Run) -> list[int]:
    """Deadlines of `without` patterns among a run's exits, goal and current wait."""
    campaign = moment.campaign_of(run)
    steps = moment.program.steps_of(run.version)
    patterns: list[Pattern] = [] if campaign is None else list(campaign.exits)
    if campaign is not None and campaign.goal is not None:
        patterns.append(campaign.goal.pattern)
    if steps is not None and run.state == "wait_for":
        verb = steps.nodes[run.node].verb
        patterns += verb.patterns if isinstance(verb, WaitFor) else ()
    deadlines = (deadline_in_run(moment, pattern) for pattern in patterns if pattern.without is not None)
    return [at for at in deadlines if at is not None and at > moment.now]


def cross(moment: Moment) -> None:
    """Fire the `without` patterns whose deadline this timer is; each fires once for its anchor."""
    met = [(ident, anchor) for ident, anchor, at in _armed(moment) if at <= moment.now]
    moment.profile.fired.update(met)
    moment.crossed = tuple(ident for ident, _ in met)


def lapse(moment: Moment) -> None:
    """A crossing already past when it becomes known is recorded and fires nothing."""
    moment.profile.fired.update((ident, anchor) for ident, anchor, at in _armed(moment) if at <= moment.now)


def free_messages(moment: Moment) -> None:
    """Messages whose time has come are judged in this input's first round; lost answers become doubts, and doubts end."""
    for message in list(moment.profile.messages):
        if message.due is None or message.due > moment.now:
            continue
        if message.state in (ledger.WAITS, ledger.CLEARED):
            moment.round.append(message)
        elif message.state == ledger.ATTEMPTING:
            ledger.doubt(moment, message)
        elif message.state == ledger.IN_DOUBT:
            ledger.give_up(moment, message)
