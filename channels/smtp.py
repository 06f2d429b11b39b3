"""SMTP: one connection, one message. Settings: `host`; `port`, `tls` (starttls, implicit or none), `ca_file`, `username`,
`password`, `hello_name`, `return_path` (where bounces go), `connect_timeout`, `read_timeout` (seconds), `codes` (overrides of
`CODES`).

Until the server has been given the text, nothing can have been sent; from then on silence is doubt. An answer may take at most
`connect_timeout` and three times `read_timeout`: greeting and login, envelope, text. Every wait is bounded here and none in
aiosmtplib, whose `wait_for` loses a cancellation that comes as it ends (Python 3.11).
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import aiohttp
from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException, SMTPResponseException

from channels.letter import Letter, is_address, letter_bytes, letter_of
from channels.limits import GOODBYE_S, RETRY_DEFAULT_MS
from channels.settings import Codes, Settings
from orchestrator.delivery.channel import RUN_OUT, Accepted, Answer, InDoubt, Kind, NotSent, Refused, RenderedMessage

CODES: Codes = {
    **dict.fromkeys(("5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"), "suppress"),
    **dict.fromkeys(("5.1.7", "5.1.8", "5.7.8", "5.7.9", "5.7.20", "5.7.23", "5.7.25", "5.7.26", "5.7.27"), "config"),
    **dict.fromkeys(("rcpt 550", "rcpt 551", "rcpt 553"), "suppress"),
    **dict.fromkeys(("530", "534", "535", "538"), "config"),
    **dict.fromkeys(("mail 550", "mail 553", "mail 554"), "config"),
}
"""Looked up by enhanced code (RFC 3463) where the server gives one, else by command and code, else by code; then: `reject`,
and `config` for what is refused before the envelope."""

PORTS = {"starttls": 587, "implicit": 465, "none": 25}

_ENHANCED = re.compile(r"5\.[0-9]{1,3}\.[0-9]{1,3}(?=\s|$)")
_TEMPORARY, _PERMANENT, _END = 400, 500, 600


class SmtpChannel:
    """Email to an SMTP server."""

    def __init__(self, settings: Mapping[str, Any], session: aiohttp.ClientSession) -> None:
        del session
        found = Settings("smtp", settings)
        self._host = found.text("host")
        self._tls = found.text("tls", "starttls")
        if self._tls not in PORTS:
            raise found.wrong("tls", f"must be one of {', '.join(PORTS)}")
        self._port = found.whole("port", PORTS[self._tls], 1, 65_535)
        self._trust = None if self._tls == "none" else _trust(found)
        self._username = found.optional("username")
        self._password = None if self._username is None else found.text("password")
        self._hello_name = found.text("hello_name", socket.gethostname())
        if " " in self._hello_name:
            raise found.wrong("hello_name", "must be one word")
        self._return_path = found.optional("return_path")
        if self._return_path is not None and not is_address(self._return_path):
            raise found.wrong("return_path", "must be one address")
        self._timeouts = found.timeouts()
        self._codes = found.codes(CODES)
        found.finish()

    async def send(self, message: RenderedMessage) -> Answer:
        """Hand over one letter; accepted ones are known by their Message-ID, which is made from ours."""
        letter = letter_of(message)
        if isinstance(letter, Refused):
            return letter
        conversation = _Conversation(self._client(), self._return_path or letter.sender.address, letter)
        try:
            async with asyncio.timeout(self._timeouts.connect):
                connection = await _dial(self._host, self._port)
        except (OSError, TimeoutError) as failure:
            return NotSent(RETRY_DEFAULT_MS, f"connect: {type(failure).__name__}")
        try:
            answer = await self._hand_over(conversation, connection, message.leave)
            if isinstance(answer, Accepted | Refused):
                await conversation.goodbye()
            return answer
        finally:
            conversation.drop()

    async def _hand_over(self, conversation: _Conversation, connection: socket.socket, leave: Callable[[], bool]) -> Answer:
        read = self._timeouts.read
        try:
            async with asyncio.timeout(read):
                await conversation.open(connection)
            if conversation.needs_utf8 and not conversation.offers_utf8:
                return Refused("reject", "smtputf8", "the server takes ASCII addresses only")
            async with asyncio.timeout(read):
                await conversation.envelope()
            if not leave():
                return NotSent(RETRY_DEFAULT_MS, RUN_OUT)
            async with asyncio.timeout(read):
                await conversation.text()
        except SMTPResponseException as refusal:
            return self._refusal(conversation.stage, refusal.code, refusal.message)
        except (SMTPException, OSError, TimeoutError) as failure:
            told = f"{conversation.stage}: {type(failure).__name__}"
            return InDoubt(told) if conversation.stage == "data" else _unsent(conversation.stage, failure, told)
        return Accepted(conversation.letter.message_id)

    def _refusal(self, stage: str, code: int, text: str) -> Answer:
        if _TEMPORARY <= code < _PERMANENT:
            return NotSent(RETRY_DEFAULT_MS, f"{stage}: {code}")
        if not _PERMANENT <= code < _END:
            told = f"{stage}: unexpected answer"
            return InDoubt(told) if stage == "data" else NotSent(RETRY_DEFAULT_MS, told)
        enhanced = _ENHANCED.match(text)
        names = (enhanced.group(),) if enhanced else (f"{stage} {code}", str(code))
        otherwise: Kind = "config" if stage == "open" else "reject"
        kind = next((self._codes[name] for name in names if name in self._codes), otherwise)
        if kind == "throttle":
            return NotSent(RETRY_DEFAULT_MS, f"{stage}: {code}")
        return Refused(kind, names[0] if enhanced else str(code), f"{stage}: {code}")

    def _client(self) -> SMTP:
        return SMTP(
            hostname=self._host,
            username=self._username,
            password=self._password,
            local_hostname=self._hello_name,
            timeout=None,
            use_tls=self._tls == "implicit",
            start_tls=self._tls == "starttls",
            tls_context=self._trust,
        )


class _Conversation:
    """One letter's talk with one server; `stage` is the command last given: open, mail, rcpt or data."""

    def __init__(self, client: SMTP, sender: str, letter: Letter) -> None:
        self._client = client
        self._sender = sender
        self.letter = letter
        self.stage = "open"
        self.needs_utf8 = not (sender + letter.to + letter.sender.address + (letter.reply_to or "")).isascii()

    @property
    def offers_utf8(self) -> bool:
        return self._client.supports_extension("smtputf8")

    async def open(self, connection: socket.socket) -> None:
        """Greet, upgrade and log in, as configured. From here on the client owns the connection."""
        await self._client.connect(sock=connection)
        if self._client.is_ehlo_or_helo_needed:
            await self._client.ehlo()

    async def envelope(self) -> None:
        encoding, options = ("utf-8", ["SMTPUTF8", "BODY=8BITMIME"]) if self.needs_utf8 else ("ascii", [])
        self.stage = "mail"
        await self._client.mail(self._sender, options=options, encoding=encoding)
        self.stage = "rcpt"
        await self._client.rcpt(self.letter.to, encoding=encoding)

    async def text(self) -> None:
        content = letter_bytes(self.letter)
        self.stage = "data"
        await self._client.data(content)

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


async def _dial(host: str, port: int) -> socket.socket:
    """A connected socket: the first of the host's addresses that answers. Raises OSError."""
    loop = asyncio.get_running_loop()
    failure = OSError("the host has no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.setblocking(False)  # noqa: FBT003  (the standard library's signature)
            await loop.sock_connect(connection, address)
        except OSError as refused:
            connection.close()
            failure = refused
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise failure


def _unsent(stage: str, failure: Exception, told: str) -> Answer:
    """What a failure before the text means: the server lacks what the settings ask for, or could not be talked to."""
    if stage == "open" and type(failure) is SMTPException:
        return Refused("config", "extension", "the server offers no STARTTLS or AUTH")
    return NotSent(RETRY_DEFAULT_MS, told)


def _trust(found: Settings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=found.optional("ca_file"))
    except OSError as failure:
        raise found.wrong("ca_file", "must name a readable file of certificates") from failure
