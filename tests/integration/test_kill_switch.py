"""An operator's kill reaches a running `serve` at 500 messages a second, and holds over a restart.

How many seconds that takes is measured by `kill_switch.py`, on a machine that has time for it.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from orchestrator.delivery.dispatch import AT_ONCE
from tests.integration.kill_switch import Provider, after_click, environment, orders, told
from tests.integration.serving import serving, until
from tests.integration.small_workspace import write_workspace

PEOPLE = 1_500


def test_after_a_kill_nothing_leaves_not_even_after_a_restart(tmp_path: Path, record_property: pytest.RecordProperty) -> None:
    workspace, state, provider = write_workspace(tmp_path / "shop"), tmp_path / "state.sqlite", Provider()
    with provider.listening():
        with serving(workspace, state, **environment(provider)) as life:
            orders(life, 0, PEOPLE)
            until(lambda: len(provider.arrived) > 300, "messages to leave")
            told(state, "kill", "--by", "ada")
            clicked = time.monotonic()
            record_property("last_hand_off_s", round(after_click(provider, clicked), 3))
            # what was on its way, and began between two looks at the switches; a second of it would be 500
            assert sum(at > clicked for at, _ in provider.arrived) <= 2 * AT_ONCE
            assert life.terminate() == 0
        left = len(provider.arrived)
        assert left < PEOPLE
        with serving(workspace, state, **environment(provider)):
            time.sleep(1.5)  # what would leave by itself is what is tested
            assert len(provider.arrived) == left
            told(state, "kill", "--off", "--yes")
            until(lambda: len(provider.arrived) >= PEOPLE, "all messages")
    assert len({ident for _, ident in provider.arrived}) == len(provider.arrived) == PEOPLE
