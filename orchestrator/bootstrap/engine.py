"""The engine process of `serve`, which the edge starts.

    python -m orchestrator.bootstrap.engine WORKSPACE STATE SOCKET

It has no command line, door or provider to import: it is ready as soon as the workspace is compiled and the store is open.
"""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from orchestrator.authoring import load_snapshot, load_workspace, snapshot
from orchestrator.delivery.governor import Governor
from orchestrator.domain.program import Program
from orchestrator.errors import OrchestratorError
from orchestrator.partition.engine import Engine
from orchestrator.partition.frames import Failed, packed
from orchestrator.partition.host import Host
from orchestrator.partition.live import Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.stores.lock import only_writer
from orchestrator.stores.sqlite import SqliteFile


def go_live(file: SqliteFile, program: Program, workspace: Path, now: int) -> tuple[Program, bool]:
    """Make the workspace's program the live one of this file; says whether it is a new one.

    People in flight on an earlier program keep its steps; a campaign's `without` that is new fires for later crossings only.
    """
    known = file.programs()
    fresh = not known or known[-1][0] != program.name
    if fresh:
        file.activate(program.name, snapshot(workspace), now)
    earlier = [(since, load_snapshot(content).program) for _, since, content in known]
    pinned = {steps.version: steps for _, old in earlier for steps in (c.steps for c in old.campaigns.values())}
    since = _live_since([*earlier, (now, program)] if fresh else earlier)
    return replace(program, pinned=pinned, live_since=since), fresh


def _live_since(programs: Sequence[tuple[int, Program]]) -> dict[str, int]:
    """Since when each `without` pattern of the last program is live without a break; those of the first always were."""
    found: dict[str, int] = {}
    for number, (since, program) in enumerate(programs):
        patterns = program.index.by_without
        found = {ident: found.get(ident, since if number else -1) for ident in patterns}
    return found


def run_engine(workspace: Path, state: Path, edge: socket.socket) -> None:
    """Open the store, go live, and work until the edge hangs up; signals to the whole group are the edge's to hear."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    program = load_workspace(workspace).program
    with only_writer(state):
        file = SqliteFile(state)
        now = time.time_ns() // 1_000_000
        program, fresh = go_live(file, program, workspace, now)
        outbox = Outbox()
        engine = Engine([file.partition(0)], Surroundings(program, Governor(), outbox))
        if fresh:
            engine.activate(program)
            engine.commit()
        Host(Live(engine, outbox, visits=True), edge).run()
        file.close()


def main() -> None:
    """Run the engine; what a person can mend is told by the edge, which has the word."""
    workspace, state, number = sys.argv[1:]
    with socket.socket(fileno=int(number)) as edge:
        try:
            run_engine(Path(workspace), Path(state), edge)
        except OrchestratorError as error:
            with suppress(OSError):
                edge.sendall(packed(Failed(str(error))))
            sys.exit(1)


if __name__ == "__main__":
    main()
