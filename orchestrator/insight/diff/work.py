"""The comparison in parts, each of customers of its own, by several processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.authoring import Workspace, load_snapshot
from orchestrator.delivery.question import samples
from orchestrator.domain.campaign import Emit
from orchestrator.domain.program import Program
from orchestrator.errors import OrchestratorError
from orchestrator.insight.diff.compare import Compared, Progress, compare
from orchestrator.insight.diff.links import Shard, homes_of
from orchestrator.insight.diff.renames import renames

WORTH_BYTES = 1 << 20
"""Bytes of files that are worth a process more: fewer are compared faster than one starts."""
PART_BYTES = 64 << 20
"""Bytes of files whose customers are compared together at most: what a process holds follows them and their messages."""
_LOOK_S = 0.2
"""Between two looks at how far the others are."""


@dataclass(frozen=True, slots=True)
class Given:
    """One workspace: its files as a blob, so that every process compiles the same, and what came of it here."""

    blob: bytes
    workspace: Workspace

    @classmethod
    def of(cls, blob: bytes) -> Given:
        return cls(blob, load_snapshot(blob))

    @property
    def program(self) -> Program:
        return self.workspace.program


@dataclass(frozen=True, slots=True)
class Worked:
    compared: Compared
    processes: int
    together: tuple[str, ...] = ()
    """Campaigns that emit events to other customers: everybody is then decided in one process."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """old name → new name of campaigns that are compared with each other"""


def compare_all(
    old: Given,
    new: Given,
    paths: Sequence[Path],
    *,
    until: int | None = None,
    processes: int | None = None,
    progress: Progress | None = None,
) -> Worked:
    """Compare the two workspaces over these files; without `processes`, in as many as they are worth."""
    together = tuple(sorted({*emits_to_others(old.program), *emits_to_others(new.program)}))
    size = sum(path.stat().st_size for path in paths if path.exists())
    number = 1 if together else processes or max(1, min(cores(), size // WORTH_BYTES))
    parts = 1 if together else max(number, -(-size // PART_BYTES))
    renamed = renames(old.workspace, new.workspace)
    if parts == 1:
        whole = Compared()
        answers, programs = _answers(old.workspace, new.workspace), (old.program, new.program)
        whole.join(compare(*programs, paths, renamed=renamed, until=until, progress=progress, samples=answers))
        return Worked(whole, 1, together, renamed)
    homes = homes_of(paths)
    shards = [Shard(one, parts, homes) for one in range(parts)]
    return Worked(_in_processes(number, old, new, paths, shards, until, progress), number, renamed=renamed)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def emits_to_others(program: Program) -> set[str]:
    """Campaigns with an `emit … to`: whom it reaches is known only when it is decided, so nobody may be set apart."""
    return {
        campaign.name
        for campaign in program.campaigns.values()
        if any(isinstance(node.verb, Emit) and node.verb.to is not None for node in campaign.steps.nodes)
    }


def _in_processes(
    number: int,
    old: Given,
    new: Given,
    paths: Sequence[Path],
    shards: Sequence[Shard],
    until: int | None,
    progress: Progress | None,
) -> Compared:
    """New processes, not forked ones: nothing of this one's threads and open files comes along."""
    context = multiprocessing.get_context("spawn")
    done = context.Value("q", 0)
    whole = Compared()
    with ProcessPoolExecutor(number, context, _count_into, (done,)) as pool:
        try:
            work = [pool.submit(_part, old.blob, new.blob, list(paths), shard, until) for shard in shards]
            _follow(work, done, len(shards), progress)
            for part in work:
                whole.join(part.result())
        except BrokenProcessPool as error:
            message = "a process of the comparison died (out of memory?); try --processes 1"
            raise OrchestratorError(message) from error
    return whole


def _follow(work: Sequence[Future[Compared]], done: Any, parts: int, progress: Progress | None) -> None:
    """Tell how far they are until all have come back; each part reads every line."""
    told, left = 0, set(work)
    while left:
        _, left = wait(left, timeout=_LOOK_S)
        now = done.value // parts
        if progress is not None and now > told:
            progress(now - told)
        told = now


_done: list[Any] = []
"""In a worker: the number of lines read by all."""


def _count_into(done: Any) -> None:
    _done[:] = [done]


def _advance(lines: int) -> None:
    with _done[0].get_lock():
        _done[0].value += lines


def _part(old: bytes, new: bytes, paths: list[Path], shard: Shard, until: int | None) -> Compared:
    given = load_snapshot(old), load_snapshot(new)
    programs, answers = (given[0].program, given[1].program), _answers(*given)
    return compare(*programs, paths, shard, renamed=renames(*given), until=until, progress=_advance, samples=answers)


def _answers(old: Workspace, new: Workspace) -> tuple[dict[str, Any], dict[str, Any]]:
    """What each side's webhooks answer."""
    return samples(old.senders), samples(new.senders)
