"""Ports of this machine that are free."""

from __future__ import annotations

import random
import socket
from contextlib import suppress


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def lasting_port() -> int:
    """A free port that no client is given as its own while nobody listens there."""
    return next(port for port in random.sample(range(20_000, 32_000), 100) if is_free(port))


def is_free(port: int) -> bool:
    """Whether it can be listened on."""
    with socket.socket() as probe, suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return True
    return False
