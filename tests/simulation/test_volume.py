"""Simulated workers that share one account: no envelope, breaker or canary is overrun, whatever dies."""

from __future__ import annotations

from tests.simulation.volume_world import VolumeWorld

SEEDS = 120


def test_nothing_is_overrun_in_these_worlds() -> None:
    worlds = [VolumeWorld(seed).run() for seed in range(SEEDS)]

    assert {world.which for world in worlds} == {"envelope", "breaker", "canary"}
    assert sum(len(world.granted) for world in worlds) > 1_000
    assert sum(world.tripped for world in worlds) > 15
