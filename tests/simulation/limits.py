"""Production's batch and cache sizes, made small in some worlds: what happens once in ten thousand there is common here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from orchestrator.partition import cursors, live, partition


@contextmanager
def small_limits(rng: Random) -> Iterator[None]:
    """Within, limits that change no decision are what the seed says."""
    kept = live.BATCH, live.VISITS, partition.DUE_PAGE, partition.RECORDS_CACHED
    walks = live.DECISIONS_A_VISIT, cursors.BROADCASTS_A_WALK
    live.BATCH = rng.choice((kept[0], 1, 3))
    live.VISITS = rng.choice((kept[1], 1, 2))
    partition.DUE_PAGE = rng.choice((kept[2], 1, 1, 1))
    partition.RECORDS_CACHED = rng.choice((kept[3], 0, 1))
    live.DECISIONS_A_VISIT = rng.choice((walks[0], 1))
    cursors.BROADCASTS_A_WALK = rng.choice((walks[1], 1, 2))
    try:
        yield
    finally:
        live.BATCH, live.VISITS, partition.DUE_PAGE, partition.RECORDS_CACHED = kept
        live.DECISIONS_A_VISIT, cursors.BROADCASTS_A_WALK = walks
