"""Ids of different partitions become one customer on a real broker, with workers killed meanwhile."""

from __future__ import annotations

from pathlib import Path

from tests.integration.storm_identities import run


def test_every_link_of_a_storm_is_honoured_and_nothing_is_doubled(brokers: str, tmp_path: Path) -> None:
    ran = run(brokers, tmp_path, links=100, kills=2)
    assert ran.found.wrong == {}
    assert ran.found.links > 30
    assert ran.found.adopted > 20
    assert ran.found.sent > 0
    assert ran.storm.orders.total() > 10
