"""One simulated world: a seed decides everything that happens in it, and every step is checked."""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from heapq import heappop, heappush
from random import Random

import msgspec

from orchestrator.delivery.governor import Governor
from orchestrator.domain.input import Outcome
from orchestrator.domain.moment import Controls
from tests.simulation import hooks
from tests.simulation.call_checks import CallChecks
from tests.simulation.desk import Desk
from tests.simulation.disk import DiedError, Disk
from tests.simulation.emitters import Sending, sendings
from tests.simulation.hooks import Hooks
from tests.simulation.journal_checks import JournalChecks
from tests.simulation.limits import small_limits
from tests.simulation.message_checks import MessageChecks
from tests.simulation.operators import Operators
from tests.simulation.post import Post
from tests.simulation.programs import CARE, HOUR, MINUTE, PROGRAMS
from tests.simulation.providers import HEALTHY, SECOND, Provider, temper
from tests.simulation.recipients import Recipients
from tests.simulation.violation import ViolationError, require
from tests.simulation.worker import Knobs, Worker

AFTERWARDS = 3 * 24 * HOUR
"""How long the world goes on without faults after its last event."""
EVENTS = (6, 10, 14, 30)
LIVES = 1_000
STEPS_MAX = 20_000
TRACE_SHOWN = 30
OFTEN = 0.3
"""How often a mortal worker dies in a turn in which it looks at everyone, and sleeps right after its start."""
DEATHS = ("idle", "before", "written", "synced", "turned", "acknowledging", "handing", "handed")


@dataclass(slots=True)
class Report:
    """What a world was like."""

    seed: int
    rows: int = 0
    steps: int = 0
    deaths: int = 0
    messages: int = 0
    taken: int = 0
    virtual_ms: int = 0


class SimulationError(AssertionError):
    """A broken invariant with the seed, what led to it, and how to run it again."""

    def __init__(self, seed: int, cause: ViolationError, trace: list[str], world: str = "") -> None:
        steps = "\n  ".join(trace)
        again = f"uv run python tests/simulation/long.py {world}--seed {seed}"
        super().__init__(f"seed {seed}: {cause}\nled up to by\n  {steps}\nrun this seed alone: {again}")
        self.seed, self.name = seed, cause.name


class World:
    """The scheduler: whatever is due next happens, ties in an order that the seed decides."""

    def __init__(self, seed: int) -> None:
        rng = self.rng = Random(seed)
        self.seed, self.now, self.life = seed, 0, 0
        self.report = Report(seed)
        self.agenda: list[tuple[int, float, Callable[[], None]]] = []
        self.trace: deque[tuple[object, ...]] = deque(maxlen=TRACE_SHOWN)
        self.program = PROGRAMS[seed % len(PROGRAMS)]
        self.provider = Provider(rng, temper(rng))
        self.messages = MessageChecks(self.program, self.provider.taken)
        self.hooks = Hooks(Random(seed))
        self.checks = JournalChecks(self.program, self.messages, CallChecks(self.program, self.hooks), lambda: self.now)
        self.disk = Disk(rng, self.checks.durable)
        self.knobs = Knobs(rng.randrange(1, 4), rng.choice((1, 2, 5, 50)), (1, LIVES)[seed % 2], rng.choice((0, 7 * MINUTE)))
        self.governor = Governor(rates={"email": rng.choice((1, 100))})
        self.mortality, self.sleepiness = rng.choice((0.0, 0.0, 0.01, 0.06)), rng.choice((0.0, 0.0, 0.02))
        self.operators, self.post, self.desk = Operators(self), Post(self), Desk(self)
        self.recipients = self.messages.recipients = Recipients(self)
        events, index = rng.choice(EVENTS), self.program.index
        self.plan = sendings(
            rng, events, things=bool(index.by_broadcast), dates=bool(index.dates), tasks=self.program.name == CARE
        )
        self.worker: Worker | None = None
        self.acked: dict[str, int] = {}
        self.sent: list[Sending] = []
        self.doom = ""
        self.asleep_until, self.turn_at, self.rows_before = 0, -1, 0
        self.told: set[str] = set()

    # ── the agenda ──────────────────────────────────────────────────────────────────────────────────────────────────

    def at(self, when: int, what: Callable[[], None]) -> None:
        heappush(self.agenda, (when, self.rng.random(), what))

    def note(self, *what: object) -> None:
        self.trace.append((self.now, *what))

    def run(self) -> Report:
        """Everything that happens, to the end; SimulationError where an invariant breaks."""
        try:
            with small_limits(self.rng):
                self._live_through()
        except ViolationError as broken:
            raise SimulationError(self.seed, broken, self._told()) from broken
        return self._summed_up()

    def _told(self) -> list[str]:
        start = self.plan[0].at
        return [f"+{(at - start) / 1000:.3f}s {' '.join(map(str, what))}" for at, *what in self.trace]  # type: ignore[operator]

    def _live_through(self) -> None:
        self.now = self.plan[0].at
        end = max(sending.at for sending in self.plan) + HOUR
        for sending in self.plan:
            self.at(sending.at, lambda sending=sending: self._emit(sending))
        self.operators.plan(self.now, end)
        self.recipients.plan(self.now, end)
        if self.program.name == CARE:
            self.desk.plan(self.now, end)
        self.at(end, self._calm_down)
        self._happen(self._start)
        while self.agenda and self.agenda[0][0] <= end + AFTERWARDS:
            self.now, _, what = heappop(self.agenda)
            self.report.steps += 1
            require(self.report.steps < STEPS_MAX, "I0", "it never comes to rest")
            self._happen(what)
        self._rest()

    def _happen(self, what: Callable[[], None]) -> None:
        try:
            what()
        except DiedError:
            self._die()
        except (ViolationError, KeyboardInterrupt):
            raise
        except Exception as error:
            raise ViolationError("I0", "".join(traceback.format_exception(error)[-6:])) from error

    def _summed_up(self) -> Report:
        report = self.report
        report.rows, report.messages = self.checks.rows, len(self.messages.states)
        report.taken, report.virtual_ms = self.provider.taken.total(), self.now - self.plan[0].at
        return report

    def digest(self) -> str:
        """Equal for equal worlds: everything on disk, at the providers, and what happened last."""
        seen = (bytes(self.disk.log), sorted(self.provider.taken.items()), self.acked, self.report.steps, list(self.trace))
        return blake2b(repr(seen).encode(), digest_size=16).hexdigest()

    # ── emitters ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _emit(self, sending: Sending, tries: int = 0) -> None:
        """Send once; who insists sends again until acknowledged."""
        event = sending.event
        if sending.insists:
            if event.message_id in self.acked:
                return
            patience = self.rng.randrange(20, 60) * SECOND << min(tries, 8)
            self.at(self.now + patience, lambda: self._emit(sending, tries + 1))
        if self.worker is not None:
            self.sent.append(sending)
            arriving = msgspec.structs.replace(event, received_at=self.now)
            self.worker.deliver(len(self.sent) - 1, arriving)
            self.wake(self.now + self.rng.randrange(50))

    def accept(self, token: int, duplicate: bool) -> None:  # noqa: FBT001 - as `Turn` tells it
        """The emitter hears that its event is durable; the worker may die before or after that."""
        if self.doom == "acknowledging" and self.rng.random() < 0.5:
            raise DiedError
        ident = self.sent[token].event.message_id
        row = self.checks.decided.get(ident)
        require(row is not None or ident in self.checks.buried, "I1", ident, "is acknowledged and not durable")
        again = row is not None and (row <= self.rows_before or ident in self.told)
        true = duplicate == again or ident in self.checks.buried
        require(true, "I2", ident, "is told as", "a duplicate" if duplicate else "new", "row", row)
        self.told.add(ident)
        self.acked[ident] = self.acked.get(ident, 0) + 1
        self.note("acknowledged", ident, "as a duplicate" if duplicate else "")

    # ── the worker ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _start(self) -> None:
        """A new process on what the disk has kept."""
        if self.worker is not None:
            return
        self.checks.rounds.recovering = True
        file = self.disk.recover()
        self.checks.rounds.recovering = False
        self.life += 1
        profile_rows = sum(1 for row in file.journal if row.key)
        require(profile_rows == self.checks.rows, "I1", "the journal has", profile_rows, "rows, it had", self.checks.rows)
        kept = self.checks.decided.keys() | self.checks.buried
        require(self.acked.keys() <= kept, "I1", "acknowledged and lost:", sorted(self.acked.keys() - kept))
        self._maybe_doom()
        self.worker = Worker(self.life, file, self.disk, self.program, self.governor, self.knobs, self.accept, self.post.send)
        self.worker.commands.extend(self.operators.wanted)
        self.doom = self.disk.fuse = ""
        self.note("worker starts, life", self.life)
        self.turn_at = -1
        self._maybe_sleep(OFTEN if self.mortality else 0.0)
        self.wake(self.now)

    def _die(self) -> None:
        """Everything in memory is gone."""
        self.note("worker dies:", self.doom)
        self.worker, self.doom, self.disk.fuse = None, "", ""
        self.report.deaths += 1
        self.at(self.now + self.rng.choice((100, 5 * SECOND, 5 * MINUTE, 3 * HOUR)), self._start)

    def looked_for(self, ident: str) -> Outcome:
        """What a look at the provider shows."""
        if self.provider.taken[ident]:
            return Outcome(ident, "accepted", detail="evidence")
        self.messages.looked.add(ident)
        return Outcome(ident, "refused", kind="lost", detail="evidence")

    def wake(self, when: int) -> None:
        """Have a turn then, or earlier."""
        when = max(when, self.asleep_until)
        if self.turn_at < 0 or when < self.turn_at:
            self.turn_at = when
            self.at(when, lambda: self._turn(when))

    def _turn(self, when: int) -> None:
        worker = self.worker
        if worker is None or self.turn_at != when:
            return
        self.turn_at = -1
        if self._maybe_sleep(self.sleepiness):
            self.wake(self.now)
            return
        self._maybe_doom()
        self.rows_before = worker.file.seqs
        self.told.clear()
        self.note("turn with", len(worker.queue), "waiting,", len(worker.answers), "answers")
        answered = self._answered(worker)
        worker.turn(self.now)
        waiting = {one.outcome.message_id for one in worker.answers}  # a crowd of timers came first
        for ident, leave in answered:
            if ident in waiting:
                continue
            still = self.messages.states[ident] == "attempting" and self.messages.leave[ident] == leave
            require(not still, "I12", ident, "was answered, and is still attempting")
        if self.doom:
            raise DiedError
        self._resumed(worker)
        due = worker.wants_turn_at(self.now)
        if due is not None:
            self.wake(due)

    def _maybe_sleep(self, chance: float) -> bool:
        asleep = self.rng.random() < chance
        if asleep:
            self.asleep_until = self.now + self.rng.choice((500, 2_000, 20 * MINUTE, 4 * HOUR))
        return asleep

    def _answered(self, worker: Worker) -> list[tuple[str, int]]:
        """Attempts that the coming turn hears the end of, with their leave. Evidence may come too late to find its profile."""
        answers = [one.outcome for one in worker.answers if isinstance(one.outcome, Outcome)]
        heard = [one.message_id for one in answers if one.detail != "evidence"]
        return [(ident, self.messages.leave[ident]) for ident in heard if self.messages.states.get(ident) == "attempting"]

    def _maybe_doom(self) -> None:
        looking = self.worker is not None and self.worker.live.busy
        chance = OFTEN if looking and self.mortality else self.mortality
        self.doom = self.rng.choice(DEATHS) if self.rng.random() < chance else ""
        if self.doom in ("before", "written", "synced"):
            self.disk.fuse = self.doom
        if self.doom == "idle":
            raise DiedError

    def _resumed(self, worker: Worker) -> None:
        """When nothing is switched off and no visit is under way, nothing waits for a switch."""
        engine = worker.live.engine
        at_work = worker.queue or worker.live.busy or self.operators.wanted
        if not self.operators.busy or at_work or self.governor.killed or engine.around.controls != Controls():
            return
        for profile in self.checks.shadows.values():
            stuck = [message.id for message in profile.messages if message.gate in ("kill", "pause")]
            stuck += [run.enrolment for run in profile.runs if run.state == "paused" and not run.ended]
            stuck += [call.id for call in profile.calls if call.gate in ("kill", "pause")]
            require(not stuck, "I9", stuck, "wait for a switch that is on again")

    # ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _calm_down(self) -> None:
        """From here on nothing fails."""
        self.mortality = self.sleepiness = 0.0
        self.knobs.pace = 0
        self.provider.weights, self.hooks.weights = HEALTHY, hooks.HEALTHY
        self.governor.rates.clear()
        self.asleep_until = min(self.asleep_until, self.now)
        self.at(self.now, self._start)
        self.wake(self.now)

    def _rest(self) -> None:
        """In the end everything is acknowledged, and every message and step has come somewhere."""
        missing = {sending.event.message_id for sending in self.plan} - self.acked.keys()
        require(not missing, "I1", "never acknowledged:", sorted(missing))
        stuck = [ident for ident, state in self.messages.states.items() if state in ("planned", "attempting")]
        require(not stuck, "I9", "never ended:", stuck)
        self.checks.rounds.rest(self.now)
        for profile in self.checks.shadows.values():
            runs = [run for run in profile.runs if not run.ended and run.state not in ("wait", "wait_for")]
            require(not runs, "I9", "runs go nowhere:", runs)
