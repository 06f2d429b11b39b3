"""Runs: who enters a campaign, what ends a run, what a waiting run was waiting for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orchestrator.domain import steps, tasks
from orchestrator.domain.campaign import Campaign, Goal, Pattern, WaitFor
from orchestrator.domain.chance import id_of, share_of
from orchestrator.domain.consent import consented
from orchestrator.domain.decision import End, Entry, GoalReached, StepTaken
from orchestrator.domain.keys import at_path
from orchestrator.domain.limits import KEYS_KEPT, RUNS_KEPT
from orchestrator.domain.moment import Moment
from orchestrator.domain.patterns import Trigger, holds_for_run, looked_back, triggers_of
from orchestrator.domain.profile import Entries, Run

_NO_KEY = ""


def finish_runs(moment: Moment) -> None:
    """Exits, then goals, of every run that this input concerns."""
    for run in list(moment.profile.runs):
        campaign = moment.campaign_of(run)
        if campaign is None:
            continue
        if not run.ended and not run.held and _exits(moment, campaign, run):
            steps.end(moment, run, "exit")
        _judge_goal(moment, campaign, run)


def _exits(moment: Moment, campaign: Campaign, run: Run) -> bool:
    return any(holds_for_run(moment, pattern, run, f"{campaign.name} exit") for pattern in campaign.exits)


def _measured(moment: Moment, run: Run) -> bool:
    """Whether the run's goal still counts: until `within`, and without one as long as the run is live."""
    if run.converted:
        return False
    return not run.ended if run.goal_until is None else moment.now < run.goal_until


def _judge_goal(moment: Moment, campaign: Campaign, run: Run) -> None:
    goal = campaign.goal
    if goal is None or not _measured(moment, run):
        return
    if holds_for_run(moment, goal.pattern, run, f"{campaign.name} goal"):
        value = at_path(moment.event, goal.value) if moment.event is not None and goal.value is not None else None
        _reach(moment, goal, run, value)


def _reach(moment: Moment, goal: Goal, run: Run, value: object) -> None:
    run.converted = True
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    moment.decision.goals.append(GoalReached(run.campaign, run.enrolment, number, run.held))
    if not goal.stay:
        steps.end(moment, run, "goal")


def wake_runs(moment: Moment) -> None:
    """Waits that are over or answered go on, in the order of their entries."""
    for run in list(moment.profile.runs):
        if run.ended:
            continue
        if run.state == "wait_for":
            _answer(moment, run)
        elif run.state == "task" and tasks.is_done(moment, run):
            _go_on(moment, run, "then")
        if run.due is not None and run.due <= moment.now and run.state in ("wait", "wait_for", "task"):
            _time_out(moment, run)
        if run.state == "at":
            steps.advance(moment, run)


def _answer(moment: Moment, run: Run) -> None:
    held = moment.program.steps_of(run.version)
    node = held.nodes[run.node] if held is not None else None
    if node is None or not isinstance(node.verb, WaitFor) or (run.due is not None and run.due <= moment.now):
        return
    for pattern in node.verb.patterns:
        if holds_for_run(moment, pattern, run, f"{run.campaign} {node.id}"):
            ident = moment.event.message_id if moment.event is not None and pattern.brings is not None else ""
            answer = moment.readable_event if pattern.brings is not None else None
            moment.decision.steps.append(StepTaken(run.campaign, run.enrolment, node.id, "then"))
            steps.answer(run, node, run.node, ident, answer)
            return


def _time_out(moment: Moment, run: Run) -> None:
    _go_on(moment, run, "then" if run.state == "wait" else "otherwise")
    run.depth = 0


def _go_on(moment: Moment, run: Run, way: str) -> None:
    """Leave a wait or a task by one of its ways."""
    held = moment.program.steps_of(run.version)
    if held is not None:
        node = held.nodes[run.node]
        moment.decision.steps.append(StepTaken(run.campaign, run.enrolment, node.id, way))
        run.node = node.then if way == "then" else node.otherwise
    run.state, run.due, run.message = "at", None, None


def start_runs(moment: Moment) -> None:
    """New entries: each campaign whose `on` this input meets, in order of name."""
    index = moment.program.index
    names: set[str] = set()
    if moment.event is not None and moment.announced is None:
        names.update(_started_by(moment, moment.event.name))
    if moment.entered is not None:
        names.update(index.by_stage.get(moment.entered, ()))
    if index.edges:
        names.update(name for segment in moment.joined for name in index.by_segment.get(segment, ()))
        names.update(name for segment in moment.left for name in index.by_left.get(segment, ()))
    if moment.crossed or moment.dated or moment.called:
        waiting = (*moment.crossed, *moment.dated, *moment.called)
        names.update(index.campaign_of[one] for one in waiting if one in index.campaign_of)
    for name in sorted(names):
        campaign = moment.program.campaigns[name]
        for pattern in campaign.on:
            triggers = triggers_of(moment, pattern, f"{name} on")
            for trigger in triggers:
                _try(moment, campaign, pattern, trigger)
            if triggers:
                break


def _started_by(moment: Moment, event: str) -> Iterable[str]:
    """Campaigns that the event may start; a witness hears of all that it calls."""
    found = moment.program.index.by_event.get(event)
    if found is None:
        return ()
    if moment.witness is not None:
        return found.every
    return found.among(lambda path: path.value(moment.readable(path, moment.readable_event)))


def _try(moment: Moment, campaign: Campaign, pattern: Pattern, trigger: Trigger) -> None:
    key = trigger[0]
    event = moment.readable_event if pattern.brings is not None else None
    live = _live(moment, campaign, key)
    unmet = _unmet(moment, campaign, event, trigger, live)
    if unmet is not None:
        if moment.witness is not None:
            moment.witness.turned_away(moment, campaign, key, unmet)
        return
    refusal = _refusal(moment, campaign, key, live)
    if refusal is not None:
        if moment.witness is not None:
            moment.witness.turned_away(moment, campaign, key, refusal)
        moment.decision.entries.append(Entry(campaign.name, "not_entered", refusal))
    elif live is not None:
        _restart(moment, campaign, live, pattern, trigger)
    else:
        _enter(moment, campaign, pattern, trigger)


def _unmet(moment: Moment, campaign: Campaign, event: dict[str, Any] | None, trigger: Trigger, live: Run | None) -> str | None:
    """Which of the campaign's own conditions keeps this trigger out. It is no news: only a witness hears of it."""
    key, item = trigger
    for reason, condition in (("if", campaign.condition), ("while", campaign.while_)):
        if condition is None:
            continue
        run = (live or _new(moment, campaign, key)) if moment.program.index.needs_of(condition).run else None
        if not moment.holds(condition, f"{campaign.name} {reason}", event, item, run):
            return reason
    return None


def _new(moment: Moment, campaign: Campaign, key: list[str], enrolment: str = "") -> Run:
    """A run that begins now."""
    return Run(
        campaign=campaign.name,
        version=campaign.steps.version,
        enrolment=enrolment,
        entered_at=moment.now,
        trigger_at=0,
        trigger_id="",
        trigger_seq=0,
        node=0,
        key=key,
    )


def _live(moment: Moment, campaign: Campaign, key: list[str]) -> Run | None:
    """The live run of this campaign and key; keys of several values are the same when they share one."""
    for run in moment.profile.runs:
        if run.campaign == campaign.name and not run.ended and not run.held and (run.key == key or set(run.key) & set(key)):
            return run
    return None


def _refusal(moment: Moment, campaign: Campaign, key: list[str], live: Run | None) -> str | None:
    """Why this trigger, whose conditions hold, may start nothing."""
    backfill = moment.event is not None and moment.event.backfill
    if backfill or moment.now - moment.occurred_at > moment.program.policies.trigger_max_age:
        return "age"
    if live is not None:
        return None if campaign.restart and not live.planned else "live"
    if not _active(campaign, moment.now):
        return "inactive"
    if not reentry_allows(campaign, last_entry(moment.profile.entries.get(campaign.name), campaign, key), moment.now):
        return "reentry"
    if sum(1 for run in moment.profile.runs if not run.ended) >= RUNS_KEPT:
        return "limit"
    return None


def _active(campaign: Campaign, now: int) -> bool:
    begun = campaign.active_from is None or campaign.active_from <= now
    return begun and (campaign.active_until is None or now < campaign.active_until)


def last_entry(entries: Entries | None, campaign: Campaign, key: list[str]) -> int | None:
    """When the entry that the re-entry rule counts from was; None where there was none."""
    if entries is None or campaign.reentry.per_profile:
        return None if entries is None else entries.last
    return max((entries.keys[value] for value in key or [_NO_KEY] if value in entries.keys), default=None)


def reentry_allows(campaign: Campaign, last: int | None, now: int) -> bool:
    """Whether the campaign may be entered again after that last entry."""
    return last is None or (campaign.reentry.after is not None and now >= last + campaign.reentry.after)


def _enter(moment: Moment, campaign: Campaign, pattern: Pattern, trigger: Trigger) -> None:
    profile = moment.profile
    entries = profile.entries.setdefault(campaign.name, Entries())
    entries.count += 1
    entries.last = moment.now
    for value in trigger[0] or [_NO_KEY]:
        entries.keys.pop(value, None)
        entries.keys[value] = moment.now
    while len(entries.keys) > KEYS_KEPT:
        del entries.keys[next(iter(entries.keys))]
    enrolment = id_of(campaign.name, profile.name, "\0".join(trigger[0]), str(entries.count))
    run = _new(moment, campaign, trigger[0], enrolment)
    run.held = _held_out(moment, campaign)
    if campaign.goal is not None and campaign.goal.within is not None:
        run.goal_until = moment.now + campaign.goal.within
    profile.runs.append(run)
    moment.decision.entries.append(Entry(campaign.name, "held_out" if run.held else "entered", "", run.enrolment))
    _begin(moment, campaign, run, pattern, trigger)


def _held_out(moment: Moment, campaign: Campaign) -> bool:
    """Holdout and control group: assigned once one consented channel exists, by hash of campaign and profile."""
    policies, name = moment.program.policies, moment.profile.name
    if campaign.cls == "transactional" or not (campaign.holdout or policies.control_group):
        return False
    if share_of("", "control", name) >= policies.control_group and share_of(campaign.name, "holdout", name) >= campaign.holdout:
        return False
    return any(consented(policies, moment.profile, campaign.topic, channel) for channel in campaign.channels)


def _restart(moment: Moment, campaign: Campaign, run: Run, pattern: Pattern, trigger: Trigger) -> None:
    """Begin again with the new event; nothing but the entry's identity stays."""
    moment.decision.entries.append(Entry(campaign.name, "restarted", "", run.enrolment))
    run.version, run.state, run.due = campaign.steps.version, "at", None
    run.arms, run.answers, run.answered, run.sent, run.saved = {}, {}, [], {}, {}
    _begin(moment, campaign, run, pattern, trigger)


def _begin(moment: Moment, campaign: Campaign, run: Run, pattern: Pattern, trigger: Trigger) -> None:
    run.key, run.item = trigger
    run.keys = dict(moment.keys())
    if pattern.each is not None:
        run.keys[pattern.each] = list(run.key)
    run.event = moment.readable_event if pattern.brings is not None else None
    run.trigger_at = moment.occurred_at
    run.trigger_id = _trigger_id(moment)
    run.trigger_seq = moment.profile.seq
    run.node, run.depth = campaign.steps.first, moment.depth
    _look_back(moment, campaign, run)
    if run.held and not run.ended:
        run.ended = "held_out"
    elif not run.ended:
        steps.advance(moment, run)


def _trigger_id(moment: Moment) -> str:
    if moment.event is not None:
        return moment.event.message_id
    return moment.announced.broadcast if moment.announced is not None else f"timer {moment.now}"


def _look_back(moment: Moment, campaign: Campaign, run: Run) -> None:
    """An exit or goal that was processed before the trigger but occurred after it ends the run before its first step."""
    if not run.held and looked_back(moment, campaign.exits, run, f"{campaign.name} exit") is not None:
        run.ended = "exit"
        moment.decision.ends.append(End(run.campaign, run.enrolment, "exit"))
    goal = campaign.goal
    if goal is None or not _measured(moment, run):
        return
    found = looked_back(moment, (goal.pattern,), run, f"{campaign.name} goal")
    if found is not None:
        _reach(moment, goal, run, _value_in(found[1].event, goal.value))


def _value_in(event: dict[str, object], path: tuple[str, ...] | None) -> object:
    value: object = event
    for member in path or ():
        value = value.get(member) if isinstance(value, dict) else None
    return value if path else None


def forget_runs(moment: Moment) -> None:
    """Drop ended runs that nothing measures any more."""
    runs = moment.profile.runs
    if any(run.ended for run in runs):
        runs[:] = [run for run in runs if not run.ended or (run.goal_until is not None and _measured(moment, run))]
    if len(runs) > RUNS_KEPT:
        ended = [run for run in runs if run.ended][: len(runs) - RUNS_KEPT]
        runs[:] = [run for run in runs if run not in ended]
