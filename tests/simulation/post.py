"""Between the worker and the providers: messages are handed over a little later, and answers find the way back, or do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.domain.calls import CHANNEL as WEBHOOK
from orchestrator.domain.input import Outcome, Receipt
from orchestrator.domain.outgoing import Outgoing
from tests.simulation.disk import DiedError
from tests.simulation.providers import SECOND

if TYPE_CHECKING:
    from tests.simulation.world import World

TRIES = 12
"""How often a provider that gets no answer brings a receipt again."""


class Post:
    """What `delivery.dispatch` is in production, in virtual time."""

    def __init__(self, world: World) -> None:
        self.world = world

    def send(self, out: Outgoing) -> None:
        """The worker hands over a little later; it may die before, or in between."""
        world = self.world
        if out.doubted:
            self._look(out)
            return
        (world.checks.calls if out.channel == WEBHOOK else world.messages).dispatched(out)
        if world.doom in ("turned", "handing") and (world.doom == "turned" or world.rng.random() < 0.5):
            raise DiedError
        life = world.life
        if world.doom == "handed":
            self._hand_over(out, life)
            return
        delay = world.rng.choice((0, 3, 40, 40, 300, 900))
        world.at(world.now + delay, lambda: self._hand_over(out, life))

    def _hand_over(self, out: Outgoing, life: int) -> None:
        world = self.world
        if world.worker is None or life != world.life:
            return
        if world.now < world.asleep_until:
            world.at(world.asleep_until, lambda: self._hand_over(out, life))
            return
        if world.now > out.not_after:
            self._answer(life, out.key, Outcome(out.message_id, "not_sent", retry_at=world.now + SECOND), only_here=True)
            return
        before = world.provider.taken[out.message_id]
        for delay, only_here, outcome in self._taken(out):
            world.note("handed over", out.message_id, "by", out.campaign, "will answer", outcome.result)
            when = world.now + delay
            world.at(when, lambda outcome=outcome, here=only_here: self._answer(life, out.key, outcome, only_here=here))
        self._speaks(out, before)

    def _look(self, out: Outgoing) -> None:
        """Some providers let us look whether they have it; what they say then is so."""
        world = self.world
        if world.rng.random() < 0.5:
            delay, life = world.rng.randrange(5, 780) * SECOND, world.life
            world.at(world.now + delay, lambda: self._answer(life, out.key, world.looked_for(out.message_id), only_here=True))

    def _speaks(self, out: Outgoing, before: int) -> None:
        """Of what it has taken now the provider speaks later, until it hears that we know."""
        world = self.world
        if world.provider.taken[out.message_id] > before:
            for delay, receipt in world.provider.receipts(out, world.now):
                world.at(world.now + delay, lambda one=receipt: self._bring(out.key, one))

    def _bring(self, key: int, receipt: Receipt, tries: int = 0) -> None:
        world, known = self.world, self.world.checks.receipts.known
        if tries and receipt.id in known:
            return
        if world.worker is not None:
            world.worker.answer(key, receipt)
            world.wake(world.now + world.rng.randrange(50))
        if tries < TRIES:
            world.at(world.now + (world.rng.randrange(10, 60) * SECOND << tries), lambda: self._bring(key, receipt, tries + 1))

    def _taken(self, out: Outgoing) -> list[tuple[int, bool, Outcome]]:
        """What comes of writing it to the wire."""
        world, killed = self.world, self.world.operators.killed_since
        if out.channel == WEBHOOK:
            world.checks.calls.handing_over(out, world.now, killed, world.messages.leave)
            return world.hooks.hand_over(out, world.now)
        world.messages.handing_over(out, world.now, killed)
        return world.provider.hand_over(out, world.now)

    def _answer(self, life: int, key: int, outcome: Outcome, *, only_here: bool) -> None:
        """An answer reaches the process that asked; evidence reaches any."""
        world = self.world
        if world.worker is None or (only_here and life != world.life):
            return
        if outcome.result == "not_sent":
            world.messages.unclear.discard(outcome.message_id)
        world.worker.answer(key, outcome)
        world.wake(world.now + world.rng.randrange(50))
