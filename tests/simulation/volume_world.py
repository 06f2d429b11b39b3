"""Eight workers that ask one account for leave in batches, over restarts, new wordings and operators: all of it counts."""

from __future__ import annotations

from collections import deque
from random import Random

from orchestrator.delivery.volume import APPROVE, Rail, Volume, tally_of
from orchestrator.domain.campaign import Approval
from orchestrator.domain.input import Control
from orchestrator.domain.policies import Breaker, Canary
from tests.simulation.violation import ViolationError, require
from tests.simulation.world import SimulationError

START = 1_764_547_200_000
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
WORKERS, STEPS = 8, 300
CAMPAIGN = "c"


class VolumeWorld:
    """`granted`: (when, how many). What is kept is what a commit with each answer keeps."""

    def __init__(self, seed: int) -> None:
        rng = self.rng = Random(seed)
        self.seed, self.now = seed, START
        self.over, self.within = rng.choice((20, 150)), rng.choice((HOUR, DAY))
        self.floor, self.first, self.hold = rng.choice((30, 200)), rng.choice((10, 50)), rng.choice((HOUR, 6 * HOUR))
        self.which = rng.choice(("envelope", "breaker", "canary"))
        self.content, self.publisher = 0, "ada"
        self.kept: dict[str, bytes] = {}
        self.granted: list[tuple[int, int]] = []
        self.fresh: list[tuple[int, int]] = []
        self.tripped = False
        self.trace: deque[str] = deque(maxlen=20)
        self.accounts = [self.account() for _ in range(WORKERS)]

    def rail(self) -> Rail:
        approval = Approval(self.over, self.within) if self.which == "envelope" else None
        breaker = Breaker(self.floor) if self.which == "breaker" else None
        canary = Canary(self.first, self.hold) if self.which == "canary" else None
        return Rail(CAMPAIGN, str(self.content), self.publisher, approval, breaker, canary)

    def account(self) -> Volume:
        """The account as a new process opens it."""
        found = Volume()
        found.lay([self.rail()])
        for kept in self.kept.values():
            found.remember(tally_of(kept))
        return found

    def of(self, _worker: int) -> Volume:
        """Which account a worker's question is answered from: there is one for all."""
        return self.accounts[0]

    def run(self) -> VolumeWorld:
        """Everything that happens; SimulationError where an invariant breaks."""
        try:
            for _ in range(STEPS):
                self.now += self.rng.choice((0, SECOND, MINUTE, self.within // 10))
                self._step()
        except ViolationError as broken:
            raise SimulationError(self.seed, broken, list(self.trace)) from broken
        return self

    def _step(self) -> None:
        what = self.rng.random()
        if what < 0.08:
            self.trace.append("restart")
            self.accounts = [self.account() for _ in range(WORKERS)]
        elif what < 0.1:
            self.content, self.fresh = self.content + 1, []
            for account in self.accounts:
                account.lay([self.rail()])
        elif what < 0.14:
            said = Control(APPROVE, on=True, campaign=CAMPAIGN, actor=self.publisher, up_to=500, until=self.now + DAY)
            self.accounts[0].hear(said, self.now)
        else:
            self._ask(self.rng.randrange(WORKERS))

    def _ask(self, worker: int) -> None:
        account, wanted = self.of(worker), self.rng.choice((1, 7, 60))
        count = min(wanted, account.room(CAMPAIGN, self.now, wanted).count)
        account.grant(CAMPAIGN, count, self.now)
        self.tripped = self.tripped or bool(account.take_trips())
        self.kept |= dict(account.notes())
        self.trace.append(f"{worker} wants {wanted}, gets {count}")
        if count:
            self.granted.append((self.now, count))
            self.fresh.append((self.now, count))
            self._check()

    def _check(self) -> None:
        if self.which == "envelope":
            within = sum(count for at, count in self.granted if at > self.now - self.within)
            require(within <= self.over, "V1", within, "were granted in a window of", self.over)
        elif self.which == "breaker":
            require(not self.tripped, "V2", "the campaign is paused, and more was granted")
            lately = sum(count for at, count in self.granted if at > self.now - HOUR)
            require(lately <= self._most(), "V2", lately, "were granted within an hour, not", self._most())
        else:
            first = next(at for at, _ in self.fresh)
            so_far, reached = 0, None
            for at, count in self.fresh:
                so_far += count
                reached = at if reached is None and so_far >= self.first else reached
            held = reached is None or self.now < reached + self.hold
            require(not held or so_far <= self.first, "V3", so_far, "of new content since", first, "before it was looked at")

    def _most(self) -> int:
        """By the plain meaning: the floor, or five times the busiest clock hour and a bit of the days before."""
        today = self.now // DAY * DAY
        earlier = [(at, count) for at, count in self.granted if at < today]
        busiest = max((sum(n for t, n in earlier if at - HOUR - MINUTE <= t <= at) for at, _ in earlier), default=0)
        return max(self.floor, 5 * busiest)
