"""What an HTTP provider's answer means, and when to come back."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver
from aiohttp.connector import ResolveResult

from channels.exchange import Reply, judge, post, retry_after_ms
from channels.settings import Timeouts
from channels.twilio import CODES
from orchestrator.delivery.channel import Accepted, Answer, InDoubt, NotSent, Refused
from tests.conformance.channel_faults import Provider, closed_port, listening

NOW = 1_800_000_000.0
TIMEOUTS = Timeouts(1, 1)


@pytest.mark.parametrize(
    ("headers", "wait_ms"),
    [
        ({}, 5_000),
        ({"Retry-After": "7"}, 7_000),
        ({"Retry-After": " 0 "}, 0),
        ({"Retry-After": "Fri, 15 Jan 2027 08:00:30 GMT"}, 30_000),
        ({"Retry-After": "Fri, 15 Jan 2027 07:00:00 GMT"}, 0),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "1800000012"}, 12_000),
        ({"X-RateLimit-Reset": "9"}, 9_000),
        ({"Retry-After": "999999"}, 3_600_000),
        ({"Retry-After": "-5"}, 5_000),
        ({"Retry-After": "²"}, 5_000),
        ({"Retry-After": "9" * 5_000}, 5_000),
    ],
)
def test_the_wait_is_the_providers_within_bounds(headers: dict[str, str], wait_ms: int) -> None:
    assert retry_after_ms(headers, NOW) == wait_ms


@pytest.mark.parametrize(
    ("status", "code", "answer"),
    [
        (200, "200", Accepted("id")),
        (202, "202", Accepted("id")),
        (101, "101", InDoubt("HTTP 101")),
        (302, "302", Refused("config", "302", "HTTP 302: redirects are not followed; set base_url")),
        (400, "400", Refused("reject", "400", "HTTP 400")),
        (400, "21211", Refused("suppress", "21211", "HTTP 400")),
        (400, "21610", Refused("suppress", "21610", "HTTP 400")),
        (403, "21408", Refused("config", "21408", "HTTP 403")),
        (400, "21617", Refused("reject", "21617", "HTTP 400")),
        (400, "21611", NotSent(5_000, "HTTP 400, code 21611", "throttle")),
        (400, "99999", Refused("reject", "99999", "HTTP 400")),
        (401, "99999", Refused("config", "99999", "HTTP 401")),
        (403, "403", Refused("config", "403", "HTTP 403")),
        (408, "408", InDoubt("HTTP 408")),
        (429, "20429", NotSent(5_000, "HTTP 429, code 20429", "throttle")),
        (429, "21211", NotSent(5_000, "HTTP 429, code 21211", "throttle")),
        (500, "21211", InDoubt("HTTP 500")),
        (503, "20503", InDoubt("HTTP 503")),
    ],
)
def test_the_status_decides_and_the_code_says_why(status: int, code: str, answer: Answer) -> None:
    assert judge(Reply(status, {}), code, CODES, "id") == answer


@pytest.mark.parametrize("body", [b"", b"[1]", b"\xff", b"[" * 60_000, b'{"a": 1} x', b"null"])
def test_a_body_that_is_no_object_says_nothing(body: bytes) -> None:
    assert Reply(400, {}, body).json() == {}


class NoNames(AbstractResolver):
    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown", host, port, family)

    async def close(self) -> None:
        pass


def ask(url: str, resolver: AbstractResolver | None = None) -> Reply | NotSent | InDoubt:
    async def story() -> Reply | NotSent | InDoubt:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=resolver)) as session:
            return await post(session, url, {}, b"x", TIMEOUTS)

    return asyncio.run(story())


def test_an_unknown_host_is_not_sent() -> None:
    assert ask("http://nowhere.example/", NoNames()) == NotSent(5_000, "ClientConnectorDNSError", "unreachable")


def test_a_refused_connection_is_not_sent() -> None:
    port = asyncio.run(closed_port())
    assert ask(f"http://127.0.0.1:{port}/") == NotSent(5_000, "ClientConnectorError", "unreachable")


def saying(answer: bytes, scheme: str = "http") -> Reply | NotSent | InDoubt:
    """What `post` makes of a server that says this and hangs up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, provider: Provider) -> None:
        del provider
        await reader.read(1_000)
        writer.write(answer)
        await writer.drain()
        writer.close()

    async def story() -> Reply | NotSent | InDoubt:
        async with listening(talk, Provider({})) as port, aiohttp.ClientSession() as session:
            return await post(session, f"{scheme}://127.0.0.1:{port}/", {}, b"x", TIMEOUTS)

    return asyncio.run(story())


def test_a_failed_tls_handshake_is_not_sent() -> None:
    assert isinstance(saying(b"HTTP/1.1 400 Plain\r\n\r\n", "https"), NotSent)


@pytest.mark.parametrize(
    "answer",
    [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 202", b"HTTP/1.1 202 OK\r\nX: " + b"y" * 100_000, b"HTTP/9.9 \xff\r\n\r\n"],
    ids=["nothing", "nonsense", "half", "endless header", "bytes"],
)
def test_an_answer_that_is_none_leaves_doubt(answer: bytes) -> None:
    assert isinstance(saying(answer), InDoubt)


def test_a_status_stands_though_its_body_breaks_off() -> None:
    reply = saying(b"HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{")
    assert isinstance(reply, Reply)
    assert (reply.status, reply.json()) == (201, {})
