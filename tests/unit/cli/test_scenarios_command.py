"""`orchestrator test` as people and CI systems meet it."""

import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from orchestrator.authoring import check
from orchestrator.cli import app
from orchestrator.cli.junit import small

LIBRARY = Path(__file__).parents[3] / "rules" / "library"
runner = CliRunner()
WRONG = """
- test: "<nothing> goes & out"
  profile: {traits: {email: a@example.com}, consent: {reminders: [email]}}
  given: [{at: "2026-03-02T09:00:00Z", event: Cart Updated, properties: {cart_id: C-1, total: 80.0}}]
  expect: {}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Path(shutil.copytree(LIBRARY, tmp_path / "shop"))


def test_the_shipped_scenarios_hold_and_take_every_step() -> None:
    result = runner.invoke(app, ["test", str(LIBRARY), "--format", "json"])
    found = json.loads(result.stdout)
    assert [one for one in found["tests"] if not one["passed"]] == []
    assert result.exit_code == 0
    assert found["passed"] == len(found["tests"]) > 0
    assert found["coverage"]["steps"] == 1.0


def test_a_failure_is_shown_with_its_place_and_its_timeline(shop: Path) -> None:
    (shop / "tests" / "wrong.yaml").write_text(WRONG, encoding="utf-8")
    result = runner.invoke(app, ["test", str(shop), "--coverage"])
    assert result.exit_code == 1
    text = result.stdout.replace("\n", " ")
    assert "wrong.yaml:2" in text
    assert "sent, and not expected: cart-reminder" in text
    assert "Cart Updated" in text
    assert "1 failed" in text


ELEMENTS: dict[str, tuple[set[str], set[str]]] = {
    "testsuites": (set(), set()),
    "testsuite": (
        {"name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "time"},
        set(),
    ),
    "properties": (set(), set()),
    "testcase": ({"name", "classname", "time"}, set()),
    "failure": ({"type"}, {"message"}),
    "system-out": (set(), set()),
    "system-err": (set(), set()),
}
"""element → attributes that it must have, and those that it may have besides: what Ant's and Jenkins' schemas both admit"""
ORDER = {
    "testsuites": ["testsuite"],
    "testsuite": ["properties", "testcase", "system-out", "system-err"],
    "testcase": ["failure"],
}


def shaped(element: ET.Element) -> None:
    """Both schemas admit the element and what stands in it."""
    must, may = ELEMENTS[element.tag]
    assert must <= set(element.attrib) <= must | may, element.tag
    order = ORDER.get(element.tag, [])
    places = [order.index(child.tag) for child in element]
    assert places == sorted(places)
    assert all(tag in {child.tag for child in element} for tag in order[:1] + order[2:] if element.tag == "testsuite")
    for child in element:
        shaped(child)
    if element.tag == "testsuite":
        cases = element.findall("testcase")
        assert element.get("tests") == str(len(cases))
        assert element.get("failures") == str(sum(case.find("failure") is not None for case in cases))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", element.get("timestamp", ""))
    for word in ("time",):
        assert word not in element.attrib or re.fullmatch(r"\d{1,3}\.\d{3}", element.attrib[word])
    assert all(value == " ".join(value.split()) for word, value in element.attrib.items() if word != "message")


def test_junit_has_the_usual_shape_and_names_the_failure(shop: Path) -> None:
    (shop / "tests" / "wrong.yaml").write_text(WRONG, encoding="utf-8")
    root = ET.fromstring(runner.invoke(app, ["test", str(shop), "--format", "junit"]).stdout)  # noqa: S314 - our own output
    shaped(root)
    assert [suite.get("id") for suite in root] == [str(number) for number in range(len(root))]
    assert len({(suite.get("package"), suite.get("name")) for suite in root}) == len(root) > 5
    (case,) = root.findall(".//testcase[failure]")
    assert (case.get("name"), case.get("classname")) == ("<nothing> goes & out", "tests.wrong")
    (failure,) = case
    assert (failure.text or "").startswith("tests/wrong.yaml:2\n")
    assert "cart-reminder entered" in (failure.text or ""), "the timeline says why"


def test_junit_goes_into_a_file_beside_the_text(shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "reports" / "scenarios.xml"
    result = runner.invoke(app, ["test", str(shop), "--junit", str(file), "--coverage", "100"])
    assert result.exit_code == 0
    assert "0 failed" in result.stdout
    shaped(ET.parse(file).getroot())  # noqa: S314
    result = runner.invoke(app, ["test", str(shop), "--junit", str(tmp_path)])
    assert "cannot be written" in str(result.exception)


@pytest.mark.parametrize("asked", [["--coverage", "100"], ["--coverage=100"], ["--coverage", "100%"]])
def test_coverage_below_what_is_asked_for_fails(asked: list[str], shop: Path, tmp_path: Path) -> None:
    assert runner.invoke(app, ["test", str(shop), *asked]).exit_code == 0
    (shop / "tests" / "cart-reminder.yaml").unlink()
    file = tmp_path / "scenarios.xml"
    result = runner.invoke(app, ["test", str(shop), *asked, "--junit", str(file)])
    assert result.exit_code == 1
    assert "and --coverage asks for 100%" in result.stdout
    assert "no scenario takes cart-reminder/" in result.stdout
    root = ET.parse(file).getroot()  # noqa: S314
    shaped(root)
    assert [case.get("name") for case in root[-1].findall("testcase")] == ["steps taken", "outcomes taken"]
    found = json.loads(runner.invoke(app, ["test", *asked, str(shop), "--format", "json"]).stdout)
    assert (found["failed"], found["coverage"]["wanted"], len(found["coverage"]["short"])) == (0, 1.0, 2)
    low = runner.invoke(app, ["test", "--coverage", str(shop)])
    assert low.exit_code == 0, "without a number it lists only"
    assert runner.invoke(app, ["test", str(shop), "--coverage", "60"]).exit_code == 0
    assert runner.invoke(app, ["test", str(shop), "--coverage", "101"]).exit_code == 2


UNKNOWN = """
- test: one
  profile: {user_id: a}
  given: []
  %s
"""


@pytest.mark.parametrize(
    ("written", "column"),
    [
        ("expect: {sent: []}", 12),
        ("expects: {}\n  expect: {}", 3),
        ("expect: {sends: [{campaign: welcome, tmplate: welcome}]}", 40),
        ("expect: {suppressed: [{campaign: welcome, why: cap}]}", 45),
    ],
)
def test_a_setting_that_a_scenario_has_not_is_an_error_where_it_stands(written: str, column: int, shop: Path) -> None:
    (shop / "tests" / "wrong.yaml").write_text(UNKNOWN % written, encoding="utf-8")
    result = runner.invoke(app, ["test", str(shop)])
    assert result.exit_code == 1
    assert f"wrong.yaml:5:{column}\n" in result.stdout
    (found,) = check(shop)
    assert (found.code, found.file, found.line, found.column) == ("E201", "tests/wrong.yaml", 5, column)


def test_a_long_timeline_is_shown_without_its_middle() -> None:
    lines = tuple(f"line {number}" for number in range(100))
    shown = small(lines)
    assert len(shown) == 25
    assert (shown[7], shown[8], shown[9]) == ("line 7", "… (76 lines more: --format json tells them)", "line 84")
    assert small(lines[:25]) == lines[:25]


def test_a_workspace_with_errors_fails_with_each_of_them(shop: Path) -> None:
    (shop / "campaigns" / "welcome.yaml").write_text("campaign: welcome\nthen: []\n", encoding="utf-8")
    result = runner.invoke(app, ["test", str(shop), "--format", "json"])
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert found["failed"] > 0
    assert {one["file"] for one in found["tests"]} >= {"campaigns/welcome.yaml"}
    assert found["coverage"] == {"steps": 0.0, "branches": 0.0, "missed": []}, "nothing ran, so nothing was taken"
    text = runner.invoke(app, ["test", str(shop)]).stdout
    assert "steps taken" not in text
    assert "no scenario ran: mend the errors first" in text


def test_no_scenarios_is_said(shop: Path) -> None:
    shutil.rmtree(shop / "tests")
    result = runner.invoke(app, ["test", str(shop)])
    assert result.exit_code == 0
    assert "there are no scenarios" in result.stdout
