"""Eight workers, two governors and one account of volume, in the world of leases: no campaign overruns its rail.

What runs is production's `Leases`, `Budget` and `Lending`. The world commits what a governor says as one transaction, tells its
trips to the workers' partitions, and lets an operator approve more or let the campaign go on.
"""

from __future__ import annotations

from orchestrator.delivery import permits
from orchestrator.delivery.budget import Said
from orchestrator.delivery.permits import Rails
from orchestrator.delivery.volume import APPROVE, Rail
from orchestrator.domain.campaign import Approval
from orchestrator.domain.decision import MessageChange
from orchestrator.domain.input import Control, Outcome
from orchestrator.domain.policies import Breaker, Canary
from orchestrator.domain.profile import Message
from tests.simulation.lease_world import CALM, LEASE_MS, START, Actor, Governor, LeaseWorld, Worker
from tests.simulation.violation import require

HOUR, DAY = 3_600_000, 86_400_000
WORKERS = 8
CAMPAIGN, OTHER = "c", "other"
BARELY = 0.5
"""Of a canary, leave that was lost: where fewer than this have left they may be too few to be looked at."""
TOLD_MS = 5_000
"""In which the governor has heard of what went badly."""
AS_USUAL = 5
"""So many times the busiest hour of the days before."""


class Partitioned(Worker):
    """A worker whose partition hears of switches, and of what became of messages."""

    def __init__(self, world: RailWorld, number: int) -> None:
        self.around, self.paused = world, False
        super().__init__(world, number)

    def begin(self) -> None:
        """Switches are durable in its partition."""
        self.paused = self.around.paused
        super().begin()

    def want(self, message: Message) -> None:
        if self.paused and message.campaign == CAMPAIGN:
            self.at(1_000, lambda: self.want(message))
        else:
            super().want(message)

    def obey(self, control: Control) -> None:
        """A command of the partition's inputs."""
        if control.switch == "pause":
            self.paused = control.on
        self.leases.told(control, self.wall)

    def leave(self, message: Message, not_after: int) -> None:
        super().leave(message, not_after)
        if self.around.bad and message.id in self.around.done:
            change = MessageChange(message.id, message.campaign, "s", "email", "t", message.cls, START, "refused")
            self.leases.hear_of(change, Outcome(message.id, "refused", kind="reject"), self.wall)


class RailWorld(LeaseWorld):
    """`which` rail the campaign has, by the seed; in `quiet` worlds nothing is lost and nobody dies."""

    end = 45_000

    def _settle(self) -> None:
        rng = self.rng
        self.which = rng.choice(("envelope", "breaker", "canary"))
        self.quiet = rng.random() < 0.3
        self.over, self.hold = rng.choice((7, 30, 90)), 15_000
        self.bad = self.which == "canary" and rng.random() < 0.5
        self.more = rng.choice((0, 15)) if self.which == "envelope" else 0
        self.goes_on = self.which == "breaker" and rng.random() < 0.5
        self.loss, self.slow = (0.0, min(self.slow, 200)) if self.quiet else (self.loss, self.slow)
        self.rates = {"email": 40}
        self.rails = Rails("p", "ada", [self.rail(), Rail(OTHER, "one")])
        self.planned = 200
        self.railed = self.lent = self.seen = 0
        self.reached_at: int | None = None
        self.paused = self.tripped = self.resumed = self.approved = False

    def _workers(self) -> list[Worker]:
        return [Partitioned(self, number) for number in range(WORKERS)]

    def rail(self) -> Rail:
        approval = Approval(self.over, HOUR) if self.which == "envelope" else None
        breaker = Breaker(self.over, AS_USUAL) if self.which == "breaker" else None
        canary = Canary(self.over, self.hold) if self.which == "canary" else None
        return Rail(CAMPAIGN, "one", "ada", approval, breaker, canary)

    # ── what happens ────────────────────────────────────────────────────────────────────────────────────────────────

    def _plan(self) -> None:
        super()._plan()
        for actor, up_to in (("ada", 500), ("bob", self.more)) if self.more else ():
            said = Control(APPROVE, on=True, campaign=CAMPAIGN, actor=actor, up_to=up_to, until=START + DAY)
            self.at(self.rng.randrange(CALM), lambda said=said: self._approve(said))

    def _arrives(self, message: Message) -> None:
        if self.rng.random() < 0.2:
            message.campaign = OTHER
        super()._arrives(message)

    def _trouble(self, actor: Actor) -> None:
        if self.quiet or (self.bad and isinstance(actor, Worker)):
            return  # what a worker has not told yet when it dies nobody knows
        super()._trouble(actor)
        if isinstance(actor, Governor):
            actor.wrong = min(0, actor.wrong)  # one whose clock goes before counts less of the hour that was

    def _approve(self, said: Control) -> None:
        self.approved = self.approved or said.actor == "bob"
        self.questions.records.append(permits.encode(said))
        self._tell(said)

    def _tell(self, control: Control) -> None:
        """Every partition hears a command after a while."""
        for worker in self.workers:
            assert isinstance(worker, Partitioned)
            self.at(self.delay(), lambda worker=worker: worker.obey(control))

    def answered(self, said: Said) -> None:
        super().answered(said)
        granted = [each for lease in permits.answer(said.answer).leases for each in lease.granted]
        self.lent += sum(each.count for each in granted if each.kind.campaign == CAMPAIGN)
        if self.lent >= self.over and self.reached_at is None:
            self.reached_at = self.now
        for trip in said.trips:
            require(trip.campaign == CAMPAIGN, "V2", "a breaker paused", trip.campaign)
            self.tripped = self.paused = True
            self._tell(trip)
            if self.goes_on and not self.resumed:
                self.at(3_000, self._resume)

    def _resume(self) -> None:
        """Partitions hear it first, the governor last."""
        self.resumed, self.paused = True, False
        given = Control("pause", on=False, campaign=CAMPAIGN, actor="bob")
        self._tell(given)
        self.at(100, lambda: self.questions.records.append(permits.encode(given)))

    # ── what must hold ──────────────────────────────────────────────────────────────────────────────────────────────

    def left(self, message: Message) -> None:
        super().left(message)
        if message.campaign == CAMPAIGN:
            self.railed += 1
            if self.bad and (self.reached_at is None or self.now - self.reached_at < self.hold - TOLD_MS):
                self.seen += 1
            require(self.railed <= self._most(), "V1", self.railed, "have left, not", self._most())

    def _most(self) -> int:
        """How many may have left by now, by the plain meaning of the rail."""
        if self.which == "envelope":
            return self.over + self.more * self.approved
        if self.which == "breaker":
            return self.over * (AS_USUAL if self.resumed else 1)
        looked = self.reached_at is not None and self.now - self.reached_at >= self.hold - LEASE_MS
        return self.planned if looked and self.seen < self.over * BARELY else self.over

    def _rest(self) -> None:
        """What has no rail has left; in a quiet world a rail is used up, not eaten by leave that nobody used."""
        ours = [message for _, message in self.wanted.values() if message.campaign == CAMPAIGN]
        others = [ident for ident, (_, message) in self.wanted.items() if message.campaign == OTHER and ident not in self.done]
        require(not others, "P5", len(others), "never left:", others[:5])
        if self.quiet:
            most = min(len(ours), self.over)
            require(self.railed >= most, "V4", self.railed, "have left of", most)
            waits = self.which == "breaker" and len(ours) > self.railed
            require(not waits or self.tripped, "V4", "a breaker holds", len(ours) - self.railed, "and has not said so")
