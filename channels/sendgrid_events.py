"""SendGrid's event webhook: what became of each message, signed with ECDSA over the timestamp and the bytes as they came.

Settings: `webhook_keys` (verification keys as SendGrid shows them, several with commas between while they rotate),
`webhook_age` (seconds that a signature is good for: SendGrid repeats for 24 hours what was not answered).
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from channels.limits import EVENTS_MAX, SIGNATURE_AGE_MAX_S, SIGNATURE_AGE_S, SIGNATURE_CHARS
from channels.settings import Settings
from orchestrator.domain.input import Receipt
from orchestrator.domain.outgoing import referred
from orchestrator.intake.listener import Called, Heard, Told

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
WORDS: Mapping[str, str] = {
    "processed": "processed",
    "deferred": "deferred",
    "delivered": "delivered",
    "open": "opened",
    "click": "clicked",
    "bounce": "bounced",
    "dropped": "dropped",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
}
LISTS: Mapping[str, str] = {"bounced": "bounce", "complained": "complaint", "unsubscribed": "unsubscribed"}
"""word → as what it lists the address."""
DROPPED: Mapping[str, str] = {
    "bounced address": "bounce",
    "spam reporting address": "complaint",
    "unsubscribed address": "unsubscribed",
    "invalid": "invalid",
}
"""SendGrid's reason not to send → what its own list says of the address."""
_MACHINES = re.compile(
    r"bot\b|crawl|spider|preview|scan|proofpoint|barracuda|mimecast|headless|curl/|python-|okhttp|wget", re.IGNORECASE
)
_CODE = re.compile(r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}|[0-9]{3}")
_MILLISECONDS = 10**11
"""A timestamp from here on counts them."""


class _Event(msgspec.Struct):
    event: str
    timestamp: float
    message_id: str = ""
    reference: str = ""
    sg_event_id: str = ""
    sg_message_id: str = ""
    email: str = ""
    type: str = ""
    reason: str = ""
    status: str = ""
    url: str = ""
    useragent: str = ""
    sg_machine_open: bool = False


_events = msgspec.json.Decoder(list[msgspec.Raw]).decode
_event = msgspec.json.Decoder(_Event, strict=False).decode


class SendGridEvents:
    """Reads what SendGrid tells of our messages."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        found = Settings("sendgrid", settings)
        keys = (found.optional("webhook_keys") or "").replace(" ", "").split(",")
        self._keys = [_key(found, key) for key in keys if key]
        self._age_ms = found.whole("webhook_age", SIGNATURE_AGE_S, 60, SIGNATURE_AGE_MAX_S) * 1_000

    @property
    def ready(self) -> bool:
        return bool(self._keys)

    def signed(self, called: Called) -> bool:
        """By any of the keys, and not too long ago."""
        signature, stamp = called.headers.get(SIGNATURE, ""), called.headers.get(TIMESTAMP, "")
        if not (stamp.isascii() and stamp.isdigit() and len(signature) <= SIGNATURE_CHARS):
            return False
        if abs(called.now - int(stamp) * 1_000) > self._age_ms:
            return False
        try:
            given = b64decode(signature, validate=True)
        except (Base64Error, ValueError):
            return False
        return any(_holds(key, given, stamp.encode() + called.body) for key in self._keys)

    def read(self, called: Called) -> Told:
        """Each event of the body; one that is broken keeps no other out."""
        try:
            parts = _events(called.body)
        except msgspec.MsgspecError as error:
            raise ValueError(f"not a list of events: {error}") from None
        if len(parts) > EVENTS_MAX:
            raise ValueError(f"more than {EVENTS_MAX} events at once")
        heard, foreign, broken = [], 0, 0
        for part in parts:
            try:
                found = _heard(_event(part), called.now)
            except (msgspec.MsgspecError, ValueError, OverflowError):
                broken += 1
                continue
            foreign += found is None
            heard += [] if found is None else [found]
        return Told(heard, (), foreign, broken)


def _key(found: Settings, text: str) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(b64decode(text, validate=True))
    except (Base64Error, ValueError, TypeError):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise found.wrong("webhook_keys", "must be verification keys as SendGrid shows them, with commas between")
    return key


def _holds(key: ec.EllipticCurvePublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _heard(told: _Event, now: int) -> Heard | None:
    """None where it is about no message of ours, or says nothing that we keep."""
    place, word = referred(told.reference), WORDS.get(told.event)
    if place is None or not told.message_id or word is None:
        return None
    if word == "bounced" and told.type == "blocked":
        word = "blocked"
    at = int(told.timestamp if told.timestamp >= _MILLISECONDS else told.timestamp * 1_000)
    code = _CODE.search(f"{told.status} {told.reason}")
    machine = told.sg_machine_open or (word in ("opened", "clicked") and _MACHINES.search(told.useragent) is not None)
    receipt = Receipt(
        told.message_id,
        told.sg_event_id or f"{told.event} {told.timestamp:.0f}",
        word,
        max(0, min(at, now)),
        "email",
        "sendgrid",
        told.sg_message_id.partition(".")[0] or None,
        code.group() if code is not None else "",
        told.url if word == "clicked" else "",
        machine,
        now,
    )
    lists = DROPPED.get(told.reason.casefold(), "") if word == "dropped" else LISTS.get(word, "")
    return Heard(*place, receipt, told.email, lists)
