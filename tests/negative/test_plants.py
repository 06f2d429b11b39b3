"""Every planted bug is caught by a named invariant within a thousand seeds; a plant that survives fails the test."""

from __future__ import annotations

import pytest

from tests.negative import (
    address_plants,
    apart_plants,
    care_plants,
    domain_plants,
    edge_plants,
    lease_plants,
    link_plants,
    loop_plants,
    rail_plants,
    rate_plants,
    receipt_plants,
    reply_plants,
    round_plants,
    volume_plants,
)
from tests.negative.planting import PLANTS, Plant
from tests.simulation.world import SimulationError

SEEDS = 1_000
FAMILIES = (
    address_plants,
    apart_plants,
    care_plants,
    domain_plants,
    edge_plants,
    lease_plants,
    link_plants,
    loop_plants,
    rail_plants,
    rate_plants,
    receipt_plants,
    reply_plants,
    round_plants,
    volume_plants,
)
"""Importing them registers their plants."""


@pytest.mark.parametrize("planted", PLANTS.values(), ids=PLANTS.keys())
def test_a_planted_bug_is_caught(planted: Plant, record_property: pytest.RecordProperty) -> None:
    caught = first_catch(planted)

    assert caught is not None, f"{planted.name} survived {SEEDS} seeds"
    record_property("caught", f"{caught.name} at seed {caught.seed}")
    assert caught.name in planted.caught_by, caught


def first_catch(planted: Plant) -> SimulationError | None:
    """What the first seed that notices says, after the one that did so before; None where none does."""
    with planted.within():
        for seed in (planted.seed, *range(SEEDS)):
            try:
                planted.world(seed).run()
            except SimulationError as caught:
                return caught
    return None


def test_there_are_enough_plants() -> None:
    assert len(PLANTS) >= 20
