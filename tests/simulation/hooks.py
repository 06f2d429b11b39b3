"""The other systems that webhooks ask: they know a question again by its id, and lose, double and delay what they answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from orchestrator.domain.input import Outcome
from orchestrator.domain.outgoing import Outgoing
from tests.simulation.providers import SECOND
from tests.simulation.violation import require

FATES = ("answer", "refuse", "busy", "unreachable", "lost_before", "lost_after", "silent", "late", "doubled", "odd")
HEALTHY = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
TOO_LONG = {"code": "x" * 5_000}


@dataclass(slots=True)
class Hooks:
    """`answers`: by the question's id, what it was answered: a system does a thing once, however often it is asked."""

    rng: Random
    weights: list[int] = field(default_factory=lambda: [30, 3, 8, 8, 8, 8, 8, 12, 8, 3])
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    odd: set[str] = field(default_factory=set)
    """Answered with what no run may keep."""

    def hand_over(self, out: Outgoing, now: int) -> list[tuple[int, bool, Outcome]]:
        """(delay, whether only this process hears it, answer) of one question."""
        ident, body = out.message_id, repr((out.to, out.context))
        require(self.bodies.setdefault(ident, body) == body, "I17", ident, "is asked otherwise:", self.bodies[ident], body)
        fate, delay = self.rng.choices(FATES, self.weights)[0], self.rng.randrange(5, 400)
        if ident in self.refused:
            fate = "refuse"
        if fate in ("answer", "lost_after", "silent", "late", "doubled"):
            self.answers.setdefault(ident, {"code": f"c{len(self.answers)}"})
        return list(self._said(fate, ident, delay, now))

    def _said(self, fate: str, ident: str, delay: int, now: int) -> list[tuple[int, bool, Outcome]]:
        yes, rng = Outcome(ident, "accepted", answer=self.answers.get(ident)), self.rng
        if fate == "refuse":
            self.refused.add(ident)
            return [(delay, True, Outcome(ident, "refused", kind="reject"))]
        if fate == "odd":
            self.odd.add(ident)
            return [(delay, True, Outcome(ident, "accepted", answer=TOO_LONG))]
        if fate in ("busy", "unreachable"):
            retry = now + rng.randrange(1, 600 if fate == "busy" else 5) * SECOND
            return [(delay, True, Outcome(ident, "not_sent", kind="throttle", retry_at=retry))]
        if fate in ("lost_before", "lost_after"):
            return [(30 * SECOND, True, Outcome(ident, "in_doubt"))]
        times = {
            "answer": [delay],
            "doubled": [delay, delay + rng.randrange(20 * SECOND)],
            "late": [rng.randrange(5, 200) * SECOND],
        }
        return [(at, True, yes) for at in times.get(fate, [])]
