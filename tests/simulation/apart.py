"""A simulated world of several partitions that belong to different workers, and of customers who turn out to be one.

Each partition is a log, a durable state and whoever works on it. What partitions pass on to each other goes by lines, one a
pair, each in its own order, late, and once more after a crash. Workers die anywhere, sleep, and are taken for dead while they
live.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b
from heapq import heappop, heappush
from random import Random

from orchestrator.domain.program import Feature, Program
from orchestrator.partition.engine import home_of
from tests.simulation import hooks
from tests.simulation.apart_checks import COUNTED, ApartChecks
from tests.simulation.apart_emitters import Said, Storm, storm
from tests.simulation.apart_lines import Line
from tests.simulation.apart_post import PostApart
from tests.simulation.apart_worker import DEATHS, FencedError, Owner, Topic
from tests.simulation.disk import DiedError
from tests.simulation.hooks import Hooks
from tests.simulation.limits import small_limits
from tests.simulation.programs import HOUR, MINUTE, PROGRAMS
from tests.simulation.providers import HEALTHY, SECOND, Provider, temper
from tests.simulation.violation import ViolationError, require
from tests.simulation.world import SimulationError

AFTERWARDS = 3 * 24 * HOUR
STEPS_MAX = 60_000
TRACE_SHOWN = 60


@dataclass(slots=True)
class ApartReport:
    """What a world was like."""

    seed: int
    rows: int = 0
    steps: int = 0
    deaths: int = 0
    fenced: int = 0
    links: int = 0
    contested: int = 0
    adopted: int = 0
    again: int = 0
    """Records that a line delivered once more."""
    taken: int = 0


def counting(program: Program) -> Program:
    """The program with a count of each event that customers emit."""
    mine = tuple(Feature(f"n {name}", "count", name) for name in COUNTED)
    return replace(program, features=(*program.features, *mine))


class Apart:
    """The scheduler: whatever is due next happens, ties in an order that the seed decides."""

    def __init__(self, seed: int) -> None:
        rng = self.rng = Random(seed)
        self.seed, self.now = seed, 0
        self.report = ApartReport(seed)
        self.agenda: list[tuple[int, float, Callable[[], None]]] = []
        self.trace: deque[tuple[object, ...]] = deque(maxlen=TRACE_SHOWN)
        self.program = counting(PROGRAMS[seed % len(PROGRAMS)])
        self.partitions, self.workers = rng.choice((2, 3, 3, 5)), rng.choice((1, 2, 3))
        self.provider = Provider(rng, temper(rng))
        self.hooks = Hooks(Random(seed))
        self.checks = ApartChecks(self.program, self.provider.taken, lambda: self.now)
        self.topics = [Topic(number) for number in range(self.partitions)]
        self.owners: dict[int, Owner] = {}
        self.turn_at = dict.fromkeys(range(self.partitions), -1)
        self.asleep_until = dict.fromkeys(range(self.partitions), 0)
        self.worker_of = {number: rng.randrange(self.workers) for number in range(self.partitions)}
        self.mortality, self.sleepiness = rng.choice((0.0, 0.02, 0.06)), rng.choice((0.0, 0.0, 0.02))
        self.lateness = rng.choice((5, 400, 400, 20 * SECOND, 5 * MINUTE))
        self.batch = rng.choice((1, 2, 5, 50))
        self.lines = {(a, b): Line() for a in range(self.partitions) for b in range(self.partitions) if a != b}
        self.post = PostApart(self)
        self.storm: Storm = storm(rng, things=bool(self.program.index.by_broadcast))

    def home(self, raw: str) -> int:
        return home_of(raw, self.partitions)

    # ── the agenda ──────────────────────────────────────────────────────────────────────────────────────────────────

    def at(self, when: int, what: Callable[[], None]) -> None:
        heappush(self.agenda, (when, self.rng.random(), what))

    def note(self, *what: object) -> None:
        self.trace.append((self.now, *what))

    def run(self) -> ApartReport:
        """Everything that happens, to the end; SimulationError where an invariant breaks."""
        try:
            with small_limits(self.rng):
                self._live_through()
        except ViolationError as broken:
            start = self.storm.sendings[0].at
            told = [f"+{(at - start) / 1000:.3f}s {' '.join(map(str, what))}" for at, *what in self.trace]  # type: ignore[operator]
            raise SimulationError(self.seed, broken, told, "--apart ") from broken
        report = self.report
        report.rows, report.taken = self.checks.rows, self.provider.taken.total()
        report.links, report.adopted = len(self.checks.pending_ever), len(self.checks.adopted)
        report.contested = self.storm.contested
        return report

    def digest(self) -> str:
        """Equal for equal worlds."""
        stored = [sorted((raw, topic.file.profiles[key]) for raw, key in topic.file.ids.items()) for topic in self.topics]
        seen = (stored, sorted(self.provider.taken.items()), self.report.steps, list(self.trace))
        return blake2b(repr(seen).encode(), digest_size=16).hexdigest()

    def _live_through(self) -> None:
        self.now = self.storm.sendings[0].at
        end = max(sending.at for sending in self.storm.sendings) + HOUR
        for sending in self.storm.sendings:
            self.at(sending.at, lambda sending=sending: self._emit(sending))
        self.at(end, self._calm_down)
        for number in range(self.partitions):
            self._happen(number, lambda number=number: self._open(number))
        while self.agenda and self.agenda[0][0] <= end + AFTERWARDS:
            self.now, _, what = heappop(self.agenda)
            self.report.steps += 1
            require(self.report.steps < STEPS_MAX, "I0", "it never comes to rest")
            what()
        self.checks.rest(self.topics, self.storm, self.home)

    def _happen(self, number: int, what: Callable[[], None]) -> None:
        try:
            what()
        except DiedError:
            self._die(number)
        except FencedError:
            self.report.fenced += 1
        except (ViolationError, KeyboardInterrupt):
            raise
        except Exception as error:
            raise ViolationError("I0", "".join(traceback.format_exception(error)[-6:])) from error

    # ── logs and lines ──────────────────────────────────────────────────────────────────────────────────────────────

    def _emit(self, sending: Said) -> None:
        """The broker takes it, in whatever partition the emitter chose; its time is when it did."""
        number = self.storm.place(self.rng, sending, self.home, self.partitions)
        self.topics[number].take_event(sending.event, self.now)
        self.wake(number, self.now + self.rng.randrange(50))

    def carry(self, source: int, target: int) -> None:
        """Bring the next record of this line, some time later."""
        line = self.lines[source, target]
        if line.busy or not line.waits:
            return
        line.busy = True
        delay = self.rng.randrange(self.lateness) if self.lateness else 0

        def deliver() -> None:
            line.busy = False
            record = line.take()
            if record is not None:
                self.note("line", source, "→", target, "brings", record)
                self.topics[target].take_record(record)
                self.wake(target, self.now + self.rng.randrange(20))
            self.carry(source, target)

        self.at(self.now + delay, deliver)

    def _bring_again(self, number: int) -> None:
        """After a crash a line does not know what has arrived."""
        for (source, target), line in self.lines.items():
            if source == number and self.rng.random() < 0.5:
                self.report.again += line.go_back(self.rng.randrange(1, 6))
                self.carry(source, target)

    # ── workers ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _open(self, number: int) -> None:
        """Somebody works on the partition from here on; whoever did so before is fenced."""
        self.owners[number] = Owner(self, self.topics[number])
        self.note("partition", number, "is opened, epoch", self.topics[number].epoch)
        self.turn_at[number] = -1
        self.wake(number, self.now)

    def _die(self, number: int) -> None:
        """The worker's process ends: all its partitions are without an owner until its session is over."""
        self.report.deaths += 1
        worker = self.worker_of[number]
        back = self.now + self.rng.choice((100, 6 * SECOND, 6 * SECOND, 10 * MINUTE))
        for one in [one for one, its in self.worker_of.items() if its == worker and one in self.owners]:
            self.note("partition", one, "loses its owner")
            self.owners.pop(one).alive = False
            self.worker_of[one] = self.rng.randrange(self.workers)
            self._bring_again(one)
            self.at(back, lambda one=one: self._reopen(one))

    def _reopen(self, number: int) -> None:
        if number not in self.owners:
            self._happen(number, lambda: self._open(number))

    def _take_over(self, number: int) -> None:
        """Another worker gets the partition while the one before still believes that it is its own."""
        zombie = self.owners[number]
        self.note("partition", number, "is taken over")
        self._happen(number, lambda: self._open(number))
        self.at(self.now + self.rng.randrange(10 * SECOND), lambda: self._happen(number, lambda: zombie.turn(self.now)))

    def wake(self, number: int, when: int) -> None:
        """Have a turn then, or earlier."""
        when = max(when, self.asleep_until[number])
        if self.turn_at[number] < 0 or when < self.turn_at[number]:
            self.turn_at[number] = when
            self.at(when, lambda: self._happen(number, lambda: self._turn(number, when)))

    def _turn(self, number: int, when: int) -> None:
        owner = self.owners.get(number)
        if owner is None or self.turn_at[number] != when:
            return
        self.turn_at[number] = -1
        if self.rng.random() < self.sleepiness:
            self.asleep_until[number] = self.now + self.rng.choice((500, 20 * SECOND, 2 * MINUTE, 3 * HOUR))
            self.wake(number, self.now)
            return
        if self.rng.random() < self.mortality / 4:
            self._take_over(number)
            return
        owner.doom = self.rng.choice(DEATHS) if self.rng.random() < self.mortality else ""
        owner.turn(self.now)
        due = owner.wants_turn_at(self.now)
        if due is not None:
            self.wake(number, due)

    def _calm_down(self) -> None:
        """From here on nothing fails."""
        self.mortality = self.sleepiness = 0.0
        self.lateness = min(self.lateness, 20 * SECOND)
        self.provider.weights, self.hooks.weights = HEALTHY, hooks.HEALTHY
        for number in range(self.partitions):
            self.asleep_until[number] = 0
            self._reopen(number)
            self.wake(number, self.now)
