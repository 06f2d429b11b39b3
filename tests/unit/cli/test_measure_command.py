"""`orchestrator measure` and `orchestrator history`: over a state file, over recorded events, into files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from orchestrator.cli import app
from orchestrator.errors import UsageError
from tests.unit.insight.measured import event, write

RUN = CliRunner()


def _order(day: int, who: str) -> dict[str, object]:
    told = {"messageId": f"{day}-{who}", "type": "track", "event": "Order Completed", "userId": who}
    return {**told, "timestamp": f"2026-01-{day:02}T10:00:00Z", "properties": {"total": 10.0 * day}}


EVENTS = [_order(day, who) for day, who in ((1, "ann"), (2, "bob"), (20, "ann"), (31, "cid"))]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    files = {
        "events/order-completed.yaml": event("Order Completed", "", "total"),
        "basket": "unit: money\ntarget: {at_least: 100}\nmean: {of: Order Completed, value: properties.total}\n",
        "again": "unit: share\ncohort: {of: Order Completed, again: Order Completed}\n",
    }
    write(folder / "workspace", files)
    (folder / "events.jsonl").write_text("".join(json.dumps(one) + "\n" for one in EVENTS), encoding="utf-8")
    state = ("--state", str(folder / "shop.sqlite"))
    told = RUN.invoke(app, ["replay", str(folder / "workspace"), "--events", str(folder / "events.jsonl"), *state])
    assert told.exit_code == 0
    return folder


def test_a_state_file_and_its_events_are_measured_alike(shop: Path) -> None:
    asked = [str(shop / "workspace"), "--format", "json"]
    state = RUN.invoke(app, ["measure", *asked, "--state", str(shop / "shop.sqlite"), "--by", "month"])
    events = RUN.invoke(app, ["measure", *asked, "--events", str(shop / "events.jsonl"), "--by", "month"])
    assert (state.exit_code, events.exit_code) == (0, 0)
    found = json.loads(state.stdout)["measures"]
    assert found == json.loads(events.stdout)["measures"]
    assert (found["basket"]["value"], found["basket"]["n"], found["basket"]["unit"]) == (135.0, 4, "money")
    assert found["basket"]["by"]["2026-01"]["value"] == 135.0
    assert (found["basket"]["target"], found["basket"]["met"]) == ({"at_least": 100, "at_most": None}, True)
    assert found["basket"]["definition"] == "What it is."
    assert found["again"]["value"] == pytest.approx(1 / 3)
    low, high = found["again"]["interval"]
    assert low < 1 / 3 < high


def test_it_is_bounded_and_narrowed(shop: Path) -> None:
    asked = ["measure", str(shop / "workspace"), "--state", str(shop / "shop.sqlite"), "--only", "basket"]
    told = RUN.invoke(app, [*asked, "--from", "2026-01-02", "--to", "2026-01-31", "--format", "json"])
    assert list(json.loads(told.stdout)["measures"]) == ["basket"]
    assert json.loads(told.stdout)["measures"]["basket"]["value"] == 110.0
    text = RUN.invoke(app, [*asked, "--locale", "it"]).stdout
    assert "135.00" in text
    assert "≥ 100.00 ✓" in text


def test_rows_go_into_files(shop: Path, tmp_path: Path) -> None:
    asked = ["measure", str(shop / "workspace"), "--state", str(shop / "shop.sqlite"), "--by", "stage", "--out"]
    for name in ("rows.csv", "rows.parquet"):
        assert RUN.invoke(app, [*asked, str(tmp_path / name)]).exit_code == 0
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["measure"], row["by"], row["group"]) for row in rows} >= {("basket", "", ""), ("basket", "stage", "new")}
    with duckdb.connect() as duck:
        held = duck.execute(f"select measure, value, n from '{tmp_path / 'rows.parquet'}'").fetchall()  # noqa: S608
    assert [(row["measure"], float(row["value"]), int(row["n"])) for row in rows] == held


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--by", "colour"], "--by colour"),
        (["--out", "rows.xlsx"], "--out rows.xlsx"),
        (["--only", "baskt"], "--only baskt"),
        (["--events", "events.jsonl"], "either --state FILE"),
    ],
)
def test_wrong_usage_is_said(options: list[str], said: str, shop: Path) -> None:
    told = RUN.invoke(app, ["measure", str(shop / "workspace"), "--state", str(shop / "shop.sqlite"), *options])
    assert isinstance(told.exception, UsageError)
    assert said in str(told.exception)


def test_a_history_is_brought_up_to_its_file(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = str(shop / "shop.sqlite")
    monkeypatch.setattr("os.nice", lambda _: 0)  # this process has other tests to run
    RUN.invoke(app, ["history", "--state", state])
    assert "0 rows taken in, up to row " in RUN.invoke(app, ["history", "--state", state]).stdout
