"""The history as pages read it: open where there is one, and whose a profile's key is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from orchestrator.console.asked import Asked
from orchestrator.domain.limits import DAY_MS
from orchestrator.errors import StoreError
from orchestrator.history import History, Lag, open_history


@contextmanager
def history_of(asked: Asked) -> Iterator[History | None]:
    """The history of the state; None while there is none yet."""
    try:
        with open_history(asked.state.path) as history:
            yield history
    except StoreError:
        yield None


def day_of(instant: int) -> int:
    """The UTC day of that instant, as a history counts them."""
    return instant // DAY_MS


def names_of(asked: Asked, keys: Iterable[int]) -> dict[int, str]:
    """Raw ids by the profile's key; who is gone has none."""
    found = {key: asked.reader.read(key) for key in set(keys)}
    return {key: stored.raw for key, stored in found.items() if stored is not None}


def behind(lag: Lag | None) -> int:
    """How many inputs the pages do not know of yet."""
    return 0 if lag is None else lag.behind
