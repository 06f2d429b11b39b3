"""The way of what one partition passes on to another: in order, and after a crash once more from an earlier record on."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.domain.input import Outcome
from orchestrator.partition.identities import Passed


@dataclass(slots=True)
class Line:
    """`records`: all that ever went this way; the first `brought` of them have arrived."""

    records: list[Passed] = field(default_factory=list)
    brought: int = 0
    most: int = 0
    """How many have arrived at least once."""
    busy: bool = False

    @property
    def waits(self) -> bool:
        return self.brought < len(self.records)

    def take(self) -> Passed | None:
        """The next one; an outcome comes once: it does not say of which attempt it is."""
        record, again = self.records[self.brought], self.brought < self.most
        self.brought += 1
        self.most = max(self.most, self.brought)
        return None if again and isinstance(record.given, Outcome) else record

    def go_back(self, count: int) -> int:
        """The last ones will come again; says how many."""
        back = min(count, self.brought)
        self.brought -= back
        return back
