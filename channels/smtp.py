"""SMTP, over connections that are kept for the next letter.

Settings: `host`; `port`, `tls` (starttls, implicit or none), `ca_file`, `username`, `password`, `hello_name`, `return_path`
(where bounces go), `connect_timeout`, `read_timeout` (seconds), `codes` (overrides of `CODES`).

Until the server has been given the text, nothing can have been sent; from then on silence is doubt. An answer may take at most
`connect_timeout` and three times `read_timeout`: greeting and login, envelope, text. Every wait is bounded here and none in
aiosmtplib, whose `wait_for` loses a cancellation that comes as it ends (Python 3.11).

A connection that took a letter, or came too late for one, is kept a while. Where a kept one turns out to be gone before the
server has been given the text, a new one is opened, in the same attempt: nothing can have been sent.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException, SMTPResponseException

from channels.conversation import Conversation, Kept
from channels.letter import Letter, is_address, letter_bytes, letter_of
from channels.limits import RETRY_DEFAULT_MS
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
_LATE = NotSent(RETRY_DEFAULT_MS, RUN_OUT)
"""Greeting and login took longer than its leave: its next attempt finds them done."""
_TEMPORARY, _PERMANENT, _END, _CLOSING = 400, 500, 600, 421


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
        self._kept = Kept()
        found.finish()

    async def send(self, message: RenderedMessage) -> Answer:
        """Hand over one letter; accepted ones are known by their Message-ID, which is made from ours."""
        letter = letter_of(message)
        if isinstance(letter, Refused):
            return letter
        kept = self._kept.take()
        if kept is not None:
            answer = await self._by(kept, letter, message.leave)
            if answer is not None:
                return answer
        try:
            async with asyncio.timeout(self._timeouts.connect):
                connection = await _dial(self._host, self._port)
        except (OSError, TimeoutError) as failure:
            return NotSent(RETRY_DEFAULT_MS, f"connect: {type(failure).__name__}", "unreachable")
        answer = await self._by(Conversation(self._client(), connection), letter, message.leave)
        return answer if answer is not None else NotSent(RETRY_DEFAULT_MS, "connect: hung up")

    async def close(self) -> None:
        """Part from the server; nothing depends on it."""
        await self._kept.close()

    async def _by(self, conversation: Conversation, letter: Letter, leave: Callable[[], bool]) -> Answer | None:
        """Hand over by this connection, and keep it where it can take another; None: it was a kept one, and is gone."""
        reused, keeps = conversation.idle_since > 0, False
        try:
            answer = await self._hand_over(conversation, letter, leave)
            keeps = (isinstance(answer, Accepted) or answer is _LATE) and self._kept.keep(conversation)
            if not keeps and isinstance(answer, Accepted | Refused):
                await conversation.goodbye()
        finally:
            if not keeps:
                conversation.drop()
        return None if reused and conversation.gone else answer

    async def _hand_over(self, conversation: Conversation, letter: Letter, leave: Callable[[], bool]) -> Answer:
        read = self._timeouts.read
        sender = self._return_path or letter.sender.address
        try:
            async with asyncio.timeout(read):
                await conversation.open()
            utf8 = not (sender + letter.to + letter.sender.address + (letter.reply_to or "")).isascii()
            if utf8 and not conversation.offers_utf8:
                return Refused("reject", "smtputf8", "the server takes ASCII addresses only")
            async with asyncio.timeout(read):
                await conversation.envelope(sender, letter.to, utf8=utf8)
            if not leave():
                async with asyncio.timeout(read):
                    await conversation.take_back()
                return _LATE
            async with asyncio.timeout(read):
                await conversation.text(letter_bytes(letter))
        except SMTPResponseException as refusal:
            conversation.gone = conversation.stage != "data" and refusal.code == _CLOSING
            return self._refusal(conversation.stage, refusal.code, refusal.message)
        except (SMTPException, OSError, TimeoutError) as failure:
            conversation.gone = conversation.stage != "data" and not isinstance(failure, TimeoutError)
            told = f"{conversation.stage}: {type(failure).__name__}"
            return InDoubt(told) if conversation.stage == "data" else _unsent(conversation.stage, failure, told)
        return Accepted(letter.message_id)

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
