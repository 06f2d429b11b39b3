"""Which source a request comes from, by its write key."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping

OPEN_SOURCE = "http"
"""What every request's source is called where no key is configured."""


class SourceKeys:
    """The configured sources: name → write key, or several while a key is being rotated. None at all: open."""

    def __init__(self, keys: Mapping[str, str | tuple[str, ...]]) -> None:
        pairs = [(name, (given,) if isinstance(given, str) else given) for name, given in keys.items()]
        self._keys = [(name, key.encode()) for name, several in pairs for key in several]

    def source_of(self, key: str | None) -> str | None:
        """Give the source's name, or None for a key that is not ours; it takes as long whichever key it is."""
        if not self._keys:
            return OPEN_SOURCE
        offered = (key or "").encode(errors="surrogatepass")
        found = [name for name, own in self._keys if hmac.compare_digest(own, offered)]
        return found[0] if found and offered else None


def basic_key(authorization: str) -> str | None:
    """Give the user of HTTP Basic authorization, which is where SDKs put the write key."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(token.strip(), validate=True).decode().partition(":")[0] or None
    except (binascii.Error, ValueError):
        return None
