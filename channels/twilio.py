"""Twilio: Programmable Messaging. Parameter names are those of the official package, the bytes go over the shared session.

Settings: `account_sid`; `auth_token`, or `api_key_sid` and `api_key_secret`; `messaging_service_sid` (else the sender's `from`
is used), `status_callback` (a URL; our message id is added to its query), `validity_period` (seconds), `base_url`,
`connect_timeout`, `read_timeout` (seconds), `codes` (overrides of `CODES`).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import aiohttp

from channels.exchange import HTTP_CODES, Reply, get, judge, post
from channels.letter import printable
from channels.limits import BEFORE_DOUBT_MS, LISTED, LISTED_BYTES, VALIDITY_MAX_S
from channels.settings import Codes, Settings
from orchestrator.delivery.channel import Accepted, Answer, Kind, Refused, RenderedMessage

BASE_URL = "https://api.twilio.com"


def _table(**kinds: str) -> dict[str, Kind]:
    return {code: kind for kind, codes in kinds.items() for code in codes.split()}  # type: ignore[misc]  # keys below are Kinds


CODES: Codes = {
    **HTTP_CODES,
    **_table(
        suppress="21211 21214 21217 21610 21614 30004 30005 30006 63024",
        config="20003 20404 21212 21408 21603 21606 21608 21659 21660 21703 21704 21705 30002 30007 30024 30032 30034 30035",
        throttle="20429 21611 30001 30022 30023 30027 63018",
        reject="21602 21604 21612 21617 21620 30010 30450 63016",
    ),
}
"""Twilio's error numbers; it warns that causes move between them, so the table is data."""

_NUMBER = re.compile(r"(?:whatsapp:)?\+[0-9]{5,15}")
_SERVICE = re.compile("MG[0-9a-fA-F]{32}")
_SENDER = re.compile(r"(?:whatsapp:)?\+?[0-9]{3,15}|[A-Za-z0-9 +_&-]{1,11}")
_CODE_MAX = 99_999
_OK = 200
WEBHOOK_SETTINGS = ("webhook_tokens", "webhook_shared_keys")
"""Of `twilio_callbacks`."""


class TwilioChannel:
    """SMS through Twilio."""

    def __init__(self, settings: Mapping[str, Any], session: aiohttp.ClientSession) -> None:
        found = Settings("twilio", settings)
        self._session = session
        account = found.text("account_sid")
        self._url = f"{found.base_url(BASE_URL)}/2010-04-01/Accounts/{quote(account, safe='')}/Messages.json"
        self._headers = {
            "Authorization": _authorization(found, account),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        self._service = found.optional("messaging_service_sid")
        if self._service is not None and not _SERVICE.fullmatch(self._service):
            raise found.wrong("messaging_service_sid", "must be MG and 32 hexadecimal digits")
        self._callback = found.optional("status_callback")
        self._validity = found.whole("validity_period", 0, 0, VALIDITY_MAX_S)
        self._timeouts = found.timeouts()
        self._codes = found.codes(CODES)
        for heard in WEBHOOK_SETTINGS:
            found.optional(heard)
        found.finish()

    async def send(self, message: RenderedMessage) -> Answer:
        """Make one request; accepted messages are known by their sid."""
        form = self.form(message)
        if isinstance(form, Refused):
            return form
        reply = await post(self._session, self._url, self._headers, urlencode(form).encode(), self._timeouts)
        if not isinstance(reply, Reply):
            return reply
        told = reply.json()
        sid = told.get("sid")
        return judge(reply, _code(told, reply.status), self._codes, sid if isinstance(sid, str) else None)

    async def find(self, message: RenderedMessage, doubted: int) -> Accepted | Refused | None:
        """Look through what Twilio lists to that number since a little before, for the same words from the same sender.

        Two texts of the same words within minutes cannot be told apart.
        """
        form, since = self.form(message), doubted - BEFORE_DOUBT_MS
        if isinstance(form, Refused):
            return None
        day = datetime.fromtimestamp(since / 1_000, UTC).strftime("%Y-%m-%d")
        query = urlencode({"To": form["To"], "DateSent>": day, "PageSize": LISTED})
        headers = {"Authorization": self._headers["Authorization"], "Accept": "application/json"}
        reply = await get(self._session, f"{self._url}?{query}", headers, self._timeouts, LISTED_BYTES)
        listed = reply.json().get("messages") if reply is not None and reply.status == _OK and reply.whole else None
        if not isinstance(listed, list):
            return None
        near = [one for one in listed if isinstance(one, dict) and _is_near(one, form, since)]
        same = next((one for one in near if one.get("body") == form["Body"]), None)
        if same is not None:
            return Accepted(str(same.get("sid")))
        return None if near or len(listed) >= LISTED else Refused("reject", "not_found")

    def form(self, message: RenderedMessage) -> dict[str, str] | Refused:
        """The request's parameters, or why there can be none."""
        if message.channel != "sms":
            return Refused("config", "channel", "this channel sends sms only")
        if not _NUMBER.fullmatch(message.to):
            return Refused("reject", "address", "the recipient's number is not in E.164 form")
        sender = self._service or message.sender.get("from", "")
        form = {"To": message.to}
        if _SERVICE.fullmatch(sender):
            form["MessagingServiceSid"] = sender
        elif _SENDER.fullmatch(sender):
            form["From"] = sender
        else:
            return Refused("config", "sender", "the sender's from is missing or malformed")
        form["Body"] = printable(message.body_text)
        if self._validity:
            form["ValidityPeriod"] = str(self._validity)
        if self._callback is not None:
            form["StatusCallback"] = _with_id(self._callback, message)
        return form


def _authorization(found: Settings, account: str) -> str:
    key = found.optional("api_key_sid")
    pair = f"{account}:{found.text('auth_token')}" if key is None else f"{key}:{found.text('api_key_secret')}"
    return "Basic " + b64encode(pair.encode()).decode()


def _with_id(url: str, message: RenderedMessage) -> str:
    parts = urlsplit(url)
    query = f"{parts.query}&" if parts.query else ""
    ours = {"message_id": message.message_id} | ({"reference": message.reference} if message.reference else {})
    return parts._replace(query=query + urlencode(ours)).geturl()


def _is_near(listed: Mapping[str, Any], form: Mapping[str, str], since: int) -> bool:
    """Whether it went to that number from that sender, not before. One without a time that can be read is near."""
    ours = listed.get("from") == form.get("From") or listed.get("messaging_service_sid") == form.get("MessagingServiceSid", "")
    if listed.get("to") != form["To"] or not ours or not str(listed.get("direction", "outbound")).startswith("outbound"):
        return False
    try:
        return parsedate_to_datetime(str(listed.get("date_created"))).timestamp() * 1_000 >= since
    except (ValueError, OverflowError):
        return True


def _code(told: Mapping[str, Any], status: int) -> str:
    code = told.get("code")
    return str(code) if isinstance(code, int) and 0 < code <= _CODE_MAX else str(status)
