"""A thousand simulated worlds, every invariant at every step. A failure names its seed and how to run it alone."""

from __future__ import annotations

import pytest

from tests.simulation.world import World

SEEDS = 1_000
CHUNK = 100


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_invariant_holds_in_these_worlds(first: int) -> None:
    for seed in range(first, first + CHUNK):
        World(seed).run()


def test_the_worlds_hold_what_they_are_for() -> None:
    reports = [World(seed).run() for seed in range(60)]

    assert sum(report.deaths for report in reports) > 20
    assert sum(report.taken for report in reports) > 300
    assert sum(report.rows for report in reports) > 60 * 40
