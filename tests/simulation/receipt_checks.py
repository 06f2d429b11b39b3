"""Invariants of receipts: each word is known once, and a message stands at the gravest that was said of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Receipt
from orchestrator.domain.profile import Profile
from tests.simulation.message_checks import MessageChecks
from tests.simulation.violation import require

RANKS = {"in_doubt": 0, "unknown": 0, "accepted": 1, "delivered": 2, "bounced": 3}
BOUNCED = ("bounced", "blocked", "dropped", "undelivered")
TAKEN = ("processed", "deferred", "sent")
KEPT = 16
"""Messages that a profile remembers, as promised; on purpose not read from the code."""


@dataclass(slots=True)
class ReceiptChecks:
    """What providers said, as far as it is durable."""

    messages: MessageChecks
    known: set[str] = field(default_factory=set)
    """Ids of receipts in the journal."""
    brought: set[str] = field(default_factory=set)
    """Ids of those that are in a log of inputs."""
    gravest: dict[str, int] = field(default_factory=dict)
    """message id → rank of the state that receipts make of it"""
    told: dict[str, set[tuple[str, str, bool]]] = field(default_factory=lambda: defaultdict(set))
    """message id → what became an event of its customer"""

    def heard(self, given: Receipt, profile: Profile, decision: Decision) -> None:
        """A durable decision has met it."""
        self.known.add(given.id)
        ident, state = given.message_id, self.messages.states.get(given.message_id)
        if all(sent.id != ident for sent in profile.sent):
            left = sum(number for name, number in profile.tally.items() if name in RANKS)
            require(left > KEPT, "I25", given, "is said to be of a message that is forgotten, of", left)
            return
        rank = RANKS["bounced" if given.word in BOUNCED else "accepted" if given.word in TAKEN else "delivered"]
        self.gravest[ident] = max(rank, self.gravest.get(ident, 0))
        require(RANKS.get(state or "", -1) == self.gravest[ident], "I25", ident, "is", state, "after", given)
        said = (given.word, given.url, given.machine)
        told = [one for one in decision.inputs if getattr(one, "source", "") == "receipts"]
        require(not (told and said in self.told[ident]), "I25", said, "of", ident, "is told twice")
        require(told or said in self.told[ident] or given.word in TAKEN, "I25", said, "of", ident, "is not told")
        people = [one for one in told if given.machine and getattr(one, "name", "") != "Email Prefetched"]
        require(not people, "I25", said, "of", ident, "was a machine, and is told as", people)
        self.told[ident].add(said)
