"""Links in made-up messages lead where they were written to, and each click is told of its own message."""

from __future__ import annotations

from tests.simulation.link_world import LinkWorld


def test_links_lead_where_they_were_written_to_and_clicks_are_told() -> None:
    ran = [LinkWorld(seed).run() for seed in range(150)]
    assert sum(one.people for one in ran) > 100
    assert sum(one.machines for one in ran) > 100
