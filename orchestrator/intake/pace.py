"""How often something may happen in a minute."""

from __future__ import annotations

from collections import Counter

from orchestrator.intake.limits import PACED_KEPT

_MINUTE_MS = 60_000


class Pace:
    """Counts by key within each minute of the clock; a new minute begins with nothing."""

    def __init__(self, a_minute: int) -> None:
        self._a_minute = a_minute
        self._minute = -1
        self._counted: Counter[str] = Counter()

    def allows(self, key: str, now: int) -> bool:
        """Count one more, unless that is too many; with more keys than can be told apart, too many of all together."""
        if now // _MINUTE_MS != self._minute:
            self._minute, self._counted = now // _MINUTE_MS, Counter()
        if key not in self._counted and len(self._counted) >= PACED_KEPT:
            return False
        self._counted[key] += 1
        return self._counted[key] <= self._a_minute
