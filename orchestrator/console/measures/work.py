"""Works measures out beside the console: a process of its own at low priority, with bounded threads and memory.

    python -m orchestrator.console.measures.work STATE SCRATCH PARENT

It reads a question a line and writes an answer a line. It opens history and state for reading only, sees the history as it
was when it began, and ends when whoever started it has.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import time
import warnings
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import msgspec

from orchestrator.authoring import Workspace, load_snapshot
from orchestrator.console.measures.limits import GROUPS_SHOWN, MEMORY_MAX_BYTES, PROCESS_MAX_BYTES
from orchestrator.console.measures.question import Answered, Question
from orchestrator.errors import StoreError
from orchestrator.history.analytics import Analytics, analytics
from orchestrator.insight.measures import Measured, Span, look_deeper, measure
from orchestrator.insight.measures.members import members_of
from orchestrator.insight.measures.shipped import measures_of
from orchestrator.stores.reader import open_reader

_NICE = 10
_LOOK_S = 1.0
_CONTAINER = Path("/sys/fs/cgroup/memory.max")
_decode = msgspec.json.Decoder(Question).decode


def main() -> None:
    """Answer until nothing more is asked."""
    state, scratch, parent = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    os.nice(_NICE)
    warnings.simplefilter("ignore")  # of numbers at the ends of a search
    room = _room()
    _bound(min(PROCESS_MAX_BYTES, room // 2))
    Thread(target=_end_with, args=(parent, scratch), daemon=True).start()
    try:
        with analytics(state, scratch=scratch, memory=min(MEMORY_MAX_BYTES, room // 4)) as history:
            working = _Working(state, history)
            for line in sys.stdin.buffer:
                sys.stdout.buffer.write(msgspec.json.encode(working.answer(_decode(line))) + b"\n")
                sys.stdout.buffer.flush()
    except (KeyboardInterrupt, StoreError):
        sys.exit(1)


def _room() -> int:
    """Bytes that the machine, or the container, has."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(machine, int(_CONTAINER.read_text(encoding="ascii")))
    except (OSError, ValueError):  # no container, or one without a bound
        return machine


def _bound(most: int) -> None:
    """At most so many bytes, and one thread: libraries for matrices make one a core when loaded, unless they see but one."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    if find_spec("scipy") is not None and hasattr(os, "sched_setaffinity"):
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(cores)})
        for name in ("numpy", "scipy.optimize", "scipy.stats"):
            import_module(name)
        os.sched_setaffinity(0, cores)


def _end_with(parent: int, scratch: Path) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    shutil.rmtree(scratch, ignore_errors=True)
    os._exit(1)


class _Working:
    def __init__(self, state: Path, history: Analytics) -> None:
        self._state, self._history = state, history
        self._workspace = lru_cache(maxsize=4)(self._load)

    def _load(self, program: str) -> Workspace:
        with open_reader(self._state) as reader:
            content = reader.program(program)
        if content is None:
            raise StoreError(f"{self._state}: there is no program {program}")
        return load_snapshot(content)

    def answer(self, question: Question) -> Answered:
        """What is asked, or what there is too little of."""
        import duckdb  # noqa: PLC0415 - the extra

        begun = time.monotonic()
        try:
            found = self._measured(question)
        except (MemoryError, duckdb.OutOfMemoryException):
            return Answered(trouble="memory", took=_since(begun), clock=self._history.clock)
        except duckdb.Error as error:
            print(f"measure {question.measure}: {error}", file=sys.stderr)  # noqa: T201 - the console's log
            return Answered(trouble="broken", took=_since(begun), clock=self._history.clock)
        told = Answered(
            found.whole, found.by, found.told_by, found.more, found.parameters, found.steps, found.cohorts, found.looks
        )
        return msgspec.structs.replace(told.few(GROUPS_SHOWN), clock=self._history.clock, took=_since(begun))

    def _measured(self, question: Question) -> Measured:
        workspace = self._workspace(question.program)
        chosen = next((one for one in measures_of(workspace) if one.name == question.measure), None)
        if chosen is None:
            raise StoreError(f"there is no measure {question.measure}")
        span, by = Span(question.first, question.last), question.by or None
        found = measure([chosen], self._history, workspace.program, span, by, lambda: self._members(workspace))
        if question.deep:
            look_deeper(found[chosen.name], self._history, workspace.program, span)
        return found[chosen.name]

    def _members(self, workspace: Workspace) -> Iterator[tuple[int, str]]:
        with open_reader(self._state) as reader:
            yield from members_of(workspace.program, reader.everybody(), self._history.clock)


def _since(begun: float) -> int:
    return int((time.monotonic() - begun) * 1000)


if __name__ == "__main__":
    main()
