"""The console's life as a process."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence
from subprocess import Popen

from starlette.types import ASGIApp

from orchestrator.bootstrap.door import told_to_stop
from orchestrator.intake.server import Server
from orchestrator.logs import say

_LOOK_S = 1.0
"""How often it is looked whether the process that it belongs to is still there."""


async def run_console(
    app: ASGIApp, sockets: Sequence[socket.socket], beside: int | None = None, mirror: Popen[bytes] | None = None
) -> bool:
    """Serve until told to stop, or until the process `beside` that started it is gone. True where the `mirror` has ended."""
    server, told = Server(app), told_to_stop()
    serving = asyncio.create_task(server.serve(list(sockets)))
    stopping = asyncio.create_task(told.wait())
    await server.up.wait()
    host, port = sockets[0].getsockname()[:2]
    say(f"console on http://{host}:{port}")
    orphaned, alone = asyncio.create_task(_gone(beside)), asyncio.create_task(_ended(mirror))
    await asyncio.wait({serving, stopping, orphaned, alone}, return_when=asyncio.FIRST_COMPLETED)
    server.stop()
    ended = alone.done() and not stopping.done()
    for task in (stopping, orphaned, alone):
        task.cancel()
    await serving
    return ended


async def _ended(mirror: Popen[bytes] | None) -> None:
    """Return once the mirror has; never where there is none."""
    while mirror is None or mirror.poll() is None:  # noqa: ASYNC110 - its end is seen by looking
        await asyncio.sleep(_LOOK_S)


async def _gone(process: int | None) -> None:
    """Return once this process is the child of that one no more; never where there is none."""
    while process is None or os.getppid() == process:  # noqa: ASYNC110 - nobody tells a child of its parent's end
        await asyncio.sleep(_LOOK_S)
