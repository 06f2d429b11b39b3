"""Times and spans as people read them: in one named zone, in whole units."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from orchestrator.domain.calendar import zone_of

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_UNITS = (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1_000), ("millisecond", 1))
_SHOWN = 2
"""Units that a span names at most."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Tells instants in one zone, by its IANA name; UTC where there is no such zone."""

    zone: str = "UTC"

    def tell(self, instant: int) -> str:
        """`2026-03-02 10:00:00`, in this zone."""
        at = _EPOCH + dt.timedelta(milliseconds=instant)
        return f"{at.astimezone(zone_of(self.zone) or dt.UTC):%Y-%m-%d %H:%M:%S}"


def parts_of(milliseconds: int) -> list[tuple[str, int]]:
    """All of the span, by units that are not zero, the largest first: (name, number)."""
    parts, left = [], abs(milliseconds)
    for name, unit in _UNITS:
        number, left = divmod(left, unit)
        if number:
            parts.append((name, number))
    return parts


def span(milliseconds: int) -> str:
    """`3 days`, `1 hour 30 minutes`: the two largest units that are not zero."""
    words = [f"{number} {name}{'' if number == 1 else 's'}" for name, number in parts_of(milliseconds)[:_SHOWN]]
    return " ".join(words) or "no time"
