"""`orchestrator serve`: edge (HTTP and provider sockets) and engine, two processes, one file."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.bootstrap.beside import console_beside, end_in_order, engine_beside
from orchestrator.cli.options import Environment, Publisher, Workspace, system_user
from orchestrator.config import sending_settings
from orchestrator.intake.listening import listening
from orchestrator.stores.lock import claimed

StateOption = Annotated[Path, typer.Option(help="The state file; made where there is none.", metavar="FILE")]


def serve(
    workspace: Workspace,
    state: StateOption = Path("orchestrator.sqlite"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 picks a free one.", min=0, max=65_535)] = 8080,
    by: Publisher = "",
    outbox: Annotated[Path | None, typer.Option(help="Folder of the file channel; beside the state file by default.")] = None,
    console: Annotated[
        int | None, typer.Option(help="Show the operators' console on this port of this machine.", min=1, max=65_535)
    ] = None,
    environment: Environment = None,
) -> None:
    """Serve: accept events over HTTP (Segment shape), decide, send. An answer of 200 means on disk."""
    settings = sending_settings(environment)
    end_in_order()
    with claimed(state, "orchestrator serve"), ExitStack() as doors:
        sockets = [doors.enter_context(one) for one in listening(host, port)]
        with engine_beside(workspace, state, by or system_user()) as engine:
            if console is not None:
                doors.enter_context(console_beside(state, console))
            from orchestrator.bootstrap.edge import run_edge  # noqa: PLC0415 - its imports take as long as the engine's

            asyncio.run(run_edge(workspace, settings, engine, sockets, outbox or state.parent / "outbox", state))
