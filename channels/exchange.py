"""One HTTP exchange with a provider, and what its answer means.

A request is made once: no retry, no redirect. Whether bytes may have left decides between `NotSent` and `InDoubt`; once a
status has come, the status decides and the body only names things, so a body that drips, breaks off or never ends costs
nothing but its name.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
)
from yarl import URL

from channels.limits import ANSWER_BYTES, RETRY_DEFAULT_MS, RETRY_MAX_MS
from channels.settings import Codes, Timeouts
from orchestrator.delivery.channel import Accepted, Answer, InDoubt, NotSent, Refused

HTTP_CODES: Codes = {"401": "config", "403": "config", "404": "config", "405": "config", "407": "config", "429": "throttle"}
"""By status, where the provider's own code says nothing. Other 4xx refuse this message."""

_OK, _REDIRECT, _CLIENT, _TIMED_OUT, _BROKEN = 200, 300, 400, 408, 500
_NUMBER = re.compile("[0-9]{1,12}")
_EPOCH = 1_000_000_000
"""A reset below this is not a date but seconds to wait."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A provider's answer: its body as far as it came within bounds."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    whole: bool = True
    """Nothing of the body is missing."""

    def json(self) -> dict[str, Any]:
        """The body as an object; empty where it is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


async def get(
    session: ClientSession, url: str | URL, headers: Mapping[str, str], timeouts: Timeouts, most: int = ANSWER_BYTES
) -> Reply | None:
    """GET once; None where no answer came. Read of it are at most so many bytes."""
    found = await _exchange(session, "GET", url, headers, None, timeouts, most=most)
    return found if isinstance(found, Reply) else None


async def post(
    session: ClientSession,
    url: str | URL,
    headers: Mapping[str, str],
    body: bytes,
    timeouts: Timeouts,
    *,
    server_hostname: str | None = None,
) -> Reply | NotSent | InDoubt:
    """POST once, bounded by both timeouts together; never raises for what a network or provider does.

    `server_hostname` is who must answer at a URL that names an address.
    """
    return await _exchange(session, "POST", url, headers, body, timeouts, server_hostname=server_hostname)


async def _exchange(
    session: ClientSession,
    method: str,
    url: str | URL,
    headers: Mapping[str, str],
    body: bytes | None,
    timeouts: Timeouts,
    *,
    server_hostname: str | None = None,
    most: int = ANSWER_BYTES,
) -> Reply | NotSent | InDoubt:
    limits = ClientTimeout(
        total=timeouts.connect + timeouts.read,
        connect=timeouts.connect,
        sock_connect=timeouts.connect,
        sock_read=timeouts.read,
        ceil_threshold=float("inf"),
    )
    sent = {**headers, "Accept-Encoding": "identity"}
    try:
        async with session.request(
            method,
            url,
            data=body,
            headers=sent,
            timeout=limits,
            allow_redirects=False,
            auto_decompress=False,
            server_hostname=server_hostname,
        ) as response:
            return Reply(response.status, response.headers, *await _bounded(response, most))
    except (ClientConnectorError, ConnectionTimeoutError) as failure:
        return NotSent(RETRY_DEFAULT_MS, type(failure).__name__, "unreachable")
    except (ClientError, OSError, TimeoutError) as failure:
        return InDoubt(type(failure).__name__)


async def _bounded(response: ClientResponse, most: int) -> tuple[bytes, bool]:
    """As much of the body as comes, at most so many bytes, and whether that is all; more, or a fault, closes it."""
    body = bytearray()
    try:
        while len(body) < most:
            piece = await response.content.read(most - len(body))
            if not piece:
                return bytes(body), True
            body += piece
    except (ClientError, OSError, TimeoutError):
        pass
    response.close()
    return bytes(body), False


def judge(reply: Reply, code: str, codes: Codes, provider_id: str | None = None) -> Answer:
    """What the answer means. `code` is the provider's own, or the status; `codes` tells why it refuses."""
    status, told = reply.status, f"HTTP {reply.status}"
    if _OK <= status < _REDIRECT:
        return Accepted(provider_id)
    if status < _OK or status >= _BROKEN or status == _TIMED_OUT:
        return InDoubt(told)
    if status < _CLIENT:
        return Refused("config", code, f"{told}: redirects are not followed; set base_url")
    kind = "throttle" if status == 429 else codes.get(code) or codes.get(str(status), "reject")  # noqa: PLR2004  (RFC 6585)
    if kind == "throttle":
        return NotSent(retry_after_ms(reply.headers, time.time()), f"{told}, code {code}", "throttle")
    return Refused(kind, code, told)


def retry_after_ms(headers: Mapping[str, str], now: float) -> int:
    """Milliseconds to wait: Retry-After (seconds or a date), else X-RateLimit-Reset. `now` is in seconds since 1970."""
    wait = _seconds_until(headers.get("Retry-After", ""), now)
    if wait is None:
        wait = _seconds_until(headers.get("X-RateLimit-Reset", ""), now)
    return RETRY_DEFAULT_MS if wait is None else int(min(max(wait * 1000, 0), RETRY_MAX_MS))


def _seconds_until(value: str, now: float) -> float | None:
    value = value.strip()
    if _NUMBER.fullmatch(value):
        return float(value) - now if int(value) >= _EPOCH else float(value)
    try:
        return parsedate_to_datetime(value).timestamp() - now
    except (ValueError, OverflowError):
        return None
