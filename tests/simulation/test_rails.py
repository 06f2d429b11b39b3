"""Simulated workers of one governor whose campaigns have rails: none is overrun, and none is eaten by leave nobody used."""

from __future__ import annotations

from tests.simulation.rail_world import RailWorld

SEEDS = 24


def test_no_rail_is_overrun_whatever_dies_and_each_can_be_used_up() -> None:
    worlds = [RailWorld(seed).run() for seed in range(SEEDS)]

    assert {world.which for world in worlds} == {"envelope", "breaker", "canary"}
    assert sum(world.railed for world in worlds) > 500
    assert sum(world.epoch for world in worlds) > 40
    assert {world.resumed for world in worlds if world.tripped} == {True, False}
