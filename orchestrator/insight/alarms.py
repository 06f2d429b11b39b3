"""The alarms of campaigns as they are told: once in a log when one is raised and when it is over, on a page, in a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestrator.domain.alarms import SILENCE, Tally, Watched, watched
from orchestrator.domain.campaign import SENDS
from orchestrator.insight.times import span
from orchestrator.metrics import ALARM, Reading
from orchestrator.partition.alarms import decode_all


def line_of(found: Watched) -> str:
    """One bound in words, with what there is and what should be."""
    things, does = ("message", "left") if found.of == SENDS else ("run", "began")
    what = f"{found.number:,} {things}{'' if found.number == 1 else 's'} {does}"
    are = "is" if found.bound == 1 else "are"
    bound = f"at least {found.bound:,} {are} expected" if found.kind == SILENCE else f"at most {found.bound:,} {are} usual"
    held = "; a switch stops its messages, so silence is none" if found.held else ""
    return f"{found.campaign}: {what} within {span(found.per)}, {bound}{held}"


def as_json(found: Watched) -> dict[str, Any]:
    """The same in a command's JSON result; `per` in milliseconds."""
    return dict(found._asdict())


def readings_of(every: Sequence[Watched]) -> list[Reading]:
    """The same on a page of metrics."""
    return [Reading(ALARM, one.raised, {"campaign": one.campaign, "of": one.of, "kind": one.kind}) for one in every]


class Watch:
    """Tells of a change once. It keeps what each partition has told last."""

    def __init__(self, partitions: int = 1) -> None:
        self._partitions = partitions
        self._told: dict[int, list[Tally]] = {}
        self._raised: set[tuple[str, str, str]] = set()

    def hear(self, partition: int, told: bytes) -> None:
        """What a partition has counted by now."""
        self._told[partition] = decode_all(told)

    def stands(self, now: int) -> list[Watched]:
        """Every bound, judged now. Of silence nothing is said until every partition has told."""
        every = [tally for tallies in self._told.values() for tally in tallies]
        return watched(every, now, whole=len(self._told) == self._partitions)

    def news(self, every: Sequence[Watched]) -> list[str]:
        """A line for each alarm that is raised, or over, since the last time."""
        before, self._raised = self._raised, {one.name for one in every if one.raised}
        changed = [one for one in every if (one.name in before) != one.raised]
        over = sorted(name for name in before if name not in {one.name for one in every})
        lines = [f"alarm: {line_of(one)}" if one.raised else f"alarm over: {line_of(one)}" for one in changed]
        return [*lines, *(f"alarm over: {campaign} is not watched for that any more" for campaign, _, _ in over)]
