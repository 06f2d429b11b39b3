"""Webhooks, signed by Standard Webhooks: one POST of JSON, whose answer is a JSON object.

Settings: `allow_private` (true: addresses inside, and plain http to them), `connect_timeout`, `read_timeout` (seconds).
`senders` and `secrets` come from senders.yaml. Several secrets of one sender, apart by blanks, sign side by side while one is
being replaced.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
from yarl import URL

from channels.addresses import Resolve, Target, is_public, looked_up, target_of
from channels.exchange import HTTP_CODES, Reply, judge, post
from channels.limits import ADDRESSES_TRIED, RETRY_DEFAULT_MS
from channels.settings import Settings
from orchestrator.delivery.channel import Accepted, Answer, InDoubt, NotSent, Refused, RenderedMessage
from orchestrator.domain.calls import admitted
from orchestrator.domain.limits import SAVED_BYTES

_PREFIX = "whsec_"
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_OK, _REDIRECT, _CLIENT = 200, 300, 400


class WebhookChannel:
    """Asks other systems. Leads nowhere inside, follows no redirect, and connects only to the address that it has judged."""

    def __init__(self, settings: Mapping[str, Any], session: aiohttp.ClientSession, resolve: Resolve = looked_up) -> None:
        found = Settings("webhook", settings)
        self._session, self._resolve = session, resolve
        self._private = found.flag("allow_private", default=False)
        self._timeouts = found.timeouts()
        self._keys = {name: _keys(found, name, secret) for name, secret in found.mapping("secrets").items()}
        for name, sender in found.mapping("senders").items():
            if isinstance(target := self._target(sender["webhook"]["url"]), str):
                raise found.wrong("senders", f"has a sender {name!r} whose url does not do: {target}")
        found.finish()

    async def send(self, message: RenderedMessage) -> Answer:
        """Ask once; what was answered stands in `Accepted.answer`."""
        target = self._target(message.to)
        if isinstance(target, str):
            return Refused("config", "url", target)
        if not _ID.fullmatch(message.message_id):
            return Refused("reject", "id", "the message's id cannot stand in a header")
        addresses = await self._addresses(target)
        if not isinstance(addresses, list):
            return addresses
        reply = await self._asked(message, target, addresses)
        return self._judged(reply, message.message_id) if isinstance(reply, Reply) else reply

    def _target(self, url: str) -> Target | str:
        target = target_of(url)
        if isinstance(target, Target) and target.scheme == "http" and not self._private:
            return "plain http is not asked; write https, or allow addresses inside (ORCHESTRATOR_WEBHOOK_ALLOW_PRIVATE)"
        return target

    async def _addresses(self, target: Target) -> list[str] | NotSent | Refused:
        """The addresses that may be connected to, a few at most."""
        try:
            async with asyncio.timeout(self._timeouts.connect):
                found = await self._resolve(target.host, target.port)
        except (OSError, UnicodeError) as failure:  # a timeout is an OSError
            return NotSent(RETRY_DEFAULT_MS, f"name lookup: {type(failure).__name__}")
        allowed = [one for one in found if self._admits(target, one)]
        if found and not allowed:
            return Refused("config", "address", "its address is not one that may be asked")
        return allowed[:ADDRESSES_TRIED] or NotSent(RETRY_DEFAULT_MS, "name lookup: no address")

    def _admits(self, target: Target, address: str) -> bool:
        """Plain http to the public internet is never asked."""
        return target.scheme == "https" if is_public(address) else self._private

    async def _asked(self, message: RenderedMessage, target: Target, addresses: Sequence[str]) -> Reply | NotSent | InDoubt:
        """One request, to the first address that takes a connection."""
        body = message.body_text.encode("utf-8", "replace")
        headers = {
            "Host": target.authority,
            "Content-Type": "application/json",
            **({"traceparent": message.trace} if message.trace else {}),
            **self._signed(message.message_id, message.sender.get("name", ""), body),
        }
        name = None if _is_literal(target.host) else target.host
        reply: Reply | NotSent | InDoubt = NotSent(RETRY_DEFAULT_MS, "no address")
        for address in addresses:
            url = URL(message.to, encoded=True).with_host(address)
            reply = await post(self._session, url, headers, body, self._timeouts, server_hostname=name)
            if not isinstance(reply, NotSent):
                break
        return reply

    def _signed(self, ident: str, sender: str, body: bytes) -> dict[str, str]:
        """The headers of Standard Webhooks; without a secret there is no signature."""
        second = str(int(time.time()))
        headers = {"webhook-id": ident, "webhook-timestamp": second}
        keys = self._keys.get(sender, [])
        signed = " ".join(signature(key, ident, second, body) for key in keys)
        return {**headers, "webhook-signature": signed} if keys else headers

    def _judged(self, reply: Reply, ident: str) -> Answer:
        status = reply.status
        if _REDIRECT <= status < _CLIENT:
            return Refused("config", str(status), f"HTTP {status}: redirects are not followed; write the URL that it leads to")
        if not _OK <= status < _REDIRECT:
            return judge(reply, str(status), HTTP_CODES)
        if not reply.whole and len(reply.body) <= SAVED_BYTES:
            return InDoubt(f"HTTP {status}, and the answer broke off")
        answer = answer_of(reply.body)
        if answer is None:
            return Refused("answer", str(status), f"the answer is no JSON object of at most {SAVED_BYTES} bytes")
        return Accepted(ident, answer)


def _is_literal(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _keys(found: Settings, name: str, secret: str) -> list[bytes]:
    try:
        return [base64.b64decode(one.removeprefix(_PREFIX), validate=True) for one in secret.split()]
    except (binascii.Error, ValueError):
        raise found.wrong("secrets", f"has one of {name!r} that is not `{_PREFIX}` and base64") from None


def signature(key: bytes, ident: str, second: str, body: bytes) -> str:
    """`v1,` and the base64 HMAC-SHA256 of id, timestamp and body, as standardwebhooks.com has it."""
    signed = hmac.new(key, f"{ident}.{second}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def answer_of(body: bytes) -> dict[str, Any] | None:
    """The JSON object that was answered, an empty one for an empty body; None where it is none, or too long."""
    if not body.strip():
        return {}
    if len(body) > SAVED_BYTES:
        return None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if admitted(found) else None
