"""Walking a run through its campaign's steps until it waits, sends or ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.domain import calls, ledger, tasks
from orchestrator.domain.calendar import instant_of, next_local
from orchestrator.domain.campaign import (
    END,
    Branch,
    Campaign,
    Emit,
    Exit,
    MoveTo,
    Node,
    Send,
    SetTraits,
    Split,
    Task,
    Value,
    Wait,
    WaitFor,
    Webhook,
)
from orchestrator.domain.chance import id_of, share_of
from orchestrator.domain.decision import End, StepTaken
from orchestrator.domain.gates import recipient_zone
from orchestrator.domain.identity import set_trait
from orchestrator.domain.input import Event, Look, Move
from orchestrator.domain.limits import DEPTH_MAX, STEPS_AN_INPUT
from orchestrator.domain.moment import Moment
from orchestrator.domain.patterns import looked_back
from orchestrator.domain.profile import Run


def advance(moment: Moment, run: Run) -> None:
    """Take steps while the run stands at one; `while` is judged before each."""
    campaign = moment.campaign_of(run)
    steps = moment.program.steps_of(run.version)
    if campaign is None or steps is None:
        end(moment, run, "removed")
        return
    for _ in range(STEPS_AN_INPUT):
        if run.ended or run.state != "at":
            return
        if run.node == END:
            end(moment, run, "done")
            return
        if moment.controls.pauses(run.campaign, moment.profile):
            run.state = "paused"
            return
        if campaign.while_ is not None and not moment.holds(
            campaign.while_, f"{campaign.name} while", run.event, run.item, run
        ):
            end(moment, run, "while")
            return
        _take(moment, campaign, run, steps.nodes[run.node])
    moment.decision.dropped.append(f"{run.campaign}: more than {STEPS_AN_INPUT} steps at one instant")
    end(moment, run, "limit")


def end(moment: Moment, run: Run, reason: str) -> None:
    """End a live run; its message is taken back where it is not on the wire yet."""
    if run.ended:
        return
    run.ended, run.due = reason, None
    moment.decision.ends.append(End(run.campaign, run.enrolment, reason))
    ledger.cancel(moment, run, reason)
    tasks.withdraw(moment, run, reason)
    calls.cancel(moment, run, reason)
    run.answers, run.answered, run.arms, run.saved = {}, [], {}, {}


def _take(moment: Moment, campaign: Campaign, run: Run, node: Node) -> None:
    verb = node.verb
    if isinstance(verb, Send):
        ledger.plan(moment, campaign, run, node, verb)
        moment.decision.steps.append(StepTaken(run.campaign, run.enrolment, node.id, ""))
        return
    if isinstance(verb, Webhook):
        calls.plan(moment, campaign, run, node, verb)
        moment.decision.steps.append(StepTaken(run.campaign, run.enrolment, node.id, "waits"))
        return
    way = _VERBS[type(verb)](moment, run, node, verb)
    moment.decision.steps.append(StepTaken(run.campaign, run.enrolment, node.id, way))


def _go(run: Run, node: int) -> None:
    run.node, run.state, run.due = node, "at", None


def _evaluate(moment: Moment, run: Run, node: Node, value: Value) -> Any:
    if value.expression is None:
        return value.constant
    return moment.value(value.expression, moment.event_for(run, node), run.item, run)


def _wait(moment: Moment, run: Run, node: Node, verb: Wait) -> str:
    target = _target(moment, run, node, verb)
    if target is not None and target > moment.now:
        run.state, run.due = "wait", target
        return "waits"
    if verb.until is not None and verb.past == "exit" and target != moment.now:
        end(moment, run, "past")
        return "past"
    _go(run, node.then)
    return "then"


def _target(moment: Moment, run: Run, node: Node, verb: Wait) -> int | None:
    """When the wait is over: at least the duration, then the next such local time. None where nothing says."""
    if verb.until is not None:
        instant = instant_of(_evaluate(moment, run, node, verb.until))
        if instant is None:
            return None
        target = instant + verb.plus
    else:
        duration = _evaluate(moment, run, node, verb.duration) if verb.duration is not None else 0
        known = isinstance(duration, int | float) and not isinstance(duration, bool)
        target = moment.now + (max(0, int(duration)) if known else 0)
    return target if verb.at is None else next_local(target, verb.at, recipient_zone(moment))


def _wait_for(moment: Moment, run: Run, node: Node, verb: WaitFor) -> str:
    found = looked_back(moment, verb.patterns, run, f"{run.campaign} {node.id}")
    if found is not None:
        answer(run, node, run.node, found[1].id, found[1].event)
        return "then"
    run.state, run.due = "wait_for", moment.now + verb.within
    return "waits"


def answer(run: Run, node: Node, place: int, event_id: str, event: dict[str, Any] | None) -> None:
    """An event came that this wait asked for."""
    run.answered.append(event_id)
    if event is not None:
        run.answers[place] = event
    _go(run, node.then)


def _branch(moment: Moment, run: Run, node: Node, verb: Branch) -> str:
    event = moment.event_for(run, node)
    for number, (condition, target) in enumerate(verb.ways):
        if moment.holds(condition, f"{run.campaign} {node.id} {number + 1}", event, run.item, run):
            _go(run, target)
            return str(number + 1)
    _go(run, node.otherwise)
    return "otherwise"


def _split(moment: Moment, run: Run, _node: Node, verb: Split) -> str:
    share = share_of(run.campaign, verb.name, moment.profile.name)
    arm = next((arm for arm in verb.arms if share < arm.up_to), verb.arms[-1])
    run.arms[verb.name] = arm.name
    _go(run, arm.node)
    return arm.name


def _set(moment: Moment, run: Run, node: Node, verb: SetTraits) -> str:
    for trait, value in verb.traits.items():
        word = (moment.now, run.enrolment)
        set_trait(moment.profile, trait, _evaluate(moment, run, node, value), word, moment.program.never_null)
    moment.folded()
    depth = max(moment.depth, run.depth) + 1
    moment.look = Look(f"set {run.campaign}", max(depth, moment.look.depth if moment.look is not None else 0))
    _go(run, node.then)
    return "then"


def _follow(moment: Moment, run: Run, what: Event | Move) -> None:
    if what.depth > DEPTH_MAX:
        moment.decision.dropped.append(f"{run.campaign}: emit and move_to deeper than {DEPTH_MAX}")
        return
    moment.decision.inputs.append(what)


def _emit(moment: Moment, run: Run, node: Node, verb: Emit) -> str:
    profile = moment.profile
    to = _evaluate(moment, run, node, verb.to) if verb.to is not None else None
    own = profile.user_id if verb.to is None else (str(to) if isinstance(to, str | int) and not isinstance(to, bool) else None)
    anonymous = profile.anonymous_ids[0] if verb.to is None and own is None and profile.anonymous_ids else None
    properties = {name: _evaluate(moment, run, node, value) for name, value in verb.properties.items()}
    kind = moment.program.events.get(verb.event)
    empty = sorted(name for name in (kind.required if kind is not None else ()) if properties.get(name) is None)
    if empty:
        moment.decision.dropped.append(f"{run.campaign} {node.id}: no {verb.event}, its {', '.join(empty)} would be empty")
    elif own is None and anonymous is None:
        moment.decision.dropped.append(f"{run.campaign} {node.id}: nobody to emit {verb.event} to")
    else:
        emitted = Event(
            message_id=id_of(run.enrolment, node.id, run.trigger_id, "emit"),
            occurred_at=moment.now,
            name=verb.event,
            user_id=own,
            anonymous_id=anonymous,
            received_at=moment.now,
            source="emit",
            properties=properties,
            depth=max(moment.depth, run.depth) + 1,
        )
        _follow(moment, run, emitted)
    _go(run, node.then)
    return "then"


def _move_to(moment: Moment, run: Run, node: Node, verb: MoveTo) -> str:
    _follow(moment, run, Move(stage=verb.stage, cause=f"move_to {run.campaign}", depth=max(moment.depth, run.depth) + 1))
    _go(run, node.then)
    return "then"


def _task(moment: Moment, run: Run, node: Node, verb: Task) -> str:
    return tasks.open_task(moment, run, node, verb)


def _exit(moment: Moment, run: Run, _node: Node, _verb: Exit) -> str:
    end(moment, run, "done")
    return "exit"


_VERBS: dict[type, Callable[[Moment, Run, Node, Any], str]] = {
    Wait: _wait,
    WaitFor: _wait_for,
    Branch: _branch,
    Split: _split,
    SetTraits: _set,
    Emit: _emit,
    MoveTo: _move_to,
    Task: _task,
    Exit: _exit,
}
