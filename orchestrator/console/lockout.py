"""Guessing passwords is slow: an account that heard too many wrong ones in a row is locked for a while, each time longer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from orchestrator.console.limits import FAILING_KEPT, FAILURES_FREE, LOCK_MAX_S, LOCK_S


@dataclass(slots=True)
class Lockout:
    """Failures by name, of accounts that exist and of such that do not. `now` is monotone, in seconds."""

    now: Callable[[], float]
    _failed: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict)
    """name → (wrong passwords in a row, locked until)"""

    def locked_for(self, name: str) -> float:
        """Seconds until this name may try again; 0 where it may now."""
        return max(0.0, self._failed.get(name, (0, 0.0))[1] - self.now())

    def failed(self, name: str) -> None:
        """A wrong password."""
        count = self._failed.pop(name, (0, 0.0))[0] + 1
        over = count - FAILURES_FREE
        until = self.now() + min(LOCK_MAX_S, LOCK_S * 2 ** min(over, 16)) if over >= 0 else 0.0
        self._failed[name] = count, until
        if len(self._failed) > FAILING_KEPT:
            self._failed.popitem(last=False)

    def passed(self, name: str) -> None:
        """The right one: what failed before is forgotten."""
        self._failed.pop(name, None)
