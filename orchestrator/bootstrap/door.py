"""What the processes with an HTTP door share: when they are told to end, where they listen, how they speak."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time

from orchestrator.authoring import Workspace
from orchestrator.config import Settings
from orchestrator.errors import UsageError


def told_to_stop() -> asyncio.Event:
    """Set by the first signal to end; a second one ends the process at once."""
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _stop, told)
    return told


def _stop(told: asyncio.Event) -> None:
    told.set()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)


def own_url(listening: socket.socket) -> str:
    """Where somebody on this machine reaches it."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def wall() -> int:
    """Now, in milliseconds."""
    return time.time_ns() // 1_000_000


def say(line: str) -> None:
    """Tell whoever started the process."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the command line's own voice


def require_survey_key(loaded: Workspace, settings: Settings) -> None:
    """UsageError where links to surveys would lead nowhere: each process has to know by itself what signs them."""
    if loaded.surveys and not (settings.survey_key and settings.public_url):
        message = (
            "the workspace asks surveys: set ORCHESTRATOR_SURVEY_KEY and ORCHESTRATOR_PUBLIC_URL, the same for every"
            " worker and intake"
        )
        raise UsageError(message)
