"""Worlds of several partitions in which customers turn out to be one: every invariant at every step, and one digest a seed."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.simulation.apart import Apart
from tests.simulation.replies_apart import RepliesApart

SEEDS = 400
CHUNK = 40


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_invariant_holds_in_these_worlds(first: int) -> None:
    for seed in range(first, first + CHUNK):
        Apart(seed).run()


def test_the_worlds_hold_what_they_are_for() -> None:
    reports = [Apart(seed).run() for seed in range(40)]

    assert sum(report.deaths for report in reports) > 20
    assert sum(report.fenced for report in reports) > 5
    assert sum(report.links for report in reports) > 40
    assert sum(report.contested for report in reports) > 5
    assert sum(report.adopted for report in reports) > 30
    assert sum(report.again for report in reports) > 20


def test_a_world_run_again_is_the_same() -> None:
    one, other = Apart(7), Apart(7)

    assert one.run() == other.run()
    assert one.digest() == other.digest()


def test_who_writes_back_is_understood_as_by_one_engine() -> None:
    told = sum((RepliesApart(seed).run() for seed in range(60)), Counter[tuple[str, str, str]]())
    names = {(who[0], name) for who, name, _ in told}
    assert names >= {(kind, name) for kind in "ua" for name in ("SMS Received", "Consent Withdrawn", "Consent Given")}
