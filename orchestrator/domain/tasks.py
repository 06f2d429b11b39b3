"""Tasks: what campaigns ask people to do. A step opens one, its due instant makes it overdue, the event `Task Done` ends it.

A run whose task has two outcomes waits for it. What ends such a run withdraws its task; one that nobody waits for stays open.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from orchestrator.domain.campaign import Node, Task
from orchestrator.domain.chance import id_of
from orchestrator.domain.decision import TaskChange
from orchestrator.domain.input import Event
from orchestrator.domain.limits import TASK_SHOWS_BYTES, TASKS_KEPT
from orchestrator.domain.moment import Moment
from orchestrator.domain.profile import OpenTask, Profile, Run

DONE = "Task Done"
"""The built-in event: `task` names it, or `campaign` and `step` the oldest one of that step; `outcome` says how it went."""


def open_task(moment: Moment, run: Run, node: Node, verb: Task) -> str:
    """Open the task of a step; gives the way the run takes at once, or `waits`."""
    profile = moment.profile
    run.planned = True
    if len(profile.tasks) >= TASKS_KEPT:
        moment.decision.dropped.append(f"{run.campaign} {node.id}: {TASKS_KEPT} tasks are open already")
        run.node, run.state, run.due = node.otherwise, "at", None
        return "otherwise"
    task = OpenTask(
        id=id_of(run.enrolment, node.id, "1"),
        enrolment=run.enrolment,
        campaign=run.campaign,
        step=node.id,
        queue=verb.queue,
        title=verb.title,
        opened_at=moment.now,
        due=moment.now + max(1, verb.due),
        shows=_shown(moment, run, node, verb),
    )
    profile.tasks.append(task)
    _note(moment, task, "open")
    if node.then == node.otherwise:
        run.node, run.state, run.due = node.then, "at", None
        return "then"
    run.state, run.due, run.message = "task", task.due, task.id
    return "waits"


def _shown(moment: Moment, run: Run, node: Node, verb: Task) -> dict[str, Any]:
    """What the person sees of the event; what does not fit any more is left out, and said."""
    found: dict[str, Any] = {}
    properties = (moment.event_for(run, node) or {}).get("properties")
    for path in verb.shows:
        value = properties
        for member in path.split("."):
            value = value.get(member) if isinstance(value, dict) else None
        if value is None:
            continue
        if len(json.dumps({**found, path: value})) > TASK_SHOWS_BYTES:
            moment.decision.dropped.append(f"{run.campaign} {node.id}: `{path}` is too long to be shown")
        else:
            found[path] = value
    return found


def _note(moment: Moment, task: OpenTask, state: str, reason: str | None = None) -> None:
    given = (task.id, task.campaign, task.step, task.queue, task.title, task.opened_at, task.due)
    moment.decision.tasks.append(TaskChange(*given, state, reason, task.shows if state == "open" else {}))


def lapse(moment: Moment) -> None:
    """Note the tasks whose due instant has come."""
    for task in moment.profile.tasks:
        if not task.overdue and task.due <= moment.now:
            task.overdue = True
            _note(moment, task, "overdue")


def fold_done(moment: Moment, event: Event) -> None:
    """End the task that the event names; at its due instant it was overdue before."""
    if event.name != DONE:
        return
    lapse(moment)
    task = _meant(moment.profile, event.properties)
    if task is None:
        moment.decision.dropped.append(f"{DONE}: no such task is open")
        return
    moment.profile.tasks.remove(task)
    moment.done = task
    outcome = event.properties.get("outcome")
    _note(moment, task, "done", outcome if isinstance(outcome, str) else None)


def _meant(profile: Profile, properties: Mapping[str, Any]) -> OpenTask | None:
    named, campaign, step = (properties.get(name) for name in ("task", "campaign", "step"))
    if named is not None:
        return next((task for task in profile.tasks if task.id == named), None)
    return next((task for task in profile.tasks if (task.campaign, task.step) == (campaign, step)), None)


def is_done(moment: Moment, run: Run) -> bool:
    """Whether this input ended in time the task for which the run waits."""
    task = moment.done
    return task is not None and not task.overdue and task.id == run.message


def withdraw(moment: Moment, run: Run, reason: str) -> None:
    """Take back the task for which a run waits that ends."""
    task = next((task for task in moment.profile.tasks if task.id == run.message), None)
    if task is not None:
        moment.profile.tasks.remove(task)
        _note(moment, task, "withdrawn", reason)


def join(moment: Moment, other: Profile) -> None:
    """Take over another profile's tasks, by age; the newest beyond the limit are withdrawn, and waited for no longer."""
    profile = moment.profile
    every = sorted([*profile.tasks, *other.tasks], key=lambda task: (task.opened_at, task.id))
    profile.tasks = every[:TASKS_KEPT]
    for task in every[TASKS_KEPT:]:
        _note(moment, task, "withdrawn", "limit")
        for run in (*profile.runs, *other.runs):
            if run.message == task.id:
                run.due = moment.now
