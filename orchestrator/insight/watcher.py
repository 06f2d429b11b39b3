"""What one decision saw: every condition judged, its tree, and a sentence where it was not true."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orchestrator.domain.decision import Entry
from orchestrator.insight.reading.tongue import Tongue
from orchestrator.insight.reading.why import why_not
from rules import Condition, trace


class Judged(NamedTuple):
    """A condition's tree with the values that each node saw, and one sentence where it was not true."""

    rule: dict[str, Any] | None = None
    why: str | None = None


@dataclass(slots=True)
class Watcher:
    """Keeps the tree of every condition judged during one decision, by what it was judged for, and who was turned away."""

    tables: dict[str, Any]
    tongue: Tongue
    seen: defaultdict[str, deque[Judged]] = field(default_factory=lambda: defaultdict(deque))
    away: list[tuple[Entry, Judged]] = field(default_factory=list)

    def saw(self, subject: str, condition: Condition, readable: dict[str, Any], result: object) -> None:
        found = trace(condition.rule, readable, self.tables)
        self.seen[subject].append(Judged(found.as_json(), None if result else why_not(condition.rule, found, self.tongue)))

    def turned_away(self, campaign: str, reason: str, _now: int) -> None:
        judged = [self.seen[f"{campaign} {asked}"] for asked in ("if", "while") if reason in (asked, "while")]
        last = [one.pop() for one in judged if one]
        self.away.append((Entry(campaign, "not_entered", reason), last[-1] if last else Judged()))

    def forget(self) -> None:
        """What was seen explains nothing."""
        self.seen.clear()
        self.away.clear()

    def take(self, subject: str) -> Judged:
        judged = self.seen.get(subject)
        return judged.popleft() if judged else Judged()

    def last(self, subject: str) -> Judged:
        """What was seen of it last."""
        judged = self.seen.get(subject)
        return judged[-1] if judged else Judged()
