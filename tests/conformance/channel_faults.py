"""Providers that misbehave, on loopback: HTTP by hand, byte for byte, and a real SMTP server with planted faults."""

from __future__ import annotations

import asyncio
import email
import email.policy
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

FLOOD_BYTES = 4_000_000


@dataclass(frozen=True)
class Received:
    """One message as a provider understood it."""

    to: str
    text: str
    subject: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Provider:
    """A provider under test's eyes. `settings` lead an adapter to it."""

    settings: dict[str, Any]
    attempts: int = 0
    """Connections opened."""
    requests: int = 0
    """Messages begun: HTTP requests read, MAIL commands."""
    received: list[Received] = field(default_factory=list)
    raw: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Head and body of each HTTP request; envelope and text of each letter."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Something has come in and is not being answered."""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """The other side has closed its last connection."""
    open: int = 0

    def enter(self) -> None:
        self.attempts += 1
        self.open += 1
        self.gone.clear()

    def leave(self) -> None:
        self.open -= 1
        if not self.open:
            self.gone.set()


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter, Provider], Awaitable[None]]


@asynccontextmanager
async def listening(talk: Talk, provider: Provider) -> AsyncIterator[int]:
    """A raw TCP server on a free port; what it still does at the end is cancelled."""
    tasks: set[asyncio.Task[None]] = set()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        provider.enter()
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await talk(reader, writer, provider)
        finally:
            writer.transport.abort()
            provider.leave()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(met(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def closed_port() -> int:
    """A port of loopback that refuses connections."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


# HTTP ---------------------------------------------------------------------------------------------------------------------

Answers = Mapping[str, tuple[int, Mapping[str, str], bytes]]
"""Fault → status, headers, body. `accept` is the one that is no fault."""


def http_talk(fault: str, answers: Answers, read: Callable[[bytes], Received]) -> Talk:
    """The server's side of a connection that behaves as `fault` says."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, provider: Provider) -> None:
        if fault == "reset_at_once":
            return
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(_length(head))
            provider.requests += 1
            provider.raw.append((head, body))
            if fault == "reset_after_request":
                return
            if fault in ("hang", "drip"):
                provider.asked.set()
                await (_until_closed(reader) if fault == "hang" else _drip(writer))
                return
            if fault == "flood":
                await _flood(writer, answers["accept"][0])
                return
            if fault == "accept":
                provider.received.append(read(body))
            writer.write(_response(*answers[fault]))
            await writer.drain()

    return talk


def _length(head: bytes) -> int:
    found = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return int(found[0].split(b":")[1]) if found else 0


def _response(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} Told", f"Content-Length: {len(body)}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _until_closed(reader: asyncio.StreamReader) -> None:
    while await reader.read(65_536):
        pass


async def _drip(writer: asyncio.StreamWriter) -> None:
    """A byte at a time, each well within a read timeout, without an end."""
    for letter in b"HTTP/1.1 200 O" + b"K" * 10_000:
        writer.write(bytes([letter]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def _flood(writer: asyncio.StreamWriter, status: int) -> None:
    """A good status and then more body than anyone should read."""
    writer.write(f"HTTP/1.1 {status} Told\r\nContent-Type: application/json\r\n\r\n".encode())
    for _ in range(FLOOD_BYTES // 65_536):
        writer.write(b'{"x": ' + b"[" * 65_530)
        await writer.drain()


# SMTP ---------------------------------------------------------------------------------------------------------------------

RAW_SMTP_FAULTS = ("hang", "reset_at_once", "drip", "flood")


def smtp_talk(fault: str) -> Talk:
    """Faults below the protocol: no greeting, a greeting that drips or floods."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, provider: Provider) -> None:
        if fault == "hang":
            provider.asked.set()
            await _until_closed(reader)
        if fault == "drip":
            await _drip(writer)
        if fault == "flood":
            await _flood(writer, 220)

    return talk


class Handler:
    """An SMTP server's hooks, with one planted fault."""

    def __init__(self, fault: str, provider: Provider) -> None:
        self._fault = fault
        self._provider = provider

    async def handle_MAIL(  # noqa: N802  (aiosmtpd names it)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session
        self._provider.requests += 1
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return {"throttle": "421 4.7.0 Too many connections"}.get(self._fault, "250 OK")

    async def handle_RCPT(  # noqa: N802  (aiosmtpd names it)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        envelope.rcpt_tos.append(address)
        answers = {"greylist": "450 4.2.0 Try later", "bad_request": "550 5.1.1 Unknown", "plain_550": "550 No such user"}
        return answers.get(self._fault, "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd names it)
        del session
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        self._provider.raw.append((" ".join(envelope.rcpt_tos).encode(), content))
        if self._fault == "reset_after_request":
            server.transport.abort()
        if self._fault == "hang_after_request":
            self._provider.asked.set()
            await self._provider.gone.wait()
        if self._fault == "accept":
            self._provider.received.append(read_letter(envelope.rcpt_tos, content))
        return {"server_error": "451 4.3.0 Disk", "spam": "554 5.7.1 Spam", "odd": "299 Odd"}.get(self._fault, "250 OK")


class Server(SMTP):
    """aiosmtpd, telling when a client comes and goes."""

    def __init__(self, provider: Provider, fault: str, **options: Any) -> None:
        super().__init__(Handler(fault, provider), hostname="localhost", enable_SMTPUTF8=fault != "ascii_only", **options)
        self._provider = provider

    def connection_made(self, transport: Any) -> None:
        if not self._tls_handshake_okay or self.transport is None:
            self._provider.enter()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._provider.leave()
        super().connection_lost(error)


@asynccontextmanager
async def smtp_server(fault: str, provider: Provider, **options: Any) -> AsyncIterator[int]:
    """A real SMTP server in this loop; `options` are aiosmtpd's, `over_tls` a context for TLS from the first byte."""
    loop = asyncio.get_running_loop()
    over_tls = options.pop("over_tls", None)
    if fault == "unauthorised":
        options |= {"authenticator": lambda *_: AuthResult(success=False, handled=False), "auth_require_tls": False}
    before = asyncio.all_tasks()

    def met() -> Server:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # aiosmtpd warns of logins without TLS, and there is none on loopback
            return Server(provider, fault, **options)

    server = await loop.create_server(met, "127.0.0.1", 0, ssl=over_tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        left = asyncio.all_tasks() - before - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def read_letter(recipients: list[str], content: bytes) -> Received:
    """The letter as a mail client reads it."""
    letter = email.message_from_bytes(content, policy=email.policy.default)
    part = letter.get_body(("plain",))
    text = "" if part is None else part.get_content()
    headers = {name.lower(): str(value) for name, value in letter.items()}
    return Received(" ".join(recipients), text, str(letter["subject"]), headers)


@asynccontextmanager
async def smtp_provider(fault: str) -> AsyncIterator[Provider]:
    """An SMTP server with one fault, and the settings that lead to it."""
    provider = Provider({"host": "127.0.0.1", "tls": "none"})
    async with AsyncExitStack() as stack:
        if fault == "refuse_connection":
            provider.settings["port"] = await closed_port()
        elif fault in RAW_SMTP_FAULTS:
            provider.settings["port"] = await stack.enter_async_context(listening(smtp_talk(fault), provider))
        else:
            provider.settings["port"] = await stack.enter_async_context(smtp_server(fault, provider))
        if fault == "unauthorised":
            provider.settings |= {"username": "us", "password": "secret"}
        yield provider


@asynccontextmanager
async def http_provider(
    fault: str, settings: Mapping[str, Any], answers: Answers, read: Callable[[bytes], Received]
) -> AsyncIterator[Provider]:
    """An HTTP API with one fault, and the settings that lead to it."""
    provider = Provider(dict(settings))
    async with AsyncExitStack() as stack:
        if fault == "refuse_connection":
            port = await closed_port()
        else:
            port = await stack.enter_async_context(listening(http_talk(fault, answers, read), provider))
        provider.settings["base_url"] = f"http://127.0.0.1:{port}"
        yield provider
