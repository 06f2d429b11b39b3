"""Tasks: opened, overdue, done; who waits for them, and what takes them back."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.domain.campaign import END, Campaign, Exit, Node, Pattern, Reentry, Send, Steps, Task, Value, Wait
from orchestrator.domain.decide import Decided, decide, newcomer
from orchestrator.domain.input import Adopt, Event, Timer
from orchestrator.domain.limits import TASK_SHOWS_BYTES, TASKS_KEPT
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import Profile, seal
from orchestrator.domain.program import EventType, KeyPath, Program, Wheel
from orchestrator.domain.tasks import DONE

START, DAY = 1_750_000_000_000, 86_400_000
CALL = Task("desk", "Call", DAY, ("ticket", "more.deep"))


def campaign(name: str, *nodes: Node, **settings: Any) -> Campaign:
    on = (Pattern(f"{name}/on/0", event="Opened", key="ticket"),)
    return Campaign(name, "a", Steps(name, nodes, 0), on, cls="transactional", reentry=Reentry(0), **settings)


WAITED = campaign("waited", Node("call", CALL, 1, 2), Node("yes", Wait(Value(DAY)), END, END), Node("no", Wait(Value(DAY))))
ALONE = campaign("alone", Node("call", CALL, 1, 1), Node("on", Wait(Value(9 * DAY))))


class Desk:
    """One customer, in one program."""

    def __init__(self, *campaigns: Campaign) -> None:
        events = {"Opened": EventType("Opened", {"ticket": KeyPath(("properties", "ticket"))})}
        named = {each.name: each for each in campaigns}
        self.program, self.count = Program("p", Wheel("a", ("a",)), events, campaigns=named), 0
        self.profile = newcomer(self.program, START, "u:ada")

    def give(self, given: Event | Timer | Adopt, now: int) -> Decided:
        return decide(self.program, Controls(addresses=False), self.profile, given, now)

    def event(self, name: str, after: int = 0, **properties: Any) -> Decided:
        self.count += 1
        event = Event(f"m{self.count}", START + after, name=name, user_id="ada", properties=properties)
        return self.give(event, START + after)

    def done(self, after: int, **properties: Any) -> Decided:
        return self.event(DONE, after, **(properties or {"task": self.profile.tasks[0].id}))

    def timer(self, after: int) -> Decided:
        return self.give(Timer(START + after), START + after)


def told(decided: Decided) -> list[tuple[str, str | None]]:
    return [(task.state, task.reason) for task in decided.decision.tasks]


def ways(decided: Decided) -> list[tuple[str, str]]:
    return [(step.step, step.way) for step in decided.decision.steps]


def test_a_task_shows_what_the_event_has_and_is_due() -> None:
    desk = Desk(WAITED)
    opened = desk.event("Opened", ticket="T-1", more={"deep": 3}, other=1)
    (task,) = desk.profile.tasks
    assert (task.queue, task.title, task.shows) == ("desk", "Call", {"ticket": "T-1", "more.deep": 3})
    assert (told(opened), opened.due) == ([("open", None)], START + DAY)


def test_a_run_with_a_path_waits_until_it_is_done() -> None:
    desk = Desk(WAITED)
    desk.event("Opened", ticket="T-1")
    done = desk.done(DAY - 1, campaign="waited", step="call", outcome="calm again")
    assert told(done) == [("done", "calm again")]
    assert ways(done)[0] == ("call", "then")
    assert desk.profile.tasks == []


def test_at_its_due_instant_it_is_overdue_before_it_is_done() -> None:
    desk = Desk(WAITED)
    desk.event("Opened", ticket="T-1")
    done = desk.done(DAY)
    assert told(done) == [("overdue", None), ("done", None)]
    assert ways(done)[0] == ("call", "otherwise")


def test_an_overdue_task_stays_open_and_can_still_be_done() -> None:
    desk = Desk(WAITED)
    desk.event("Opened", ticket="T-1")
    late = desk.timer(DAY)
    assert (told(late), ways(late)[0]) == ([("overdue", None)], ("call", "otherwise"))
    done = desk.done(DAY + 5)
    assert (told(done), ways(done)) == ([("done", None)], [])


def test_without_a_path_nobody_waits_and_it_is_overdue_all_the_same() -> None:
    desk = Desk(ALONE)
    opened = desk.event("Opened", ticket="T-1")
    assert ways(opened) == [("call", "then"), ("on", "waits")]
    assert opened.due == START + DAY
    assert told(desk.timer(DAY)) == [("overdue", None)]


def test_the_oldest_open_one_of_a_step_is_meant() -> None:
    desk = Desk(WAITED)
    desk.event("Opened", ticket="T-1")
    desk.event("Opened", 1, ticket="T-2")
    desk.done(2, campaign="waited", step="call")
    assert [task.shows["ticket"] for task in desk.profile.tasks] == ["T-2"]


@pytest.mark.parametrize("named", [{"task": "none"}, {"campaign": "waited", "step": "yes"}])
def test_a_task_that_is_not_open_is_said(named: dict[str, str]) -> None:
    desk = Desk(WAITED)
    desk.event("Opened", ticket="T-1")
    assert desk.done(1, **named).decision.dropped == ["Task Done: no such task is open"]
    assert len(desk.profile.tasks) == 1


def test_what_ends_a_run_withdraws_the_task_it_waits_for_and_no_other() -> None:
    closed = (Pattern("c/exit/0", event="Closed"),)
    for waiting in (WAITED, ALONE):
        nodes = waiting.steps.nodes
        desk = Desk(campaign(waiting.name, *nodes, exits=closed))
        desk.event("Opened", ticket="T-1")
        ended = desk.event("Closed", 5)
        assert told(ended) == ([("withdrawn", "exit")] if waiting is WAITED else [])
        assert len(desk.profile.tasks) == (waiting is ALONE)


def test_it_has_acted_so_nothing_restarts_it() -> None:
    desk = Desk(campaign("waited", *WAITED.steps.nodes, restart=True))
    desk.event("Opened", ticket="T-1")
    again = desk.event("Opened", 1, ticket="T-1")
    assert [(entry.outcome, entry.reason) for entry in again.decision.entries] == [("not_entered", "live")]


def test_beyond_the_limit_a_task_is_dropped_and_the_run_goes_on_without() -> None:
    desk = Desk(WAITED)
    for number in range(TASKS_KEPT):
        desk.event("Opened", number, ticket=f"T-{number}")
    over = desk.event("Opened", TASKS_KEPT, ticket="one more")
    assert ways(over) == [("call", "otherwise"), ("no", "waits")]
    assert over.decision.dropped == ["waited call: 32 tasks are open already"]
    assert len(desk.profile.tasks) == TASKS_KEPT


def test_what_is_too_long_is_not_shown_and_said() -> None:
    desk = Desk(WAITED)
    opened = desk.event("Opened", ticket="T-1", more={"deep": "x" * TASK_SHOWS_BYTES})
    assert desk.profile.tasks[0].shows == {"ticket": "T-1"}
    assert opened.decision.dropped == ["waited call: `more.deep` is too long to be shown"]


def test_a_merge_keeps_the_tasks_of_both_and_the_oldest_of_too_many() -> None:
    theirs, ours = Desk(WAITED), Desk(WAITED)
    for number in range(TASKS_KEPT):
        theirs.event("Opened", number, ticket=f"T-{number}")
    ours.event("Opened", 5_000, ticket="late")
    joined = ours.give(Adopt(seal(renamed(theirs.profile)), 7), START + 6_000)
    assert told(joined) == [("withdrawn", "limit")]
    assert len(ours.profile.tasks) == TASKS_KEPT
    assert joined.due == START + 6_000
    assert ways(ours.timer(6_000)) == [("call", "otherwise"), ("no", "waits")]


def renamed(profile: Profile) -> Profile:
    """As another person's, so that enrolments differ."""
    for task in profile.tasks:
        task.id, task.enrolment = f"x{task.id}", f"x{task.enrolment}"
    for run in profile.runs:
        run.enrolment, run.message = f"x{run.enrolment}", f"x{run.message}"
    return profile


def test_steps_after_a_task_that_nobody_waits_for_are_taken_at_once() -> None:
    desk = Desk(campaign("c", Node("call", CALL, 1, 1), Node("write", Send("t", ("email",)), 2, 2), Node("end", Exit())))
    assert ways(desk.event("Opened", ticket="T-1")) == [("call", "then"), ("write", "")]
