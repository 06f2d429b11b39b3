"""Simulated queues that rates bound, embedded and of workers: nothing leaves faster, and nobody waits in vain."""

from __future__ import annotations

from tests.simulation.rate_world import RateWorld, distributed, embedded

SEEDS = 24


def test_no_rate_is_exceeded_and_nobody_waits_in_vain_in_these_worlds() -> None:
    worlds = [RateWorld(seed).run() for seed in range(SEEDS)]

    assert {world.drain for world in worlds} == {embedded, distributed}
    assert {world.long > 1 for world in worlds} == {True, False}
    assert sum(len(world.left) for world in worlds) > 5_000
