"""Talks with an SMTP server: one connection, one letter after the other, and those that are kept for the next one."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass, field

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException

from channels.limits import GOODBYE_S, SMTP_IDLE_S, SMTP_KEPT, SMTP_LETTERS


class Conversation:
    """The talk over one connection; `stage` is the command last given: open, mail, rcpt or data."""

    def __init__(self, client: SMTP, connection: socket.socket) -> None:
        self._client, self._connection = client, connection
        self._is_open = False
        self.stage = "open"
        self.letters = 0
        """Letters that it took."""
        self.gone = False
        """The other side has left before it was given the text."""
        self.idle_since = 0.0

    @property
    def offers_utf8(self) -> bool:
        return self._client.supports_extension("smtputf8")

    @property
    def stands(self) -> bool:
        return self._client.is_connected

    async def open(self) -> None:
        """Greet, upgrade and log in, as configured; nothing where that is done. From here on the client owns the connection."""
        self.stage = "open"
        if self._is_open:
            return
        await self._client.connect(sock=self._connection)
        if self._client.is_ehlo_or_helo_needed:
            await self._client.ehlo()
        self._is_open = True

    async def envelope(self, sender: str, to: str, *, utf8: bool) -> None:
        encoding, options = ("utf-8", ["SMTPUTF8", "BODY=8BITMIME"]) if utf8 else ("ascii", [])
        self.stage = "mail"
        await self._client.mail(sender, options=options, encoding=encoding)
        self.stage = "rcpt"
        await self._client.rcpt(to, encoding=encoding)

    async def take_back(self) -> None:
        """Forget the envelope: another one may come."""
        await self._client.rset()

    async def text(self, content: bytes) -> None:
        self.stage = "data"
        await self._client.data(content)
        self.letters += 1

    async def goodbye(self) -> None:
        """Part politely where the connection still stands; nothing depends on it."""
        if self._client.is_connected:
            with suppress(SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await self._client.quit()

    def drop(self) -> None:
        """Leave no socket behind: a plain close would wait for a peer that no longer reads."""
        transport = self._client.transport
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()
        self._client.close()


@dataclass(slots=True)
class Kept:
    """Connections that wait for the next letter, the last used last. A few, for a while: servers close what idles."""

    _idle: list[Conversation] = field(default_factory=list)
    _timer: asyncio.TimerHandle | None = None
    _closed: bool = False

    def take(self) -> Conversation | None:
        """One that still stands, if there is one."""
        self._expire()
        while self._idle:
            found = self._idle.pop()
            if found.stands:
                return found
            found.drop()
        return None

    def keep(self, conversation: Conversation) -> bool:
        """Whether it is kept: not if it has taken many letters, or enough are."""
        if self._closed or not conversation.stands or conversation.letters >= SMTP_LETTERS or len(self._idle) >= SMTP_KEPT:
            return False
        loop = asyncio.get_running_loop()
        conversation.idle_since = loop.time()
        self._idle.append(conversation)
        if self._timer is None:
            self._timer = loop.call_later(SMTP_IDLE_S, self._expire)
        return True

    def _expire(self) -> None:
        """Drop those that have waited too long, the oldest first."""
        loop = asyncio.get_running_loop()
        while self._idle and loop.time() - self._idle[0].idle_since >= SMTP_IDLE_S:
            self._idle.pop(0).drop()
        if self._timer is not None and self._timer.when() <= loop.time():
            self._timer = None
        if self._idle and self._timer is None:
            self._timer = loop.call_at(self._idle[0].idle_since + SMTP_IDLE_S, self._expire)

    async def close(self) -> None:
        """Part from all, politely where that is quick."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        idle, self._idle = self._idle, []
        await asyncio.gather(*(one.goodbye() for one in idle))
        for one in idle:
            one.drop()
