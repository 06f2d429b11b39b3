"""Schemas for editors: they hold what the workspace has, also while it is being edited, and admit what the check admits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from orchestrator.authoring import check
from orchestrator.authoring.editing import FOLDER, renew, with_line, write_schemas
from orchestrator.authoring.editing.lines import kind_of
from orchestrator.authoring.editing.written import KINDS
from orchestrator.authoring.parse import parse
from orchestrator.cli import app

Written = Callable[..., Path]
LIBRARY = Path(__file__).parents[3] / "rules" / "library"
runner = CliRunner()


def schema(root: Path, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / FOLDER / f"{kind}.schema.json").read_text(encoding="utf-8"))
    return found


def test_every_shipped_file_obeys_its_schema(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    copytree(LIBRARY, root)
    lacking = "shipped files lack their first line: run `orchestrator schemas rules/library` and remove its .schemas"
    assert write_schemas(root, lines=True) == (len(KINDS), 0), lacking
    wrong = {}
    for path in root.rglob("*.yaml"):
        name = path.relative_to(root).as_posix()
        kind = kind_of(name)
        assert kind is not None
        value = parse(name, path.read_text(encoding="utf-8")).value
        errors = jsonschema.Draft7Validator(schema(root, kind)).iter_errors(value)
        wrong[name] = [f"{error.json_path}: {error.message}" for error in errors]
    assert {name: told for name, told in wrong.items() if told} == {}
    assert len(wrong) > 100


@pytest.mark.parametrize("kind", KINDS)
def test_each_schema_is_one(kind: str, written: Written) -> None:
    root = written()
    write_schemas(root)
    jsonschema.Draft7Validator.check_schema(schema(root, kind))


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("pattern.event", {"Order Completed", "Ticket Opened", "Consent Given"}),
        ("campaign-send.template", {"thanks", "coupon"}),
        ("campaign-send.survey", None),
        ("pattern.key", {"order", "product", "ticket"}),
        ("campaign-verb.move_to", {"interest", "retention", "lost"}),
    ],
)
def test_names_are_those_of_the_workspace(place: str, names: set[str] | None, written: Written) -> None:
    root = written()
    write_schemas(root)
    definition, _, setting = place.partition(".")
    found = schema(root, "campaign")["$defs"][definition]["properties"][setting]
    assert set(found.get("enum", ())) >= (names or set())
    assert ("enum" in found) is (names is not None), "where there is none to name, any text will do"


def test_a_condition_offers_places_and_admits_others(written: Written) -> None:
    root = written()
    write_schemas(root)
    rule = schema(root, "campaign")["$defs"]["rule"]
    places = {place for way in rule["properties"]["var"]["anyOf"] for place in way.get("enum", ())}
    assert places >= {"event.properties.total", "profile.traits.plan", "profile.features.orders", "stage.current"}
    whole = {"$ref": "#/$defs/rule", "$defs": schema(root, "campaign")["$defs"]}
    judge = jsonschema.Draft7Validator(whole)
    assert judge.is_valid({"some": [{"var": "event.properties.products"}, {">": [{"var": "quantity"}, 2]}]})
    assert judge.is_valid({"segment": "buyers"})
    assert not judge.is_valid({"segment": "buyer"})
    assert not judge.is_valid({"=>": [{"var": "stage.current"}, 1]})


def test_a_file_that_cannot_be_read_leaves_its_names_open(written: Written, base: dict[str, str]) -> None:
    """While an event's file is half written its name may stand in a campaign."""
    root = written({"events/order-refunded.yaml": "event: [\n"})
    write_schemas(root)
    event = schema(root, "campaign")["$defs"]["pattern"]["properties"]["event"]
    judge = jsonschema.Draft7Validator(event)
    assert judge.is_valid("Order Refunded")
    assert judge.is_valid("Order Completed")
    value = parse("x", base["campaigns/thanks.yaml"]).value
    assert list(jsonschema.Draft7Validator(schema(root, "campaign")).iter_errors(value)) == []


def test_a_check_renews_schemas_that_are_there_and_makes_none(written: Written) -> None:
    root = written()
    assert runner.invoke(app, ["check", str(root)]).exit_code == 0
    assert not (root / FOLDER).exists()
    write_schemas(root)
    (root / "segments.yaml").write_text(
        "buyers: {if: {segment: others}}\nothers: {if: {'>': [{var: profile.features.orders}, 1]}}\n"
    )
    runner.invoke(app, ["check", str(root)])
    assert schema(root, "campaign")["$defs"]["rule"]["properties"]["segment"]["enum"] == ["buyers", "others"]
    assert write_schemas(root) == (0, 0), "nothing is written anew that is as it should be"
    (root / FOLDER / "campaign.schema.json").unlink()
    (root / FOLDER / "campaign.schema.json").mkdir()
    renew(root)
    assert [each.code for each in check(root)] == []


@pytest.mark.parametrize(
    ("file", "text", "lined"),
    [
        ("wheel.yaml", "start: a\n", "# yaml-language-server: $schema=.schemas/wheel.schema.json\nstart: a\n"),
        ("campaigns/a.yaml", "a: 1\r\n", "# yaml-language-server: $schema=../.schemas/campaign.schema.json\r\na: 1\r\n"),
        (
            "templates/a/it/template.yaml",
            "",
            "# yaml-language-server: $schema=../../../.schemas/template.schema.json\n",
        ),
        ("tests/a.yaml", "# yaml-language-server: $schema=mine.json\n", "# yaml-language-server: $schema=mine.json\n"),
        ("templates/a/texts.yaml", "a\n", "a\n"),
        ("campaigns/a.json", "{}", "{}"),
    ],
)
def test_the_line_that_leads_to_the_schema(file: str, text: str, lined: str) -> None:
    assert with_line(file, text) == lined
    assert with_line(file, lined) == lined


def test_files_keep_their_mark_and_their_ends_of_line(written: Written, base: dict[str, str]) -> None:
    root = written()
    raw = b"\xef\xbb\xbf" + base["wheel.yaml"].replace("\n", "\r\n").encode()
    (root / "wheel.yaml").write_bytes(raw)
    assert runner.invoke(app, ["schemas", str(root)]).exit_code == 0
    after = (root / "wheel.yaml").read_bytes()
    assert after == raw[:3] + b"# yaml-language-server: $schema=.schemas/wheel.schema.json\r\n" + raw[3:]
    assert check(root) == []


def test_a_new_workspace_has_its_schemas(tmp_path: Path) -> None:
    assert runner.invoke(app, ["init", str(tmp_path / "shop")]).exit_code == 0
    assert "welcome" in schema(tmp_path / "shop", "campaign")["$defs"]["campaign-send"]["properties"]["template"]["enum"]


def test_measures_are_offered_what_the_workspace_has(written: Written) -> None:
    """Events, keys, stages, campaigns, tables with their columns, and of an event its own properties."""
    root = written({"tables/costs.csv": "month,spent,clicks\n2026-01,10,4\n"})
    write_schemas(root)
    found = schema(root, "measure")
    kinds = found["properties"]
    assert {"Order Completed", "Ticket Opened"} <= set(kinds["share"]["properties"]["without"]["enum"])
    assert {"Order Completed"} <= set(kinds["funnel"]["properties"]["steps"]["items"]["enum"])
    assert {"order", "ticket"} <= set(kinds["time"]["properties"]["key"]["enum"])
    assert {"retention", "lost"} <= set(kinds["wheel"]["properties"]["among"]["items"]["enum"])
    assert {"retention", "lost"} <= set(kinds["moves"]["properties"]["to"]["items"]["enum"])
    assert {"thanks"} <= set(kinds["lift"]["properties"]["campaigns"]["items"]["enum"])
    judge = jsonschema.Draft7Validator(found)

    def admits(**kind: object) -> bool:
        return judge.is_valid({"measure": "it", "definition": {"en": "What it is."}, "unit": "money", **kind})

    assert admits(ratio={"table": "costs", "column": "spent", "first": "Order Completed"})
    assert not admits(ratio={"table": "costs", "column": "spend", "first": "Order Completed"})
    assert not admits(ratio={"table": "cost", "column": "spent", "first": "Order Completed"})
    assert not admits(count={"of": "Order Complete"})
    (of_orders,) = [
        one["then"] for one in kinds["mean"]["allOf"] if one["if"]["properties"].get("of") == {"const": "Order Completed"}
    ]
    assert "properties.total" in of_orders["properties"]["value"]["anyOf"][0]["enum"]
    assert "total" in of_orders["properties"]["where"]["properties"]
