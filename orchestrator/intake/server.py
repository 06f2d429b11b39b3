"""The HTTP server, whose start and end are ours to time."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

ANSWER_S = 10
"""How long requests under way at the end may take; what is not answered by then comes again."""


class Server(uvicorn.Server):
    """Leaves signals to us: uvicorn's own handling would end the process before messages under way are settled."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app, log_level="warning", access_log=False, log_config=None, lifespan="off", timeout_graceful_shutdown=ANSWER_S
            )
        )
        self.up = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: Sequence[socket.socket] | None = None) -> None:
        await super().startup(list(sockets or ()))
        self.up.set()

    def stop(self) -> None:
        """Take no more requests; `serve` returns when those under way are answered, or after `ANSWER_S`."""
        self.should_exit = True
