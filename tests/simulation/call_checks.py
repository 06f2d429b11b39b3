"""Invariant I17: webhooks are asked until they are answered once, in their time; tasks are done once, or overdue in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from orchestrator.domain.campaign import Task, Webhook
from orchestrator.domain.decision import CallChange, Decision, TaskChange
from orchestrator.domain.input import Event, Outcome, ProfileInput
from orchestrator.domain.moment import Controls
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.profile import OpenTask, Profile, unseal
from orchestrator.domain.program import Program
from orchestrator.partition.partition import Decided
from tests.simulation.disk import Commit
from tests.simulation.hooks import Hooks
from tests.simulation.message_checks import LEASE_MS
from tests.simulation.violation import require

SECOND = 1_000
Stopped = Callable[[str], bool]
"""Whether a switch stops this campaign's calls."""
Ways = dict[tuple[str, str], str]
"""(enrolment, step) → the way by which the run leaves it"""
ENDS = frozenset({"answered", "refused", "expired", "cancelled"})
_ON = frozenset({"planned", "attempting"}) | ENDS
FOLLOWS: dict[str | None, frozenset[str]] = {None: frozenset({"planned"}), "planned": _ON, "attempting": _ON - {"attempting"}}
TASK_FOLLOWS: dict[str | None, frozenset[str]] = {
    None: frozenset({"open"}),
    "open": frozenset({"overdue", "done", "withdrawn"}),
    "overdue": frozenset({"done", "withdrawn"}),
}


def _stopped(controls: Controls, profile: Profile, campaign: str) -> bool:
    return controls.kill or controls.pauses(campaign, profile) or "webhook" in controls.channels


@dataclass(slots=True)
class CallChecks:
    """What is known of every webhook and task."""

    program: Program
    hooks: Hooks
    states: dict[str, str] = field(default_factory=dict)
    """call or task → its state"""
    asked: dict[str, list[int]] = field(default_factory=dict)
    """call → when it was attempted"""
    waiters: dict[str, tuple[str, str]] = field(default_factory=dict)
    """task → its run and step"""
    over: set[str] = field(default_factory=set)
    """Calls whose run ended while they were on the wire."""
    tasks: dict[str, tuple[int, TaskChange]] = field(default_factory=dict)
    """Open ones → profile key, and how they were opened."""
    listed: dict[int, list[OpenTask]] = field(default_factory=dict)
    """The list of tasks beside the profiles, by profile key."""

    def adopted(self, theirs: int, ours: int) -> None:
        self.tasks = {ident: (ours if key == theirs else key, task) for ident, (key, task) in self.tasks.items()}

    def before(self, given: ProfileInput, profile: Profile) -> str | None:
        """The task that this input says is done, as the profile stands before it."""
        if not isinstance(given, Event) or given.name != "Task Done":
            return None
        named = given.properties
        every = [task for task in profile.tasks if named.get("task") == task.id]
        if "task" not in named:
            every = [t for t in profile.tasks if (t.campaign, t.step) == (named.get("campaign"), named.get("step"))]
        return every[0].id if every else ""

    def decided(self, row: Decided, profile: Profile, controls: Controls, meant: str | None) -> None:
        """A durable decision, and the profile after it; `meant` is what `before` said."""
        key, clock, given, decision = row.key, row.now, row.given, row.decision
        live = {ident for ident, state in self.states.items() if state in ("planned", "attempting")}
        ways = {(step.enrolment, step.step): step.way for step in decision.steps if step.way != "waits"}
        for change in decision.calls:
            self._call(change, clock, given, partial(_stopped, controls, profile))
        self.waiters |= {task.id: (task.enrolment, task.step) for task in profile.tasks}
        led = [(self.waiters.get(task.id), self._task(key, task, clock)) for task in decision.tasks]
        self._led(profile, ways, {where: way for where, way in led if where is not None and way}, decision)
        self._heard(given, clock, live)
        self._meant(decision, meant)
        self._ways(profile, decision, ways)
        self._stands(key, clock, profile)

    # webhooks -----------------------------------------------------------------------------------------------------------------

    def _call(self, change: CallChange, clock: int, given: ProfileInput, stopped: Stopped) -> None:
        before, ident = self.states.get(change.id), change.id
        step = f"{before} → {change.state} {change.reason}"
        require(change.state in FOLLOWS.get(before, frozenset()), "I17", "webhook", ident, "of", change.campaign, step)
        self.states[ident] = change.state
        over = clock >= change.planned_at + self._within(change)
        if change.state == "attempting":
            self._attempt(change, clock, over=over, stopped=stopped(change.campaign))
        elif change.state == "expired":
            require(over, "I17", ident, "expires at", clock, "before its time is over")
        elif change.state == "answered":
            require(ident in self.hooks.answers and not over, "I17", ident, "is answered, over:", over)
        elif change.state == "refused":
            odd = change.reason == "answer" and ident in self.hooks.odd
            require((odd or ident in self.hooks.refused) and not over, "I17", ident, "is refused", change.reason)
        elif change.reason == "again":
            self._again(change, clock, given)

    def _within(self, change: CallChange) -> int:
        nodes = self.program.campaigns[change.campaign].steps.nodes
        verb = next(node.verb for node in nodes if node.id == change.step)
        assert isinstance(verb, Webhook)
        return verb.within

    def _attempt(self, change: CallChange, clock: int, *, over: bool, stopped: bool) -> None:
        require(not stopped and not over, "I17", change.id, "is asked, stopped:", stopped, "over:", over)
        earlier = self.asked.setdefault(change.id, [])
        gap = clock - earlier[-1] if earlier else None
        require(gap is None or gap >= _patience(len(earlier)), "I17", change.id, "is asked again after", gap)
        earlier.append(clock)

    def _again(self, change: CallChange, clock: int, given: ProfileInput) -> None:
        wished = given.retry_at if isinstance(given, Outcome) and given.retry_at is not None else 0
        expected = max(clock + _patience(len(self.asked[change.id])), wished)
        require(change.until == expected, "I17", change.id, "is asked again at", change.until, "and should at", expected)

    def _heard(self, given: ProfileInput, clock: int, live: set[str]) -> None:
        """What comes in time to a question that is open is its answer, whichever attempt it answers."""
        if isinstance(given, Outcome) and given.message_id in live and given.result in ("accepted", "refused"):
            state = self.states[given.message_id]
            require(state in ENDS, "I17", given.message_id, "heard", given.result, "at", clock, "and is", state)

    def dispatched(self, out: Outgoing) -> None:
        """The loop gives the question away; it may leave from now on."""
        state = self.states.get(out.message_id)
        require(state == "attempting", "I8", out.message_id, "given away while durably", state)

    def handing_over(self, out: Outgoing, wall: int, killed_since: int | None, leave: dict[str, int]) -> None:
        """The shell is about to ask."""
        ident = out.message_id
        require(leave.get(ident, -1) >= out.not_after >= wall, "I8", ident, "is asked without leave that is durable, at", wall)
        killed = killed_since is not None and wall - killed_since > LEASE_MS
        require(not killed, "I8", ident, "is asked though killed since", killed_since, "at", wall)

    # tasks --------------------------------------------------------------------------------------------------------------------

    def _task(self, key: int, task: TaskChange, clock: int) -> str:
        """Gives the way by which its run goes on, if one waits for it."""
        before = self.states.get(task.id)
        step = f"{before} → {task.state} {task.reason}"
        require(task.state in TASK_FOLLOWS.get(before, frozenset()), "I17", "task", task.id, "of", task.campaign, step)
        late = clock >= task.due
        require(
            late == (before == "overdue") or task.state in ("overdue", "withdrawn"), "I17", "task", task.id, step, "late:", late
        )
        require(task.state != "overdue" or late, "I17", "task", task.id, "is overdue before its due", task.due)
        self.states[task.id] = task.state
        if task.state == "open":
            self.tasks[task.id] = key, task
        elif task.state in ("done", "withdrawn"):
            del self.tasks[task.id]
        return "otherwise" if task.state == "overdue" else "then" if (before, task.state) == ("open", "done") else ""

    def _led(
        self, profile: Profile, ways: dict[tuple[str, str], str], led: dict[tuple[str, str], str], decision: Decision
    ) -> None:
        """Who waits for a task goes on by its outcome, and nobody else does."""
        for run in profile.runs:
            for (enrolment, step), way in ways.items():
                if enrolment == run.enrolment and self._is_waited(run.campaign, step) and not decision.dropped:
                    require(led.get((enrolment, step)) == way, "I17", enrolment, "leaves", step, "by", way, "and its task", led)
            due = [step for (enrolment, step), way in led.items() if enrolment == run.enrolment and not run.ended]
            late = [step for step in due if self._is_waited(run.campaign, step) and (run.enrolment, step) not in ways]
            require(not late, "I17", run.enrolment, "goes on waiting at", late)

    def _is_waited(self, campaign: str, step: str) -> bool:
        nodes = self.program.campaigns[campaign].steps.nodes
        return any(n.id == step and isinstance(n.verb, Task) and n.then != n.otherwise for n in nodes)

    def _meant(self, decision: Decision, meant: str | None) -> None:
        done = [task.id for task in decision.tasks if task.state == "done"]
        require(done == ([meant] if meant else []), "I17", "done are", done, "and meant was", meant)

    def _ways(self, profile: Profile, decision: Decision, ways: Ways) -> None:
        """Each outcome leads its run by the right way, and an answer is kept."""
        for change in decision.calls:
            if change.state in ENDS - {"cancelled"} and change.id not in self.over:
                led = [way for (_, step), way in ways.items() if step == change.step]
                way = "then" if change.state == "answered" else "otherwise"
                require(way in led, "I17", change.id, "is", change.state, "and its run takes", led)
        for run in profile.runs:
            for step, answer in run.saved.items():
                mine = [self.hooks.answers[i] for i in self.hooks.answers if self.states.get(i) == "answered"]
                require(answer in mine, "I17", run.enrolment, "keeps", answer, "as", step, "and nobody answered so")

    # the profile --------------------------------------------------------------------------------------------------------------

    def _stands(self, key: int, clock: int, profile: Profile) -> None:
        ours = [ident for ident, (home, _) in self.tasks.items() if home == key]
        require(sorted(task.id for task in profile.tasks) == sorted(ours), "I17", "profile", key, "has other tasks than", ours)
        for task in profile.tasks:
            require(task.overdue or task.due >= clock, "I17", "task", task.id, "is due", task.due, "and nobody noted it")
        self.over |= {c.id for c in profile.calls if (run := profile.run(c.enrolment)) is None or run.ended}
        waited = {run.message for run in profile.runs if run.state in ("task", "webhook") and not run.ended}
        open_ = {t.id for t in profile.tasks if not t.overdue} | {call.id for call in profile.calls}
        require(waited <= open_, "I17", "profile", key, "waits for", waited - open_, "which is over")
        alone = [t.id for t in profile.tasks if not t.overdue and t.id not in waited and self._is_waited(t.campaign, t.step)]
        require(not alone, "I17", "profile", key, "has tasks that their runs wait for no longer:", alone)
        for call in profile.calls:
            require(call.id in waited or call.state == "attempting", "I17", call.id, "is asked for a run that is over")
            require(call.due is not None and call.due <= call.expires_at, "I17", call.id, "has no due in its time")

    def committed(self, commit: Commit, shadows: dict[int, Profile]) -> None:
        """The list of tasks is that of the profiles."""
        for key in (key for part in commit.parts for key in part.gone):
            self.listed.pop(key, None)
        sealed = {record[0]: record[2] for part in commit.parts for record in part.records}
        for key in (key for part in commit.parts for key in part.tasks):
            self.listed[key] = unseal(sealed[key]).tasks
        for key in sealed:
            told = self.listed.get(key, [])
            require(told == shadows[key].tasks, "I17", "the list of", key, "has", told, "and the profile", shadows[key].tasks)


def _patience(tries: int) -> int:
    """After so many attempts."""
    return min(5 * SECOND * 2 ** (tries - 1), 300 * SECOND)
