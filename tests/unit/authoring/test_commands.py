"""`check` and `init` as others call them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from orchestrator.authoring import check as find
from orchestrator.cli.check import Format, check
from orchestrator.cli.init import init

Written = Callable[..., Path]


def _code(workspace: Path, output: Format = "text", *, strict: bool = False) -> int:
    with pytest.raises(typer.Exit) as left:
        check(workspace, output, None, strict)
    return left.value.exit_code


def test_exit_codes(written: Written, base: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _code(written()) == 0
    assert capsys.readouterr().out == "no errors, no warnings\n"
    warned = written({"campaigns/thanks.yaml": base["campaigns/thanks.yaml"].replace("within: 30d, ", "")})
    assert _code(warned) == 0
    assert _code(warned, strict=True) == 1
    assert _code(written({"wheel.yaml": "start: a\n"})) == 1
    capsys.readouterr()
    assert _code(tmp_path / "nowhere") == 2
    assert capsys.readouterr().out == ""


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
            }
        ],
        "errors": 1,
        "warnings": 0,
    }  # fmt: skip
    assert _code(root, "github") == 1
    assert capsys.readouterr().out.startswith(f"::error file={root}/segments.yaml,line=1,col=10,title=E201::")


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
