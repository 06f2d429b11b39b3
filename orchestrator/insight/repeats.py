"""A message that asks for its turn again and again waits once: one entry of `explain`, with how often and until when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Entry = dict[str, Any]
_TURN = "permit"


def without_repeats(entries: Sequence[Entry]) -> list[Entry]:
    """The entries, each row of waits of a message for its turn, by one reason, as the first of them.

    That has `times`, how often it asked, and `last`, when it did last; what it may wait for next is the last one's. That its
    gates let it pass in between is left out.
    """
    found: list[Entry | None] = []
    waits: dict[str, tuple[int, list[int]]] = {}
    """message → the place of its wait, and of what came between that and the next one."""
    for entry in entries:
        message = entry.get("message", "")
        place, between = waits.get(message, (-1, []))
        first = found[place] if place >= 0 else None
        if entry["outcome"] == "planned" and first is not None:
            between.append(len(found))
        elif entry["outcome"] == "waiting" and entry["gate"] == _TURN:
            if first is not None and first["reason"] == entry["reason"]:
                found[place] = _again(first, entry)
                for one in between:
                    found[one] = None
                between.clear()
                continue
            waits[message] = len(found), []
        else:
            waits.pop(message, None)
        found.append(entry)
    return [entry for entry in found if entry is not None]


def _again(first: Entry, entry: Entry) -> Entry:
    return {**first, "times": first.get("times", 1) + 1, "last": entry["at"], "next_allowed": entry["next_allowed"]}
