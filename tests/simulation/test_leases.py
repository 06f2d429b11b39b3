"""Simulated worlds of workers, governors and operators: every promise of leases, whatever is late, lost, asleep or dead."""

from __future__ import annotations

import pytest

from tests.simulation.lease_world import LeaseWorld

SEEDS = 400
CHUNK = 50


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_promise_of_leases_holds_in_these_worlds(first: int) -> None:
    for seed in range(first, first + CHUNK):
        LeaseWorld(seed).run()


def test_the_worlds_hold_what_they_are_for() -> None:
    worlds = [LeaseWorld(seed).run() for seed in range(40)]

    assert sum(len(world.handed) for world in worlds) > 2_000
    assert sum(world.epoch for world in worlds) > 80
    assert any(world.handed and world.handed[-1][0] > 30_000 for world in worlds)
