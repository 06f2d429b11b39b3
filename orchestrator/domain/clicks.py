"""Links in messages that lead over our door, so that a click is known: what such a link says, signed.

It names the message, where its profile is kept, and the address that it leads to; nothing of a person. Only an address that
stood in a message was ever signed, so the door leads nowhere else.
"""

from __future__ import annotations

import binascii
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass

URL_CHARS = 2_000
"""Of an address that a link may lead to; a longer one is left as it is."""
_MAC_BYTES = 12
_HEAD = struct.Struct(">12sIQ")
"""Message id, partition, key of the profile; the address follows."""


@dataclass(frozen=True, slots=True)
class Click:
    """`message` is its id in hexadecimal digits; `home` and `key` are its profile's partition and key there."""

    message: str
    home: int
    key: int
    url: str


def signed_click(click: Click, key: bytes) -> str:
    """The link's token: 48 characters, and a third more than the address has."""
    body = _HEAD.pack(bytes.fromhex(click.message), click.home, click.key) + click.url.encode("utf-8", "replace")
    return urlsafe_b64encode(_mac(body, key) + body).rstrip(b"=").decode()


def read_click(token: str, keys: Sequence[bytes]) -> Click | None:
    """What the token says, if one of the keys has signed it. An empty key is none: everybody has that."""
    try:
        content = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    mac, body = content[:_MAC_BYTES], content[_MAC_BYTES:]
    if len(body) < _HEAD.size or not any(key and hmac.compare_digest(_mac(body, key), mac) for key in keys):
        return None
    message, home, key = _HEAD.unpack_from(body)
    return Click(message.hex(), home, key, body[_HEAD.size :].decode("utf-8", "replace"))


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"click\0" + body, "sha256")[:_MAC_BYTES]
