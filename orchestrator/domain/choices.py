"""Links by which a recipient chooses what they get: to unsubscribe, to the preference page, to confirm what was asked for them.

A link names what it is for, its message, the recipient, and the address as the list has it. Nothing in it is secret: who has
it may choose for that recipient, as with the message itself.
"""

from __future__ import annotations

import binascii
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from orchestrator.domain.limits import DAY_MS
from orchestrator.domain.suppression import HASH_BYTES

Purpose = Literal["u", "p", "c"]
UNSUBSCRIBE, PREFERENCES, CONFIRM = "unsubscribe_url", "preferences_url", "confirm_url"
"""How templates read them; the last one only in a message about a `Consent Given`."""
PLACEHOLDERS = {name: f"https://shop.example/{name[0]}/" + "x" * 120 for name in (UNSUBSCRIBE, PREFERENCES, CONFIRM)}
"""Stand for links where nothing is really sent."""
LIVES_MS: dict[str, int] = {"u": 3_650 * DAY_MS, "p": 400 * DAY_MS, "c": 30 * DAY_MS}
"""How long a link of each kind works: one must be able to unsubscribe by any message that one still has."""

_MAC_BYTES = 12
_LOCALE_CHARS = 35
_MINUTE_MS = 60_000
_HEAD = struct.Struct(f">c12s{HASH_BYTES}sI")
"""Purpose, message id, hash of the address, minutes since 1970 when it was made; then locale, channel, topic and person."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a link says. `person` is the recipient's raw id (`u:…`, `a:…`), `made` a time in whole minutes.

    `topic`: the message's, or what is to be confirmed; `channel` likewise, `*` for every channel.
    """

    purpose: Purpose
    message: str
    address: bytes
    made: int
    locale: str
    channel: str
    topic: str
    person: str


def signed_choice(choice: Choice, key: bytes) -> str:
    """The link's token."""
    minutes = choice.made // _MINUTE_MS
    head = _HEAD.pack(choice.purpose.encode(), bytes.fromhex(choice.message), choice.address, minutes)
    words = (choice.locale.partition("\0")[0][:_LOCALE_CHARS], choice.channel, choice.topic, choice.person)
    body = head + "\0".join(words).encode("utf-8", "surrogatepass")
    return urlsafe_b64encode(_mac(body, key) + body).rstrip(b"=").decode()


def read_choice(token: str, purpose: Purpose, keys: Sequence[bytes]) -> Choice | None:
    """What the token says, if one of the keys has signed it for that."""
    try:
        content = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    mac, body = content[:_MAC_BYTES], content[_MAC_BYTES:]
    if len(body) < _HEAD.size or not any(hmac.compare_digest(_mac(body, key), mac) for key in keys):
        return None
    kind, message, address, minutes = _HEAD.unpack_from(body)
    words = body[_HEAD.size :].decode("utf-8", "surrogatepass").split("\0", 3)
    if kind != purpose.encode() or len(words) != 4:  # noqa: PLR2004 - as `signed_choice` writes them
        return None
    return Choice(purpose, message.hex(), address, minutes * _MINUTE_MS, *words)


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"choice\0" + body, "sha256")[:_MAC_BYTES]
