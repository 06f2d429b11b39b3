"""The worst week that a search finds: as full as told, no fuller than arithmetic allows, and a scenario that passes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.authoring import load_workspace
from orchestrator.authoring.weekly import most_a_week
from orchestrator.domain.limits import DAY_MS
from orchestrator.insight.scenarios import load_suite, run_suite
from orchestrator.insight.scenarios.scenario import read_scenario
from orchestrator.insight.worst import FILE, worst_week
from orchestrator.insight.worst.limits import INPUTS
from orchestrator.insight.worst.lives import Lives, most_in_a_week

Make = Callable[..., Path]
NEWS = """
campaign: news
stage: awareness
topic: reminders
on: {event: Order Completed}
reentry: REENTRY
then:
  - send: {template: hello, channel: email}
  - wait: 1d
  - send: {template: hello, channel: email}
    id: again
"""


def searched(root: Path, seed: int = 0) -> tuple[int, int | None, str]:
    workspace = load_workspace(root)
    bound = most_a_week(workspace.program).marketing
    found = worst_week(workspace, bound, seed)
    return found.found, bound, found.scenario


def news(reentry: str) -> dict[str, str | None]:
    return {
        "campaigns/cart.yaml": None,
        "campaigns/win-back.yaml": None,
        "campaigns/news.yaml": NEWS.replace("REENTRY", reentry),
    }


@pytest.mark.parametrize(
    ("reentry", "caps", "most", "found_most"),
    [
        ("once", "[]", 2, 2),
        ("{after: 3d}", "[]", 6, 5),  # runs on days 0, 3 and 6: the sixth message is a week after the first
        ("always", "[{at_most: 3, per: 7d, class: marketing}]", 3, 3),
        ("always", "[{at_most: 1, per: 2d, class: marketing}]", 4, 4),
    ],
)
def test_what_can_happen_is_found_and_never_more_than_arithmetic_allows(
    make: Make, reentry: str, caps: str, most: int, found_most: int
) -> None:
    policies = f"topics: {{reminders: {{}}}}\ncaps: {caps}\n"
    found, bound, _ = searched(make({**news(reentry), "policies.yaml": policies}))
    assert (found, bound) == (found_most, most)


def test_the_scenario_is_run_and_passes_as_it_stands(make: Make) -> None:
    root = make(news("{after: 3d}"))
    found, _, scenario = searched(root)
    file = root / FILE
    file.parent.mkdir(exist_ok=True)
    file.write_text(scenario, encoding="utf-8")
    (verdict,) = [verdict for verdict in run_suite(load_suite(root)).verdicts if verdict.file == FILE]
    assert verdict.difference is None
    assert verdict.name == f"the worst week found has {found} marketing messages"


def test_no_event_of_it_can_be_left_out(make: Make) -> None:
    root = make(news("{after: 3d}"))
    found, _, text = searched(root)
    file = root / FILE
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    (spot,) = [spot for spot in load_suite(root).spots if spot.place.file == FILE]
    scenario = read_scenario(spot, {})
    lives = Lives(load_workspace(root).program)
    assert len(scenario.given) == 3
    for left_out in scenario.given:
        life = lives.through(scenario.profile, [one for one in scenario.given if one is not left_out])
        after = lives.harvest(life) if life is not None else None
        assert after is not None
        assert most_in_a_week(after.sends)[0] < found


def test_another_process_with_another_hash_seed_finds_the_same(make: Make) -> None:
    root = make(news("{after: 3d}"))
    command = [sys.executable, "-m", "orchestrator", "check", str(root), "--worst", "--seed", "7", "--format", "json"]
    told = [
        json.loads(subprocess.run(command, env={"PYTHONHASHSEED": seed}, check=True, capture_output=True).stdout)["worst"]
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert told[0]["inputs"] <= INPUTS + 1_000, "the budget is kept, but for the last harvest"


def test_a_workspace_that_sends_nothing_is_told_so(make: Make) -> None:
    root = make({"campaigns/cart.yaml": None, "campaigns/win-back.yaml": None})
    found = worst_week(load_workspace(root), 0)
    assert found.scenario == ""
    assert found.words(0).startswith("found: no marketing message (")
    assert found.words(0).endswith("inputs tried), at most 0 by arithmetic")


def test_a_week_is_half_open() -> None:
    assert most_in_a_week([]) == (0, 0)
    assert most_in_a_week([0, 7 * DAY_MS]) == (1, 0)
    assert most_in_a_week([0, 7 * DAY_MS - 1, 8 * DAY_MS]) == (2, 0)
