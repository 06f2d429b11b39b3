"""Sockets to listen on, opened before anything else starts."""

from __future__ import annotations

import os
import socket

from orchestrator.errors import OrchestratorError

BACKLOG = 2_048
"""Connections that may wait to be taken."""


class AddressError(OrchestratorError):
    """An address that cannot be listened on."""


def listening(host: str, port: int) -> list[socket.socket]:
    """Listen on every address of `host`; connections wait until a server takes them. Raises AddressError."""
    opened: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, *_, address in dict.fromkeys(found):
            opened.append(socket.create_server((str(address[0]), int(address[1])), family=family, backlog=BACKLOG))
    except OSError as error:
        for one in opened:
            one.close()
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        message = f"{host}:{port}: cannot listen there ({why}); stop what uses it, or choose another --port or --host"
        raise AddressError(message) from error
    return opened
