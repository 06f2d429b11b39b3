"""The comparison in several processes, each with customers of its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.authoring import Workspace, load_snapshot
from orchestrator.domain.campaign import Emit
from orchestrator.domain.program import Program
from orchestrator.errors import OrchestratorError
from orchestrator.insight.diff.compare import Compared, Progress, compare
from orchestrator.insight.diff.links import Shard, homes_of

PROCESSES = 2
"""Processes for files that are worth it."""
SMALL_BYTES = 4 * 1024 * 1024
"""Files of fewer bytes in all are compared faster than a process starts."""
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
    number = 1 if together else processes or (1 if size < SMALL_BYTES else PROCESSES)
    if number == 1:
        whole = Compared()
        whole.join(compare(old.program, new.program, paths, until=until, progress=progress))
        return Worked(whole, 1, together)
    homes = homes_of(paths)
    shards = [Shard(one, number, homes) for one in range(number)]
    return Worked(_in_processes(old, new, paths, shards, until, progress), number)


def emits_to_others(program: Program) -> set[str]:
    """Campaigns with an `emit … to`: whom it reaches is known only when it is decided, so nobody may be set apart."""
    return {
        campaign.name
        for campaign in program.campaigns.values()
        if any(isinstance(node.verb, Emit) and node.verb.to is not None for node in campaign.steps.nodes)
    }


def _in_processes(
    old: Given, new: Given, paths: Sequence[Path], shards: Sequence[Shard], until: int | None, progress: Progress | None
) -> Compared:
    """New processes, not forked ones: nothing of this one's threads and open files comes along."""
    context = multiprocessing.get_context("spawn")
    done = context.Value("q", 0)
    whole = Compared()
    with ProcessPoolExecutor(len(shards), context, _count_into, (done,)) as pool:
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
    programs = load_snapshot(old).program, load_snapshot(new).program
    return compare(*programs, paths, shard, until=until, progress=_advance)
