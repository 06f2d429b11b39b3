"""What standing in a stage says of the past: which stages were passed, and how often an event must have come."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.authoring.document import Spot
from orchestrator.authoring.naming import every_step
from orchestrator.authoring.scope import Scope


@dataclass(frozen=True, slots=True)
class Move:
    """A way into a stage. `event`: what moves; empty for time alone, and for `move_to` (without `spot`)."""

    source: str
    target: str
    event: str = ""
    spot: Spot | None = None


@dataclass(frozen=True, slots=True)
class Rounds:
    """Every move of the wheel, from every stage."""

    start: str
    moves: tuple[Move, ...]
    _unentered: dict[str, set[str]] = field(default_factory=dict, compare=False)
    _fewest: dict[str, dict[str, int]] = field(default_factory=dict, compare=False)

    def fewest(self, stage: str, event: str) -> int:
        """How often the event has come at least when a profile stands in the stage."""
        if event not in self._fewest:
            self._fewest[event] = self._by_stage(event)
        return self._fewest[event].get(stage, 0)

    def _by_stage(self, event: str) -> dict[str, int]:
        found, waiting = {self.start: 0}, [self.start]
        while waiting:
            here = waiting.pop(0)
            for move in self.moves:
                cost = found[here] + (move.event == event)
                if move.source == here and cost < found.get(move.target, cost + 1):
                    found[move.target] = cost
                    waiting.append(move.target)
        return found

    def passed(self, through: str, stage: str) -> bool:
        """Whether who stands in the stage has entered `through` before."""
        if through not in self._unentered:
            self._unentered[through] = self._without(through)
        return stage not in self._unentered[through]

    def _without(self, through: str) -> set[str]:
        """Where a profile can stand that has never entered the stage."""
        found, waiting = {self.start}, [self.start]
        while waiting:
            here = waiting.pop()
            after = {move.target for move in self.moves if move.source == here and move.target != through} - found
            found |= after
            waiting += after
        return found


def rounds_of(scope: Scope) -> Rounds:
    """The moves that wheel.yaml and the campaigns' `move_to` allow."""
    document = scope.files.one("wheel")
    root = document.root if document is not None else None
    spots = root.at("transitions").elements() if root is not None and root.get("transitions") is not None else []
    moves = [
        Move(source.text, spot.text_of("to") or "", spot.at("on").text_of("event") or "", spot)
        for spot in spots
        for source in spot.at("from").one_or_more()
        if source.text is not None
    ]
    for campaign in scope.files.documents.get("campaigns", ()):
        targets = {step.text_of("move_to") for step in every_step(campaign.root.get("then"))} - {None}
        moves += [Move(source, target) for target in sorted(map(str, targets)) for source in scope.stages]
    return Rounds((root.text_of("start") if root is not None else None) or "", tuple(moves))
