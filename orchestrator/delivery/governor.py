"""Permits: kill switch and rates are one thing, asked just before a message leaves. Fails closed."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.domain.input import Permit, Refusal
from orchestrator.domain.profile import Message

LEASE_MS = 700
"""How long leave to send is good for: a stopped worker's leave has run out before a kill is promised to hold."""
SECOND_MS = 1_000


@dataclass(slots=True)
class OpenGovernor:
    """Grants everything: for replays, where nothing leaves."""

    def ask(self, _message: Message, now: int) -> Permit | Refusal:
        return Permit(now + LEASE_MS)


@dataclass(slots=True)
class Governor:
    """The governor of an embedded engine: a kill switch, and at most so many messages a second on a channel."""

    killed: bool = False
    rates: dict[str, int] = field(default_factory=dict)
    """channel → messages a second."""
    _granted: dict[str, tuple[int, int]] = field(default_factory=dict)

    def ask(self, message: Message, now: int) -> Permit | Refusal:
        if self.killed:
            return Refusal("kill")
        rate = self.rates.get(message.channel)
        if rate is not None:
            second = now // SECOND_MS
            start, used = self._granted.get(message.channel, (second, 0))
            used = used if start == second else 0
            if used >= rate:
                return Refusal("permit", (second + 1) * SECOND_MS)
            self._granted[message.channel] = (second, used + 1)
        return Permit(now + LEASE_MS)
