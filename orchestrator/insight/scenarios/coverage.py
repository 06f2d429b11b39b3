"""How much of the campaigns the scenarios walk through: steps taken, and outcomes of steps that have several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from orchestrator.domain.campaign import Branch, Node, Send, Split, Task, WaitFor, Webhook
from orchestrator.domain.program import Program
from orchestrator.partition.partition import Decided

Step = tuple[str, str]
"""campaign and step"""
Way = tuple[str, str, str]
"""campaign, step and outcome"""

NOTHING_TAKEN: dict[str, Any] = {"steps": 0.0, "branches": 0.0, "missed": []}
"""The JSON result where no scenario could be run."""

_SENT = ("accepted", "in_doubt", "unknown")
_NOT_SENT = ("suppressed", "expired", "refused")


@dataclass(slots=True)
class Coverage:
    """Every step and outcome that there is, and those that a scenario has taken."""

    steps: frozenset[Step]
    ways: frozenset[Way]
    taken_steps: set[Step] = field(default_factory=set)
    taken_ways: set[Way] = field(default_factory=set)

    @classmethod
    def of(cls, program: Program) -> Coverage:
        nodes = [(name, node) for name, campaign in program.campaigns.items() for node in campaign.steps.nodes]
        steps = frozenset((name, node.id) for name, node in nodes)
        return cls(steps, frozenset((name, node.id, way) for name, node in nodes for way in _ways(node)))

    def note(self, decided: Iterable[Decided]) -> None:
        """Add what these decisions took."""
        for one in decided:
            for step in one.decision.steps:
                self.taken_steps.add((step.campaign, step.step))
                self.taken_ways.add((step.campaign, step.step, step.way))
            for change in one.decision.messages:
                way = "then" if change.state in _SENT else "otherwise" if change.state in _NOT_SENT else ""
                self.taken_ways.add((change.campaign, change.step, way))

    def as_json(self) -> dict[str, Any]:
        """Shares from 0 to 1, and what is missing."""
        return {
            "steps": _share(self.steps, self.taken_steps),
            "branches": _share(self.ways, self.taken_ways),
            "missed": list(self.missed()),
        }

    def missed(self) -> Iterator[str]:
        """What no scenario has taken, as `campaign/step` or `campaign/step: outcome`."""
        unseen = self.steps - self.taken_steps
        yield from (f"{campaign}/{step}" for campaign, step in sorted(unseen))
        for campaign, step, way in sorted(self.ways - self.taken_ways):
            if (campaign, step) not in unseen:
                yield f"{campaign}/{step}: {'else' if way == 'otherwise' else way}"


def _share(every: frozenset[Any], taken: set[Any]) -> float:
    return round(len(every & taken) / len(every), 4) if every else 1.0


def _ways(node: Node) -> tuple[str, ...]:
    """The outcomes that lead to different places, or that an author tells apart."""
    match node.verb:
        case Branch(ways):
            return (*(str(number + 1) for number in range(len(ways))), "otherwise")
        case Split(_, arms):
            return tuple(arm.name for arm in arms)
        case WaitFor():
            return ("then", "otherwise")
        case Send() | Task() | Webhook() if node.otherwise != node.then:
            return ("then", "otherwise")
        case _:
            return ()
