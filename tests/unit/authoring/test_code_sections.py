"""Each code has a section in rules/CODES.md whose example gives that code where `¦` stands, and whose mended form is clean."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.authoring import CODES, Finding, examine
from orchestrator.authoring.codebook import page, section

_BLOCK = re.compile(r"^```(diff|sh wrong|sh right|yaml|text|csv)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"^.?# (\S+)$")
_TOLD_AT = re.compile(r"^# told at (\S+):(\d+):(\d+)$", re.MULTILINE)
WHEN_ASKED = "N910"
"""Told with `--portable` only."""
EVENTS = "events.jsonl"
"""Recorded events, beside the workspace and not in it."""
MISSING = (
    "rules/CODES.md has no section `### {code}`. Copy another code's: one or two sentences on what it means and the way out,"
    " and a ```diff block with a whole file of the workspace at the page's end: its name in the first line, `-` before the"
    " lines with the mistake, `+` before those that mend it, `¦` before the character that the finding names"
)

Place = tuple[str, int, int]


def _blocks(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """(kind, file, lines) of the blocks that hold a file, and (kind, "", lines) of those that are commands."""
    for kind, body in _BLOCK.findall(text):
        lines = body.splitlines()
        named = None if kind.startswith("sh") else _NAME.match(lines[0])
        assert kind.startswith("sh") or named is not None, f"the first line must name the file:\n{body}"
        yield kind, named[1] if named else "", lines[1:] if named else lines


def _put(folder: Path, file: str, lines: list[str]) -> Place | None:
    """Write a file; where its mark stands."""
    text = "\n".join(lines) + "\n"
    before, mark, _ = text.partition("¦")
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace("¦", ""), encoding="utf-8")
    return (file, before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1) if mark else None


def _base(folder: Path) -> None:
    for _, file, lines in _blocks(page().split("## The workspace of the examples", 1)[1]):
        _put(folder, file, lines)


def _example(code: str, folder: Path, side: str) -> Place | None:
    """Write the workspace with the section's example, `-` as it is wrong or `+` as it is mended; the place that is told."""
    _base(folder)
    place = None
    for kind, file, lines in _blocks(section(code)):
        if kind == "diff":
            kept = [line[1:] for line in lines if line[:1] in ("", " ", side)]
            place = (_put(folder, file, kept) if kept else None) or place
        elif kind == ("sh wrong" if side == "-" else "sh right"):
            script = "\n".join(lines)
            subprocess.run(["bash", "-euc", script], cwd=folder, check=True)
            if told := _TOLD_AT.search(script):
                place = (told[1], int(told[2]), int(told[3]))
    return place


def _found(folder: Path, code: str) -> list[Finding]:
    events = folder / EVENTS
    seen = None
    if events.exists():
        seen = {json.loads(line)["event"] for line in events.read_text(encoding="utf-8").splitlines()}
        events.unlink()
    found = examine(folder, seen, portable=code == WHEN_ASKED)
    return [*found.findings, *found.notes]


@pytest.mark.parametrize("code", CODES)
def test_the_example_of_a_code_gives_that_code_at_its_mark(code: str, tmp_path: Path) -> None:
    assert section(code), MISSING.format(code=code)
    folder = tmp_path / "workspace"
    place = _example(code, folder, "-")
    assert place is not None, f"the example of {code} marks no place with ¦"
    found = _found(folder, code)
    assert (code, *place) in [(each.code, each.file, each.line, each.column) for each in found], "\n".join(map(str, found))
    assert {each.code for each in found} == {code}, "one mistake, one code:\n" + "\n".join(map(str, found))


@pytest.mark.parametrize("code", CODES)
def test_the_example_of_a_code_is_clean_when_it_is_mended(code: str, tmp_path: Path) -> None:
    assert section(code), MISSING.format(code=code)
    folder = tmp_path / "workspace"
    _example(code, folder, "+")
    found = [each for each in _found(folder, code) if each.code != WHEN_ASKED or each.file.startswith("campaigns/")]
    assert found == []


def test_sections_stand_in_the_order_of_the_codes_and_no_other_is_there() -> None:
    assert re.findall(r"^### (\S+)$", page(), re.MULTILINE) == list(CODES)
