"""Surveys: what is asked, and the signed links by which a recipient answers.

A link names the message, the survey, the recipient and when it ends. Nothing in it is secret: who has it may answer for that
message.
"""

from __future__ import annotations

import binascii
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from orchestrator.domain.limits import DUPLICATES_FOR_MS

Kind = Literal["nps", "csat", "ces", "text"]
ANSWER = "Survey Answered"
"""The event that an answer is."""
LINK_LIFE_MS = DUPLICATES_FOR_MS
"""How long a link can be answered: as long as a second answer is recognised as such."""
PLACEHOLDER = "https://survey.example/s/" + "x" * 85
"""Stands for a link where nothing is really sent; as long as one to a host of 12 letters and a recipient's id of 24."""

_MAC_BYTES = 12
_TAG_BYTES = 4
_LOCALE_CHARS = 35
"""As long as a language tag gets in practice."""
_MINUTE_MS = 60_000
_HEAD = struct.Struct(">12s4sI")
"""Message id, survey, minutes since 1970 when it ends; the locale and the recipient's raw id follow."""


@dataclass(frozen=True, slots=True)
class Survey:
    """One question. Scores run from `low` to `high`; a survey of the kind `text` has none.

    `comment`: the label of the field for words, by locale; None: there is no such field.
    """

    name: str
    kind: Kind
    low: int = 0
    high: int = 0
    question: dict[str, str] = field(default_factory=dict)
    comment: dict[str, str] | None = None

    @property
    def tag(self) -> bytes:
        """Names the survey in links."""
        return sha256(self.name.encode()).digest()[:_TAG_BYTES]

    @property
    def scores(self) -> range:
        return range(self.low, self.high + 1) if self.kind != "text" else range(0)

    def asked(self, locale: str) -> tuple[str, str]:
        """(locale, question) for a recipient: `it-IT` → `it` → any."""
        return in_locale(self.question, locale)


def in_locale(texts: dict[str, str], locale: str) -> tuple[str, str]:
    """(locale, text) that fits best; empty where there is no text at all."""
    wanted = locale.replace("_", "-").lower()
    for name in (wanted, wanted.partition("-")[0], "en", *texts):
        if name in texts:
            return name, texts[name]
    return "", ""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says. `person` is the recipient's raw id (`u:…`, `a:…`), `until` a time in whole minutes."""

    message: str
    tag: bytes
    person: str
    locale: str
    until: int


def signed(link: Link, key: bytes) -> str:
    """The link's token, 60 characters and more: a third more than its bytes."""
    head = _HEAD.pack(bytes.fromhex(link.message), link.tag, link.until // _MINUTE_MS)
    locale = link.locale.partition("\0")[0][:_LOCALE_CHARS]
    body = head + f"{locale}\0{link.person}".encode("utf-8", "surrogatepass")
    return urlsafe_b64encode(_mac(body, key) + body).rstrip(b"=").decode()


def read_link(token: str, keys: Sequence[bytes]) -> Link | None:
    """What the token says, if one of the keys has signed it."""
    try:
        content = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    mac, body = content[:_MAC_BYTES], content[_MAC_BYTES:]
    if len(body) < _HEAD.size or not any(hmac.compare_digest(_mac(body, key), mac) for key in keys):
        return None
    message, tag, minutes = _HEAD.unpack_from(body)
    locale, _, person = body[_HEAD.size :].decode("utf-8", "surrogatepass").partition("\0")
    return Link(message.hex(), tag, person, locale, minutes * _MINUTE_MS)


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"survey\0" + body, "sha256")[:_MAC_BYTES]
