"""Who is in which segment as the state file stands: each profile judged by the program's own rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.domain.decision import Decision
from orchestrator.domain.moment import Controls, Moment
from orchestrator.domain.profile import unseal
from orchestrator.domain.program import Program
from orchestrator.partition.ports import Stored


def members_of(program: Program, profiles: Iterable[tuple[int, Stored]], now: int) -> Iterator[tuple[int, str]]:
    """(profile, segment)"""
    for key, stored in profiles:
        moment = Moment(program, Controls(), unseal(stored.sealed), now, "measure", Decision())
        for segment in moment.segments():
            yield key, segment
