"""`orchestrator history`: bring a state file's history up to it, once or for as long as it runs."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from orchestrator.history import catch_up, folder_of
from orchestrator.history import follow as go_on

NICENESS = 10
"""So that the engine beside it goes before."""


def history(
    state: Annotated[Path, typer.Option(help="The state file of `serve` or `replay`.", metavar="FILE")],
    follow: Annotated[bool, typer.Option("--follow", help="Go on until it is ended.")] = False,  # noqa: FBT002 - an option
) -> None:
    """Bring the history beside a state file up to it: what `measure` and pages read.

    It reads the file in short transactions, so an engine may work on it; it may be ended at any moment.
    """
    os.nice(NICENESS)
    caught = catch_up(state)
    typer.echo(f"{folder_of(state)}: {caught.rows:,} rows taken in, up to row {caught.seq:,}")
    if follow:
        ended = Event()
        for heard in (signal.SIGINT, signal.SIGTERM):
            signal.signal(heard, lambda *_: ended.set())
        go_on(state, ended.is_set)
