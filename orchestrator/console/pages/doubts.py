"""Messages of which nobody knows whether they have left, and those that ended as unknown."""

from __future__ import annotations

from operator import attrgetter

from orchestrator.console.asked import Answer, Asked, Place, Shown
from orchestrator.console.limits import ROWS_SHOWN
from orchestrator.errors import UsageError
from orchestrator.stores.reader import Doubt


def doubts(asked: Asked) -> Answer:
    """The list, the oldest first."""
    every = sorted(asked.reader.doubts(), key=attrgetter("planned_at", "id"))
    ended = [one for one in every if one.ended]
    newest, more = ended[: -ROWS_SHOWN - 1 : -1], max(0, len(ended) - ROWS_SHOWN)
    return Shown("doubts.html", {"open": [one for one in every if not one.ended], "ended": newest, "more": more})


def doubt_of(asked: Asked, raw: str, message: str) -> Doubt:
    """The message in doubt of that customer; UsageError where it is none any more."""
    found = next((one for one in asked.reader.doubts_of(raw) if one.id == message and not one.ended), None)
    if found is None:
        raise UsageError(asked.speech.say("This message is not in doubt any more."))
    return found


PLACES = (Place("/doubts", doubts),)
