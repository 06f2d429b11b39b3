"""Between the owners of partitions and the providers: messages leave a little later, and answers find who asked, or nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.domain.calls import CHANNEL as WEBHOOK
from orchestrator.domain.input import Outcome, Receipt
from orchestrator.domain.outgoing import Outgoing
from orchestrator.partition.identities import Passed, keyed
from tests.simulation.disk import DiedError
from tests.simulation.providers import SECOND

if TYPE_CHECKING:
    from tests.simulation.apart import Apart
    from tests.simulation.apart_worker import Owner


class PostApart:
    """What `delivery.dispatch` is in production, in virtual time."""

    def __init__(self, world: Apart) -> None:
        self.world = world

    def send(self, owner: Owner, out: Outgoing) -> None:
        """The owner hands over a little later; it may die before."""
        world = self.world
        if out.doubted:
            return  # nobody looks here
        if out.channel != WEBHOOK:
            world.checks.messages.dispatched(out)
        if owner.doom == "handing" and world.rng.random() < 0.5:
            owner.doom = ""
            raise DiedError
        delay = world.rng.choice((0, 3, 40, 40, 300, 900))
        world.at(world.now + delay, lambda: self._hand_over(owner, out))

    def _hand_over(self, owner: Owner, out: Outgoing) -> None:
        world = self.world
        if not owner.alive:
            return
        if world.now > out.not_after:
            owner.answer(out.key, Outcome(out.message_id, "not_sent", retry_at=world.now + SECOND))
            return
        before = world.provider.taken[out.message_id]
        for delay, only_here, outcome in self._taken(out):
            world.note("handed over", out.message_id, "by", out.campaign, "to", out.person, "will answer", outcome.result)
            world.at(world.now + delay, lambda o=outcome, here=only_here: self._answer(owner, out.key, o, only_here=here))
        if world.provider.taken[out.message_id] > before:
            for delay, receipt in world.provider.receipts(out, world.now):
                world.at(world.now + delay, lambda one=receipt: self._bring(owner.topic.number, out.key, one))

    def _bring(self, number: int, key: int, receipt: Receipt) -> None:
        """It goes into the log of the partition that the message came from."""
        self.world.topics[number].take_record(Passed(keyed(key), receipt, self.world.now))
        self.world.wake(number, self.world.now)
        self.world.checks.receipts.brought.add(receipt.id)

    def _taken(self, out: Outgoing) -> list[tuple[int, bool, Outcome]]:
        world = self.world
        if out.channel == WEBHOOK:
            return world.hooks.hand_over(out, world.now)
        world.checks.messages.handing_over(out, world.now, None)
        return world.provider.hand_over(out, world.now)

    def _answer(self, owner: Owner, key: int, outcome: Outcome, *, only_here: bool) -> None:
        """An answer reaches the life that asked; evidence whoever has the partition now."""
        if outcome.result == "not_sent" and owner.alive:
            self.world.checks.messages.told_not_sent(outcome.message_id)
        now = self.world.owners.get(owner.topic.number)
        target = owner if only_here or now is None else now
        target.answer(key, outcome)
