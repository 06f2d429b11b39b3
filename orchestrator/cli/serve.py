"""`orchestrator serve`: edge (HTTP and provider sockets) and engine, two processes, one file."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Annotated

import typer

from orchestrator import bootstrap
from orchestrator.cli.options import Workspace

StateOption = Annotated[Path, typer.Option(help="The state file; made where there is none.", metavar="FILE")]


def serve(
    workspace: Workspace,
    state: StateOption = Path("orchestrator.sqlite"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 picks a free one.")] = 8080,
    outbox: Annotated[Path | None, typer.Option(help="Folder of the file channel; beside the state file by default.")] = None,
) -> None:
    """Serve: accept events over HTTP (Segment shape), decide, send. An answer of 200 means on disk."""
    folder = outbox or state.parent / "outbox"
    code = asyncio.run(bootstrap.run_edge(workspace, state, host, port, folder))
    raise typer.Exit(code)


def engine(
    workspace: Workspace,
    state: StateOption,
    socket_number: Annotated[int, typer.Option("--socket", help="File number of the socket to the edge.")],
) -> None:
    """Run the engine process of `serve`; not for people."""
    with socket.socket(fileno=socket_number) as edge:
        bootstrap.run_engine(workspace, state, edge)
