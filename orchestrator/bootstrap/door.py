"""What the processes with an HTTP door share: when they are told to end, where they listen, how they speak."""

from __future__ import annotations

import asyncio
import signal
import socket
import time

from orchestrator.authoring import Workspace
from orchestrator.bootstrap.links import tracks
from orchestrator.config import Settings
from orchestrator.domain.choices import PLACEHOLDERS
from orchestrator.errors import UsageError
from orchestrator.logs import say


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


def require_survey_key(loaded: Workspace, settings: Settings) -> None:
    """UsageError where links to our pages would lead nowhere: each process has to know by itself what signs them."""
    if (prints_links(loaded) or tracks(loaded)) and not (settings.survey_key and settings.public_url):
        unsubscribes = "has templates with links to unsubscribe" if prints_links(loaded) else "tracks links"
        what = "asks surveys" if loaded.surveys else unsubscribes
        message = (
            f"the workspace {what}: set ORCHESTRATOR_SURVEY_KEY and ORCHESTRATOR_PUBLIC_URL, the same for every"
            " worker and intake"
        )
        raise UsageError(message)


def without_address_key(settings: Settings) -> None:
    """Say what is missed where no list of addresses is kept: on Kafka each process has to know by itself what hashes them."""
    if not settings.address_key:
        say("no ORCHESTRATOR_ADDRESS_KEY, so no address list: who says STOP, complains or bounces is written to again")


def prints_links(loaded: Workspace) -> bool:
    """Whether its messages lead to our pages."""
    texts = (
        source.text
        for template in loaded.templates.values()
        for parts in template.sources.values()
        for source in parts.values()
    )
    return bool(loaded.surveys) or any(name in text for text in texts for name in PLACEHOLDERS)
