"""Bad events: what the door refused, the newest first, each as it was sent and with the reason that its sender read."""

from __future__ import annotations

from collections import Counter

from orchestrator.console.asked import Answer, Asked, Place, Shown
from orchestrator.console.limits import ROWS_SHOWN
from orchestrator.stores.kafka.limits import REJECTS_TOLD
from orchestrator.stores.rejects import KEPT, read_rejects

_COMMON = 8


def rejects(asked: Asked) -> Answer:
    """The list, with the reasons that come most often."""
    every = read_rejects(asked.state.path, None, KEPT)
    below = asked.query.get("below", "")
    number = int(below) if below.isascii() and below.isdigit() and len(below) < 19 else None  # noqa: PLR2004
    rows = [one for one in every if number is None or one.number < number]
    shown = rows[:ROWS_SHOWN]
    common = Counter((one.source, one.reason) for one in every).most_common(_COMMON)
    values = {
        "rows": shown,
        "more": shown[-1].number if len(rows) > ROWS_SHOWN else None,
        "common": [(source, reason, count) for (source, reason), count in common],
        "kept": KEPT,
        "a_second": REJECTS_TOLD,
    }
    return Shown("rejects.html", values)


PLACES = (Place("/rejects", rejects),)
