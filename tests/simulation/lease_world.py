"""Workers, governors and operators around one log of questions: messages late, lost and doubled, anybody asleep or dead.

What runs is production's `Leases` and `Budget`; simulated is the log that carries what they say, and everybody's clocks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import Self

from orchestrator.delivery import permits
from orchestrator.delivery.budget import Budget, Said
from orchestrator.delivery.leases import Leases
from orchestrator.delivery.permits import Rails
from orchestrator.delivery.volume import Rail
from orchestrator.domain.input import Control, Permit
from orchestrator.domain.profile import Message
from tests.simulation.violation import ViolationError, require
from tests.simulation.world import SimulationError

START = 1_750_000_000_000
TICK = 50
CALM = 20_000
"""From then on nothing fails."""
END = 120_000
TRACE_SHOWN = 30
LEASE_MS, WINDOW_MS, SHARE = 700, 1_000, 0.8
"""As promised; on purpose not read from the code."""
URGENT_MS = 4_000
"""How long a transactional message may take where nothing fails, beside what its kind takes at its part of the rate."""


@dataclass(slots=True)
class Log:
    """Records in one order. A reader hears each after a while, in order, some twice."""

    world: LeaseWorld
    records: list[bytes] = field(default_factory=list)

    def read_by(self, reader: Actor, hear: Callable[[bytes, int], None], since: int = 0) -> None:
        """Let a reader hear everything from that record on, each with its place."""
        place, hears = [since], reader.life

        def look() -> None:
            if reader.life != hears:
                return
            while place[0] < len(self.records):
                place[0] += 1
                for _ in range(2 if self.world.happens(0.05) else 1):
                    hear(self.records[place[0] - 1], place[0] - 1)
            reader.at(self.world.delay(), look)

        look()


@dataclass(slots=True)
class Actor:
    """Somebody with clocks of their own, who may sleep, die and come again."""

    world: LeaseWorld
    life: int = 0
    asleep_until: int = 0
    drift: int = 0
    """What their monotone clock shows beyond the world's."""
    wrong: int = 0
    """The same of their wall clock; it jumps."""

    def begin(self) -> None:
        """A new life."""
        raise NotImplementedError

    def at(self, delay: int, what: Callable[[], None]) -> None:
        """Do it after that while, or when awake again, in this life only."""
        life = self.life

        def do() -> None:
            if life != self.life:
                return
            if self.world.now < self.asleep_until:
                self.world.at(self.asleep_until - self.world.now, do)
                return
            what()

        self.world.at(delay, do)

    @property
    def clock(self) -> int:
        return self.world.now + self.drift

    @property
    def wall(self) -> int:
        return START + self.world.now + self.wrong


class Worker(Actor):
    """Its messages wait, ask, are committed and handed over, as a partition's owner and its dispatcher do it."""

    def __init__(self, world: LeaseWorld, number: int) -> None:
        super().__init__(world)
        self.number, self.waiting = number, deque[Message]()
        self.begin()

    def begin(self) -> None:
        self.life += 1
        self.drift, self.wrong = self.world.rng.randrange(10**9), self.world.rng.randrange(-(10**7), 10**7)
        self.leases = Leases(f"{self.number}.{self.life}", lambda: self.clock, self.world.rates, rails=self.world.rails)
        self.world.leases.read_by(self, lambda said, _: self.leases.hear(said), len(self.world.leases.records))
        for message in self.waiting:
            self.want(message)
        self.tick()

    def tick(self) -> None:
        said = self.leases.request()
        if said is not None:
            self.world.questions_sent(said)
        self.at(TICK, self.tick)

    def take(self, message: Message) -> None:
        self.waiting.append(message)
        self.want(message)

    def want(self, message: Message) -> None:
        verdict = self.leases.ask(message, self.wall, self.wall)
        if isinstance(verdict, Permit):
            require(verdict.not_after <= self.wall + LEASE_MS, "P1", "leave for longer than a lease")
            self.at(self.world.rng.choice((5, 20, 200, 400)), lambda: self.leave(message, verdict.not_after))
        else:
            assert verdict.retry_at is not None
            self.at(max(1, verdict.retry_at - self.wall), lambda: self.want(message))

    def leave(self, message: Message, not_after: int) -> None:
        if self.wall <= not_after and self.leases.holds(message.id):
            self.waiting.remove(message)
            self.world.left(message)
        else:
            self.at(1_000, lambda: self.want(message))


class Governor(Actor):
    """One process: it fences who was there before, reads what stands, and answers."""

    def begin(self) -> None:
        world = self.world
        self.life += 1
        self.drift = world.rng.randrange(10**9)
        world.epoch += 1
        self.epoch = world.epoch
        budget, end = Budget(world.rates, lambda: self.clock, lambda: self.wall), len(world.questions.records)
        for name, value in world.notes.items():
            budget.recall(name, value)
        for offset, record in enumerate(world.questions.records[:end]):
            budget.remember(record, offset)
        world.questions.read_by(self, budget.hear, end)
        self.serve(budget)

    def serve(self, budget: Budget) -> None:
        said = budget.answer()
        self.at(TICK if said is None else self.world.delay(), lambda: self.say(budget, said))

    def say(self, budget: Budget, said: Said | None) -> None:
        """One transaction after another."""
        if said is not None and self.epoch != self.world.epoch and self.world.fences():
            self.life += 1  # fenced: its process ends
            return
        if said is not None:
            self.world.answered(said)
        self.serve(budget)


class LeaseWorld:
    """The scheduler, the operators, and what must hold."""

    end = END

    def __init__(self, seed: int) -> None:
        rng = self.rng = Random(seed)
        self.seed, self.now, self.epoch = seed, 0, 0
        self.agenda: list[tuple[int, float, Callable[[], None]]] = []
        self.trace: deque[str] = deque(maxlen=TRACE_SHOWN)
        self.rates = {"email": rng.choice((1, 5, 40))}
        self.loss, self.slow = rng.choice((0.0, 0.1, 0.3)), rng.choice((20, 200, 900))
        self.killed_at: int | None = None
        self.switch_asked: dict[bytes, int] = {}
        self.handed: list[tuple[int, bool]] = []
        self.done: dict[str, int] = {}
        self.granted = 0
        self.latest_answered = -(10**9)
        self.asked: dict[tuple[str, int], int] = {}
        self.questions, self.leases = Log(self), Log(self)
        self.notes: dict[str, bytes] = {}
        self.rails = Rails("p", "ada", [Rail("c", "one")])
        self.planned = rng.choice((5, 25 * self.rates["email"]))
        self.wanted: dict[str, tuple[int, Message]] = {}
        self._settle()
        self.governors = [Governor(self), Governor(self)]
        self.workers = self._workers()

    def _settle(self) -> None:
        """What else is so in this world."""

    def _workers(self) -> Sequence[Worker]:
        return [Worker(self, number) for number in range(self.rng.choice((1, 2, 4)))]

    # ── the agenda ──────────────────────────────────────────────────────────────────────────────────────────────────

    def at(self, delay: int, what: Callable[[], None]) -> None:
        heappush(self.agenda, (self.now + delay, self.rng.random(), what))

    def happens(self, chance: float) -> bool:
        return self.now < CALM and self.rng.random() < chance

    def delay(self) -> int:
        return self.rng.randrange(1, self.slow if self.now < CALM else 30)

    def note(self, *what: object) -> None:
        self.trace.append(f"+{self.now / 1_000:.3f}s {' '.join(map(str, what))}")

    def fences(self) -> bool:
        """The log lets nobody write whose place another has taken."""
        return True

    def run(self) -> Self:
        """Everything that happens, to the end; SimulationError where an invariant breaks."""
        try:
            self._plan()
            while self.agenda and self.agenda[0][0] <= self.end and len(self.done) < self.planned:
                self.now, _, what = heappop(self.agenda)
                what()
            self._rest()
        except ViolationError as broken:
            raise SimulationError(self.seed, broken, list(self.trace)) from broken
        return self

    def _plan(self) -> None:
        rng = self.rng
        for number in range(self.planned):
            urgent = rng.random() < 0.04
            cls = "transactional" if urgent else "marketing"
            one = Message(f"m{number}", "e", "c", "s", "t", cls, ["email"], START, START, number, channel="email")
            self.at(rng.randrange(CALM // 2 if rng.random() < 0.9 else CALM + 10_000), lambda one=one: self._arrives(one))
        self.governors[0].begin()
        for actor in (*self.workers, *self.governors):
            for _ in range(rng.choice((0, 1, 4))):
                self.at(rng.randrange(CALM), lambda actor=actor: self._trouble(actor))
        for _ in range(rng.choice((0, 0, 1, 2))):
            on = rng.randrange(CALM - 5_000)
            self.at(on, lambda: self._switch(Control(rng.choice(("kill", "pause")), on=True)))
            self.at(on + rng.randrange(500, 8_000), self._all_on)
        self.at(CALM, self._calm)

    def _arrives(self, message: Message) -> None:
        self.wanted[message.id] = self.now, message
        self.rng.choice(self.workers).take(message)

    def _trouble(self, actor: Actor) -> None:
        what = self.rng.choice(("sleep", "die", "jump", "begin"))
        self.note(type(actor).__name__, what)
        if what == "sleep":
            actor.asleep_until = self.now + self.rng.choice((100, 650, 3_000, 6_000))
        elif what == "jump":
            actor.wrong += self.rng.choice((-3_600_000, -1_000, 1_000, 3_600_000))
        elif what == "begin" and isinstance(actor, Governor):
            actor.begin()
        else:
            actor.life += 1
            self.at(self.rng.choice((200, 2_000)), actor.begin)

    def _switch(self, given: Control) -> None:
        """The operator's record is in the log at once; who reads it hears of it later."""
        self.note("operator:", given.switch, "on" if given.on else "off")
        if given.on and self.killed_at is None:
            self.killed_at = self.now
        self.questions.records.append(permits.encode(given))

    def _all_on(self) -> None:
        self.killed_at = None
        for switch in ("kill", "pause"):
            self._switch(Control(switch, on=False))

    def _calm(self) -> None:
        self._all_on()
        for actor in (*self.workers, *self.governors):
            actor.asleep_until = min(actor.asleep_until, self.now)
        self.governors[1].begin()

    # ── what goes through the logs ──────────────────────────────────────────────────────────────────────────────────

    def questions_sent(self, said: bytes) -> None:
        found = permits.question(said)
        if isinstance(found, permits.Ask):
            self.asked[found.worker, found.number] = self.now
        if not self.happens(self.loss):
            self.at(self.delay(), lambda: self.questions.records.append(said))

    def answered(self, said: Said) -> None:
        """What a governor tells is durable, all of it together."""
        found = permits.answer(said.answer)
        self.notes |= dict(said.notes)
        for lease in found.leases:
            self.latest_answered = max(self.latest_answered, self.asked[lease.worker, lease.number])
            self.granted += sum(each.count for each in lease.granted)
        self.leases.records.append(said.answer)

    # ── what must hold ──────────────────────────────────────────────────────────────────────────────────────────────

    def left(self, message: Message) -> None:
        """A message is handed over now."""
        marketing = message.cls == "marketing"
        require(message.id not in self.done, "P3", message.id, "left twice")
        killed = self.killed_at is not None and self.now - self.killed_at > LEASE_MS
        require(not killed, "P1", message.id, "left at", self.now, "killed at", self.killed_at)
        late = self.now - self.latest_answered
        require(late <= LEASE_MS, "P4", message.id, "left", late, "ms after the last question that was answered")
        self.handed.append((self.now, marketing))
        self.done[message.id] = self.now
        require(len(self.handed) <= self.granted, "P3", len(self.handed), "left, granted were", self.granted)
        self._rates(marketing=marketing)

    def _rates(self, *, marketing: bool) -> None:
        """Whatever leaves in n windows less a lease was granted within n windows."""
        rate = self.rates["email"]
        for windows in (1, 2, 5):
            since = self.now - windows * WINDOW_MS + LEASE_MS
            near = [kind for at, kind in self.handed[-rate * windows - 2 :] if at > since]
            require(len(near) <= windows * rate, "P2", len(near), "left within", windows, "windows")
            if marketing:
                most = windows * max(1, int(rate * SHARE))
                require(sum(near) <= most, "P2", sum(near), "of marketing left within", windows, "windows")

    def _rest(self) -> None:
        stuck = self.wanted.keys() - self.done.keys()
        require(not stuck, "P5", len(stuck), "never left:", sorted(stuck)[:5])
        urgent = {ident: since for ident, (since, message) in self.wanted.items() if message.cls == "transactional"}
        kept = self.rates["email"] * (1 - SHARE)
        for ident, since in urgent.items():
            took = self.done[ident] - max(since, CALM)
            most = URGENT_MS + 1_000 * len(urgent) / kept
            require(took <= most or kept < 1, "P6", ident, "took", took, "ms, not", most)
