"""A short run of what is measured over 100,000 messages."""

from __future__ import annotations

import pytest

from tests.simulation.lost_answers import NOTED, measured


@pytest.mark.parametrize("dies", [0.0, 0.02])
def test_lost_answers_leave_nothing_in_doubt_and_marketing_is_never_taken_twice(dies: float) -> None:
    told = measured(2_000, lost=0.02, dies=dies)

    assert told["answers lost"] > 10
    assert told["marketing taken twice"] == 0
    assert told["another state than its receipts say"] == 0
    assert told["unsettled and taken"] <= 2, "what a provider took, it speaks of"
    assert told["unsettled"] <= told["cut off"] * NOTED
    assert told["refused and taken"] == 0
    assert bool(told.get("lost on the way")) is bool(dies), "what never came as far as the socket is known not to have left"
    assert sum(told["states"].values()) == told["messages"]
