"""When Python looks for garbage in cycles."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = (500_000, 20, 1_000)
"""Thresholds of the collector: objects made, and looks between two deeper ones."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Look seldom: reading files and deciding leave few cycles, and each look walks everything that is in memory."""
    before = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
