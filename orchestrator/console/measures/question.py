"""What is asked of the process that works measures out, and what it answers: a line of JSON each."""

from __future__ import annotations

from typing import Any

import msgspec

from orchestrator.domain.measure import Measure
from orchestrator.insight.measures import Cohort, Look, Measured, Summed, periodic


class Question(msgspec.Struct, frozen=True):
    """One measure of one program, of what happened from `first` until before `last` (milliseconds), told apart by `by`.

    `by` is one of `BY`, empty, or `OVER_TIME`. `deep`: with the steps of a funnel, the table of cohorts, or a lift's course.
    """

    program: str
    measure: str
    first: int
    last: int
    by: str = ""
    deep: bool = False


class Answered(msgspec.Struct, frozen=True):
    """A `Measured` on its way between processes. `clock`: how far the history had come; `took`: milliseconds.

    `trouble` is empty, or why there is nothing: `time`, `memory` or `broken`. `left_out`: groups that are too many to show.
    """

    whole: Summed = Summed(None, 0)
    by: dict[str, Summed] = {}
    told_by: str = ""
    more: dict[str, dict[str, Any]] = {}
    parameters: dict[str, float] = {}
    steps: list[tuple[str, int]] = []
    cohorts: list[Cohort] = []
    looks: dict[str, list[Look]] = {}
    left_out: int = 0
    clock: int = 0
    took: int = 0
    trouble: str = ""

    def of(self, measure: Measure) -> Measured:
        """The result, of that measure."""
        return Measured(
            measure,
            self.whole,
            self.by,
            self.parameters,
            self.more,
            self.told_by,
            list(self.steps),
            list(self.cohorts),
            dict(self.looks),
        )

    def few(self, most: int) -> Answered:
        """With at most so many groups: of periods the newest, of all else the largest."""
        over = len(self.by) - most
        if over <= 0:
            return self
        ordered = sorted(self.by.items(), key=lambda one: one[0] if periodic(self.told_by) else (one[1].n, one[0]))
        kept = dict(sorted(ordered[over:]))
        more = {name: self.more[name] for name in kept if name in self.more}
        return msgspec.structs.replace(self, by=kept, more=more, left_out=self.left_out + over)
