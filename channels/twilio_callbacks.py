"""Twilio's callbacks: the status of a message, and texts to our numbers, signed over the URL and the parameters.

Settings: `auth_token` (or `webhook_tokens`, several with commas between while they rotate) for HMAC-SHA1, `webhook_shared_keys`
(`ID=SECRET,…`) for requests that say that they are signed with a shared key, `codes` (overrides of what error numbers mean).
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from channels.limits import PARAMETERS_MAX, SIGNATURE_CHARS
from channels.settings import Settings
from channels.twilio import CODES
from orchestrator.domain.input import Receipt
from orchestrator.domain.outgoing import referred
from orchestrator.intake.listener import Called, Heard, Text, Told

SIGNATURE = "x-twilio-signature"
SCHEME = "x-twilio-webhooks-signature-settings"
"""Which shared key and algorithm; without it the account's token and HMAC-SHA1."""
WORDS: Mapping[str, str] = {
    "queued": "processed",
    "accepted": "processed",
    "scheduled": "processed",
    "sending": "processed",
    "sent": "sent",
    "delivered": "delivered",
    "partially_delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "failed": "undelivered",
    "canceled": "dropped",
}
OPTED_OUT = "21610"
_SHA1, _SHA256 = "HMAC_SHA1", "HMAC_SHA256"
_PORTS = {"https": 443, "http": 80}


class TwilioCallbacks:
    """Reads what Twilio tells of our messages, and what people write to our numbers."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        found = Settings("twilio", settings)
        tokens = found.optional("webhook_tokens") or found.optional("auth_token") or ""
        shared = [pair.partition("=") for pair in (found.optional("webhook_shared_keys") or "").split(",") if pair]
        if any(not (name and secret) for name, _, secret in shared):
            raise found.wrong("webhook_shared_keys", "must be ID=SECRET, with commas between")
        self._tokens = [token.strip() for token in tokens.split(",") if token.strip()]
        self._shared = {name.strip(): secret.strip() for name, _, secret in shared}
        self._codes = found.codes(CODES)

    @property
    def ready(self) -> bool:
        return bool(self._tokens or self._shared)

    def signed(self, called: Called) -> bool:
        """By the scheme that the request names, with that scheme's own secrets."""
        signature = called.headers.get(SIGNATURE, "")
        if not signature or len(signature) > SIGNATURE_CHARS:
            return False
        scheme = _scheme(called.headers.get(SCHEME, ""))
        algorithm = scheme.get("algorithm", _SHA1).upper()
        if algorithm == _SHA256:
            named = self._shared.get(scheme.get("key", ""))
            return self._holds(called, signature, "sha256", [named] if named else list(self._shared.values()))
        return algorithm == _SHA1 and self._holds(called, signature, "sha1", self._tokens)

    def _holds(self, called: Called, signature: str, algorithm: str, secrets: list[str]) -> bool:
        parameters = _parameters(called)
        if parameters is None:
            return False
        expected = (
            b64encode(hmac.digest(secret.encode(), (url + parameters).encode("utf-8", "surrogatepass"), algorithm)).decode()
            for secret in secrets
            for url in _spellings(called.url)
        )
        return any(hmac.compare_digest(one.encode(), signature.encode("utf-8", "replace")) for one in expected)

    def read(self, called: Called) -> Told:
        """A status, or a text where it has no status of an outgoing message."""
        form = dict(parse_qsl(called.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=PARAMETERS_MAX))
        status = form.get("MessageStatus") or form.get("SmsStatus", "")
        if status == "received" or ("Body" in form and "MessageStatus" not in form):
            return _texted(form)
        return self._status(called, form, status)

    def _status(self, called: Called, form: Mapping[str, str], status: str) -> Told:
        query = {name: values[-1] for name, values in parse_qs(urlsplit(called.url).query).items()}
        place, word = referred(query.get("reference", "")), WORDS.get(status)
        message_id, sid = query.get("message_id", ""), form.get("MessageSid") or form.get("SmsSid") or ""
        if place is None or not message_id:
            return Told(foreign=1)
        if word is None or not sid:
            return Told(broken=1)
        code = form.get("ErrorCode", "")
        receipt = Receipt(
            message_id, f"{sid}-{status}", word, called.now, "sms", "twilio", sid, code[:8], received_at=called.now
        )
        dead = word == "undelivered" and self._codes.get(code) == "suppress"
        return Told([Heard(*place, receipt, form.get("To", ""), listed_as(code) if dead else "")])


def listed_as(code: str) -> str:
    """As what an error number lists the number that it is about."""
    return "stop" if code == OPTED_OUT else "invalid"


def _texted(form: Mapping[str, str]) -> Told:
    sender, to = form.get("From", ""), form.get("To", "")
    if not (sender and to):
        return Told(broken=1)
    sid = form.get("MessageSid") or form.get("SmsSid", "")
    return Told((), [Text(sender, to, form.get("Body", ""), form.get("OptOutType", ""), sid)])


def _scheme(header: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in header.split(","))
    return {name.strip(): value.strip() for name, _, value in pairs if value.strip()}


def _parameters(called: Called) -> str | None:
    """What follows the URL under the signature. None where the URL names another body than this one."""
    named = parse_qs(urlsplit(called.url).query).get("bodySHA256")
    if named is not None and "form" not in called.headers.get("content-type", ""):
        return "" if hmac.compare_digest(named[0].encode(), sha256(called.body).hexdigest().encode()) else None
    try:
        pairs = parse_qsl(called.body.decode(), keep_blank_values=True, max_num_fields=PARAMETERS_MAX)
    except (ValueError, UnicodeDecodeError):
        return None
    return "".join(name + value for name, value in sorted(set(pairs)))


def _spellings(url: str) -> Iterator[str]:
    """With and without the port: Twilio is not consistent."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    yield parts._replace(netloc=host).geturl()
    yield parts._replace(netloc=f"{host}:{parts.port or _PORTS.get(parts.scheme, 80)}").geturl()
