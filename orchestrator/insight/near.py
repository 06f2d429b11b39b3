"""Ids like one that nobody has: found by their beginning, so that the search costs the same in a store of any size."""

from __future__ import annotations

import difflib
from typing import Protocol

_LOOKED_AT = 200
"""Ids of one beginning that are compared."""
_TOLD = 3
"""Ids that are named."""


class Ids(Protocol):
    def ids_like(self, start: str, limit: int) -> list[str]:
        """Raw ids that begin so, in order."""
        ...


def near_ids(ids: Ids, name: str) -> list[str]:
    """The nearest ids, without what tells known from anonymous ones."""
    for start in dict.fromkeys((name[:-1], name[: len(name) // 2], name[:1], name[:1].swapcase(), "")):
        found = [raw[2:] for kind in ("u:", "a:") for raw in ids.ids_like(kind + start, _LOOKED_AT)]
        folded = {one.casefold(): one for one in reversed(found)}
        near = difflib.get_close_matches(name.casefold(), folded, n=_TOLD, cutoff=0.6)
        if near:
            return [folded[one] for one in near]
    return []
