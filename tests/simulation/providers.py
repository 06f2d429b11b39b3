"""Providers that accept, refuse, throttle, lose the answer before or after accepting, answer late or never."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from orchestrator.domain.input import Outcome, Receipt
from orchestrator.domain.outgoing import Outgoing

SECOND = 1_000
FATES = ("accept", "refuse", "throttle", "unreachable", "lost_before", "lost_after", "silent", "late")
HEALTHY = [1, 0, 0, 0, 0, 0, 0, 0]
LATEST = 29 * 3_600 * SECOND
"""How late a receipt comes at the latest."""
SAID = (
    ("processed", "delivered"),
    ("processed", "delivered", "opened", "clicked"),
    ("sent", "delivered", "opened machine"),
    ("processed", "deferred", "bounced"),
    ("delivered", "complained"),
    ("sent", "undelivered"),
    ("delivered", "blocked"),
    (),
)
"""What may be said of one message, in its order."""
OF_EMAIL = ("opened", "clicked", "complained")


def temper(rng: Random) -> list[int]:
    """How often each of `FATES` in one world."""
    return list(rng.choice(([70, 5, 8, 4, 4, 5, 3, 3], [40, 10, 20, 10, 8, 8, 6, 6], HEALTHY)))


@dataclass(slots=True)
class Provider:
    """Both channels' providers in one. `taken` counts, by message id, what they really took."""

    rng: Random
    weights: list[int]
    """How often each of `FATES`."""
    taken: Counter[str] = field(default_factory=Counter)

    def receipts(self, message: Outgoing, now: int) -> list[tuple[int, Receipt]]:
        """(delay, receipt) of all that is said of a message taken: late, doubled, in any order."""
        rng, found = self.rng, list[tuple[int, Receipt]]()
        for number, said in enumerate(rng.choice(SAID)):
            word, _, machine = said.partition(" ")
            if message.channel == "sms" and word in OF_EMAIL:
                continue
            url = f"https://shop.example/{rng.randrange(2)}" if word == "clicked" else ""
            one = Receipt(
                message.message_id,
                f"{message.message_id}-{number}",
                word,
                now + number * SECOND,
                message.channel,
                url=url,
                machine=bool(machine),
            )
            for _ in range(rng.choice((1, 1, 1, 2, 5))):
                found.append((rng.choice((rng.randrange(50), rng.randrange(600) * SECOND, rng.randrange(LATEST))), one))
        return found

    def hand_over(self, message: Outgoing, now: int) -> list[tuple[int, bool, Outcome]]:
        """(delay, whether only this process hears it, answer) of one attempt."""
        rng, ident = self.rng, message.message_id
        fate = rng.choices(FATES, self.weights)[0]
        if fate in ("accept", "lost_after", "silent", "late"):
            self.taken[ident] += 1
        delay = rng.randrange(5, 400)
        match fate:
            case "accept":
                return [(delay, True, Outcome(ident, "accepted", f"p-{ident}"))]
            case "refuse":
                return [(delay, True, Outcome(ident, "refused", kind="reject"))]
            case "throttle" | "unreachable":
                retry = now + rng.randrange(1, 600 if fate == "throttle" else 5) * SECOND
                return [(delay, True, Outcome(ident, "not_sent", kind="throttle", retry_at=retry))]
            case "lost_before" | "lost_after":
                evidence = Outcome(ident, "accepted" if fate == "lost_after" else "refused", detail="evidence")
                later = rng.randrange(60, 3_600) * SECOND
                return [(30 * SECOND, True, Outcome(ident, "in_doubt")), (later, False, evidence)][: rng.choice((1, 2))]
            case "late":
                return [(rng.randrange(40, 200) * SECOND, True, Outcome(ident, "accepted", f"p-{ident}"))]
            case _:
                return []
