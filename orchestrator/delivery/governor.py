"""Permits: kill switch and rates are one thing, asked just before a message leaves. Fails closed.

A channel has a rate. A message that finds the second full gets a second of its own in the queue and comes back then, once:
were it told "soon", every waiting message would ask again each second, and a long queue would leave no time for anything else.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.delivery.limits import LAG_MS, LEASE_MS, MARKETING_SHARE, RATE
from orchestrator.delivery.turns import Turns
from orchestrator.domain.input import Permit, Refusal
from orchestrator.domain.profile import Call, Message

SECOND_MS = 1_000


@dataclass(slots=True)
class OpenGovernor:
    """Grants everything: for replays, where nothing leaves."""

    def ask(self, _message: Message | Call, now: int, _wall: int) -> Permit | Refusal:
        return Permit(now + LEASE_MS)


@dataclass(slots=True)
class Governor:
    """The governor of an embedded engine: a kill switch, and at most so many messages a second on a channel."""

    killed: bool = False
    rates: dict[str, int] = field(default_factory=dict)
    """channel → messages a second."""
    _granted: dict[str, tuple[int, int]] = field(default_factory=dict)
    """channel → the latest second in which leave was given, and how often."""
    _queues: dict[tuple[str, bool], Turns] = field(default_factory=dict)

    def ask(self, message: Message | Call, now: int, wall: int) -> Permit | Refusal:
        """Leave at the partition's time `now`, or why not and when to come back.

        A clock that lags behind `wall` (an outage, a switch that ended) gives none: the leave would be over before the message
        could go, and at `wall` the gates may say otherwise.
        """
        if self.killed:
            return Refusal("kill")
        rate = self.rates.get(message.channel, RATE)
        late = wall - now > LAG_MS
        second = max((wall // SECOND_MS) + 1 if late else now // SECOND_MS, self._granted.get(message.channel, (0, 0))[0])
        queue = self._queue(message, rate)
        turn = queue.turn(message.id, second)
        if turn == second and not late and self._grant(message.channel, second, rate):
            return Permit(now + LEASE_MS)
        if turn == second and not late:
            turn = queue.turn(message.id, second + 1)
        queue.turns[message.id] = turn
        return Refusal("permit", turn * SECOND_MS)

    def _grant(self, channel: str, second: int, rate: int) -> bool:
        latest, used = self._granted.get(channel, (second, 0))
        used = used if latest == second else 0
        if used >= rate:
            return False
        self._granted[channel] = second, used + 1
        return True

    def _queue(self, message: Message | Call, rate: int) -> Turns:
        marketing = message.cls != "transactional"
        most = max(1, int(rate * MARKETING_SHARE)) if marketing else rate
        queue = self._queues.setdefault((message.channel, marketing), Turns(most))
        queue.most = most
        return queue
