"""SendGrid: Mail Send v3. The payload is the official builder's, the bytes go over the shared session.

Settings: `api_key`; `base_url` (https://api.eu.sendgrid.com for EU accounts), `connect_timeout`, `read_timeout` (seconds),
`codes` (overrides of `CODES`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import aiohttp
from sendgrid.helpers.mail import Content, CustomArg, Email, From, Header, Mail, MimeType, Personalization, ReplyTo, To
from sendgrid.helpers.mail.exceptions import ApiKeyIncludedException

from channels.exchange import HTTP_CODES, Reply, judge, post
from channels.letter import Letter, letter_of
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

_FIELD = re.compile(r"[a-z0-9_.]{1,64}")


class SendGridChannel:
    """Email through SendGrid."""

    def __init__(self, settings: Mapping[str, Any], session: aiohttp.ClientSession) -> None:
        found = Settings("sendgrid", settings)
        self._session = session
        self._url = found.base_url(BASE_URL) + "/v3/mail/send"
        self._headers = {"Authorization": f"Bearer {found.text('api_key')}", "Content-Type": "application/json"}
        self._timeouts = found.timeouts()
        self._codes = found.codes(CODES)
        found.finish()

    async def send(self, message: RenderedMessage) -> Answer:
        """Make one request; accepted messages are known by their X-Message-Id."""
        letter = letter_of(message)
        if isinstance(letter, Refused):
            return letter
        try:
            body = json.dumps(payload(letter, message.message_id)).encode()
        except ApiKeyIncludedException:
            return Refused("reject", "content", "a body begins like a SendGrid API key")
        reply = await post(self._session, self._url, self._headers, body, self._timeouts)
        if not isinstance(reply, Reply):
            return reply
        return judge(reply, _code(reply), self._codes, reply.headers.get("X-Message-Id"))


def payload(letter: Letter, message_id: str) -> dict[str, Any]:
    """The request's body. Our id is in the recipient's `custom_args`: every event of the message brings it back.

    Addresses are set after construction: the builder's constructors parse a string without a name as `Name <address>`.
    """
    mail = Mail()
    mail.from_email = _mailbox(From(), letter.sender.address, letter.sender.name)
    if letter.reply_to:
        mail.reply_to = _mailbox(ReplyTo(), letter.reply_to)
    person = Personalization()
    person.add_to(_mailbox(To(), letter.to))
    person.add_custom_arg(CustomArg("message_id", message_id))
    for name, value in letter.headers.items():
        person.add_header(Header(name, value))
    mail.add_personalization(person)
    if letter.subject:
        mail.subject = letter.subject
    for kind, text in ((MimeType.text, letter.text), (MimeType.html, letter.html)):
        if text:
            mail.add_content(Content(kind, text))
    body: dict[str, Any] = mail.get()
    return body


def _mailbox(box: Email, address: str, name: str = "") -> Email:
    box.email = address
    box.name = name or None
    return box


def _code(reply: Reply) -> str:
    errors = reply.json().get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    field = first.get("field") if isinstance(first, dict) else None
    if isinstance(field, str) and _FIELD.fullmatch(field):
        return f"{reply.status} {field}"
    return str(reply.status)
