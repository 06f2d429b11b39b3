"""What bounds how fast messages go: their channel, the account by which it leaves, their sender. SMS count by segments.

How many segments an SMS is, is known once it is rendered, and that is after its leave: schemas bound neither its length nor its
alphabet. So a template counts as its latest text did, and what one text was more is taken from the seconds after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.delivery.limits import COUNTED_KEPT, MARKETING_SHARE, RATE
from orchestrator.domain.decision import MessageChange
from orchestrator.domain.input import Outcome, Receipt
from orchestrator.domain.profile import Call, Message

ACCOUNT, SENDER = "account/", "sender/"
"""What the names of such rates begin with; a channel's is its own name."""
BY_SEGMENTS = "sms"


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second of what bears that name: messages, or segments."""

    name: str
    most: int

    @property
    def marketing(self) -> int:
        """As many of them may be marketing."""
        return max(1, int(self.most * MARKETING_SHARE))


@dataclass(slots=True)
class Rates:
    """`known` are those that somebody has set, by name; a channel has one in any case."""

    known: Mapping[str, int] = field(default_factory=dict)
    adapters: Mapping[str, str] = field(default_factory=dict)
    """channel → its adapter, which is one account."""
    senders: Mapping[str, str] = field(default_factory=dict)
    """template → its sender, in the live program."""
    _weights: dict[str, int] = field(default_factory=dict)
    """template → segments of its latest text, where they are not one."""
    _counted: dict[str, int] = field(default_factory=dict)
    """message → for how many it was counted when it had leave, where that is not one, until its outcome."""
    _bounds: dict[tuple[str, str], tuple[Rate, ...]] = field(default_factory=dict)

    def of(self, channel: str, sender: str) -> tuple[Rate, ...]:
        """Everything that bounds messages of that sender on that channel."""
        found = self._bounds.get((channel, sender))
        if found is None:
            named = (f"{ACCOUNT}{self.adapters.get(channel, '')}", f"{SENDER}{sender}")
            set_here = (Rate(name, self.known[name]) for name in named if name in self.known)
            found = self._bounds[channel, sender] = (Rate(channel, self.known.get(channel, RATE)), *set_here)
        return found

    def sender(self, message: Message | Call) -> str:
        """Who sends it; a webhook's is whom it asks."""
        return message.to if isinstance(message, Call) else self.senders.get(message.template, "")

    def weight(self, message: Message | Call) -> int:
        """How many of a rate it counts for."""
        return self._weights.get(message.template, 1) if isinstance(message, Message) and self._weights else 1

    def more(self, change: MessageChange, given: Outcome | Receipt) -> int:
        """By how much a text that has left was more than it was counted for; the next one of its template counts as it did."""
        if change.channel != BY_SEGMENTS or not isinstance(given, Outcome) or given.result not in ("accepted", "in_doubt"):
            return 0
        self._weights.pop(change.template, None)
        if given.segments > 1:
            self._weights[change.template] = given.segments
        return max(0, given.segments - self._counted.pop(change.id, 1))

    def counts(self, message_id: str, weight: int) -> None:
        """It has leave, and was counted for so many."""
        if weight > 1:
            self._counted[message_id] = weight
            if len(self._counted) > COUNTED_KEPT:
                del self._counted[next(iter(self._counted))]


def sender_is_bounded(rates: tuple[Rate, ...]) -> bool:
    """Whether its sender has a rate of its own: then those that wait for it wait apart."""
    return rates[-1].name.startswith(SENDER)
