"""A clock for lives of leases: it never goes back, and goes on while the machine sleeps where the system has such a one."""

from __future__ import annotations

import time

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def monotone_ms() -> int:
    """Milliseconds since some instant."""
    return time.clock_gettime_ns(_CLOCK) // 1_000_000
