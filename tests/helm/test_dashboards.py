"""The dashboards ask for what some page tells, and every page's number is asked for somewhere."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from orchestrator.metrics import METRICS
from tests.helm.tools import CHART

BOARDS = sorted((CHART / "dashboards").glob("*.json"))
RELEASE = ('namespace=~"$namespace"', 'app_kubernetes_io_instance=~"$instance"')


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_a_board_can_be_read_anywhere(path: Any) -> None:
    """It names no data source of its own, each panel says what it shows, and asks for the release that is chosen."""
    board = json.loads(path.read_text(encoding="utf-8"))
    assert board["uid"] == f"orchestrator-{path.stem}"
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    for panel in panels(board):
        assert panel["datasource"]["uid"] == "$datasource"
        assert panel["description"].endswith("."), panel["title"]
        for target in panel["targets"]:
            asked = re.findall(r"\{([^}]*)\}", target["expr"])
            assert asked and all(all(one in each for one in RELEASE) for each in asked), target["expr"]  # noqa: PT018


def test_each_metric_of_ours_stands_on_a_board_and_each_board_asks_for_no_other() -> None:
    asked = {name for path in BOARDS for name in re.findall(r"\borchestrator_\w+", path.read_text(encoding="utf-8"))}
    assert asked == {one.name for one in METRICS}
