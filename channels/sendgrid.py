"""SendGrid: Mail Send v3. The payload is what the official builder makes (the tests' oracle: 16 % of a message's cost).

Settings: `api_key`; `base_url` (https://api.eu.sendgrid.com for EU accounts), `connect_timeout`, `read_timeout` (seconds),
`codes` (overrides of `CODES`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec

from channels.exchange import HTTP_CODES, Reply, judge, post
from channels.letter import Letter, Mailbox, letter_of
from channels.settings import Codes, Settings
from orchestrator.delivery.channel import Answer, Refused, RenderedMessage

BASE_URL = "https://api.sendgrid.com"

CODES: Codes = {
    **HTTP_CODES,
    "400": "reject",
    "413": "reject",
    "400 personalizations.0.to.0.email": "suppress",
    "400 from.email": "config",
    "400 reply_to.email": "config",
}
"""By status, or by status and the field that the first error names: SendGrid has no error numbers."""

WEBHOOK_SETTINGS = ("webhook_keys", "webhook_age")
"""Of `sendgrid_events`."""
_FIELD = re.compile(r"[a-z0-9_.]{1,64}")
_KEY = re.compile(r"SG\.[0-9a-zA-Z]+\.[0-9a-zA-Z]+")
"""An API key, as the official builder looks for one at the beginning of a body."""


class SendGridChannel:
    """Email through SendGrid."""

    def __init__(self, settings: Mapping[str, Any], session: aiohttp.ClientSession) -> None:
        found = Settings("sendgrid", settings)
        self._session = session
        self._url = found.base_url(BASE_URL) + "/v3/mail/send"
        self._headers = {"Authorization": f"Bearer {found.text('api_key')}", "Content-Type": "application/json"}
        self._timeouts = found.timeouts()
        self._codes = found.codes(CODES)
        for heard in WEBHOOK_SETTINGS:
            found.optional(heard)
        found.finish()

    async def send(self, message: RenderedMessage) -> Answer:
        """Make one request; accepted messages are known by their X-Message-Id."""
        letter = letter_of(message)
        if isinstance(letter, Refused):
            return letter
        if _KEY.match(letter.text) or _KEY.match(letter.html):
            return Refused("reject", "content", "a body begins like a SendGrid API key")
        body = msgspec.json.encode(payload(letter, message.message_id, message.reference))
        reply = await post(self._session, self._url, self._headers, body, self._timeouts)
        if not isinstance(reply, Reply):
            return reply
        return judge(reply, _code(reply), self._codes, reply.headers.get("X-Message-Id"))


def payload(letter: Letter, message_id: str, reference: str = "") -> dict[str, Any]:
    """The request's body. Our id is in the recipient's `custom_args`: every event of the message brings it back."""
    person: dict[str, Any] = {"to": [{"email": letter.to}], "custom_args": {"message_id": message_id}}
    if reference:
        person["custom_args"]["reference"] = reference
    if letter.headers:
        person["headers"] = dict(letter.headers)
    bodies = (("text/plain", letter.text), ("text/html", letter.html))
    body: dict[str, Any] = {
        "from": _mailbox(letter.sender),
        "subject": letter.subject,
        "personalizations": [person],
        "content": [{"type": kind, "value": text} for kind, text in bodies if text],
        "reply_to": {"email": letter.reply_to} if letter.reply_to else None,
    }
    return {name: value for name, value in body.items() if value}


def _mailbox(box: Mailbox) -> dict[str, str]:
    return {"email": box.address, "name": box.name} if box.name else {"email": box.address}


def _code(reply: Reply) -> str:
    errors = reply.json().get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    field = first.get("field") if isinstance(first, dict) else None
    if isinstance(field, str) and _FIELD.fullmatch(field):
        return f"{reply.status} {field}"
    return str(reply.status)
