"""A provider that accepts everything, and notes when it came: `swift_provider.py NOTES` prints its port.

A process of its own that does little else, so that it is not what is late.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from struct import Struct

RECORD = Struct("<d24s")
"""When a message came, by the clock that all processes of a machine share, and its id."""
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_ID = re.compile(rb'"message_id":"([0-9a-f]+)"')
_ANSWER = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: 5Fz2\r\nContent-Length: 0\r\n\r\n"


class Accepts(asyncio.Protocol):
    """One connection; its requests come one after the other."""

    def __init__(self, notes: int) -> None:
        self._notes, self._given = notes, bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._given += data
        while (end := self._given.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._given, 0, end)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._given) < whole:
                return
            named = _ID.search(self._given, end)
            os.write(self._notes, RECORD.pack(now, named[1] if named else b""))
            self._transport.write(_ANSWER)
            del self._given[:whole]


async def main() -> None:
    """Serve until it is ended."""
    notes = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
    server = await asyncio.get_running_loop().create_server(lambda: Accepts(notes), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
