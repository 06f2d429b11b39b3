"""What of an event's properties may stand in a history: numbers and truths as they are, of texts a mark that says nothing.

Marks are keyed hashes: equal texts have equal marks, so that orders, tickets and kinds can be counted and joined, and nobody
reads a name or an address out of them. The key is drawn for each history.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import msgspec

from orchestrator.history.limits import DEPTH, PROPERTIES, STRING_CHARS

MARK_BYTES = 9
_OURS = re.compile("[0-9a-f]{24}")
"""An id of ours, made of hashes."""
_NAME = re.compile(r"[A-Za-z_$][\w$-]{0,63}", re.ASCII)
"""What a property may be called; others are left out, for a name can tell a person too."""

encode = msgspec.json.Encoder().encode


def mark(text: str, key: bytes) -> str:
    """What stands for a text."""
    return "~" + blake2b(text[:STRING_CHARS].encode("utf-8", "surrogatepass"), key=key, digest_size=MARK_BYTES).hexdigest()


def plain(properties: dict[str, Any], key: bytes, *, own: bool) -> str:
    """Properties as JSON of one object, nested ones by path (`cart.total`). What we say ourselves (`own`) keeps its words."""
    kept: dict[str, Any] = {}
    for path, value in _leaves(properties, "", DEPTH):
        if len(kept) == PROPERTIES:
            break
        if not isinstance(value, str) or (own and path != "url") or _OURS.fullmatch(value):
            kept[path] = value
        else:
            kept[path] = mark(value, key)
    return encode(kept).decode()


def _leaves(properties: dict[str, Any], before: str, depth: int) -> Iterator[tuple[str, Any]]:
    for name, value in properties.items():
        if not _NAME.fullmatch(name):
            continue
        if isinstance(value, dict):
            if depth > 1:
                yield from _leaves(value, f"{before}{name}.", depth - 1)
        elif isinstance(value, str | int | float):
            yield before + name, value
