"""The pages are true: what they tell people to type is run here, and what it prints is what they show."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.unit.house.tours import README, ROOT, STRICT, bash, blocks

PAGES = [
    ROOT / name
    for name in ("README.md", "CHANGELOG.md", "orchestrator/ARCHITECTURE.md", "rules/AUTHORING.md", "rules/CODES.md")
]
SETUP = 'cd "$(git rev-parse --show-toplevel)" && python3 -m venv .venv && .venv/bin/pip install -q uv && '
TOUR_S = 120
DEMO_S = 240
_LINK = re.compile(r"\]\((?!https?://)([^)#]+)(?:#([^)]+))?\)")


def _opening_lines() -> list[str]:
    return [line for line in README.splitlines() if line.startswith("cd ")]


def test_the_readme_opens_with_one_line_for_the_job_and_one_for_the_tests() -> None:
    job, tests = _opening_lines()
    assert README.index(tests) < README.index("# Orchestrator")
    assert job == f"{SETUP}.venv/bin/uv run -q --frozen --no-dev orchestrator demo --out demo"
    assert tests.startswith(f"{SETUP}.venv/bin/uv run -q --frozen pytest")


def test_ci_takes_the_test_line_from_the_readme() -> None:
    """The second line that its own pattern finds."""
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    found = re.search(r"grep '(.*)' README\.md", script)
    assert found is not None
    listed = subprocess.run(["grep", found[1], "README.md"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert listed.stdout.splitlines() == _opening_lines()


def test_the_job_of_the_opening_line_is_done(tmp_path: Path) -> None:
    code, out, err = bash(_opening_lines()[0].split("--no-dev ")[1], tmp_path, DEMO_S)
    assert code == 0, err
    assert "6,919 events of 2,357 profiles" in " ".join(out.split())
    assert (tmp_path / "demo/index.html").stat().st_size > 0


def test_the_tour_prints_what_it_shows(tmp_path: Path) -> None:
    """Block by block in one folder, on a free port."""
    if shutil.which("curl") is None:
        pytest.skip("the tour needs curl, which is not here: apt-get install curl")
    port = str(free_port())
    for block, expected in blocks("run"):
        code, out, err = bash(f"{STRICT}\n{block.replace('8080', port)}", tmp_path, TOUR_S)
        assert code == 0, f"{block}\n{err}"
        assert out.splitlines() == expected.splitlines(), f"README.md shows another output for\n{block}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    dead = [
        f"{target}#{anchor}" if anchor else target
        for target, anchor in _LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_exist(page: Path) -> None:
    """Every path in backticks that begins with a folder of this repository."""
    named = re.findall(r"`((?:orchestrator|rules|channels|tests|\.ci)/[\w./-]*)`", page.read_text(encoding="utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_command_is_told() -> None:
    """In the README, there or as what is missing; a command that came to be must leave the list of what is not there."""
    told = subprocess.run([sys.executable, "-m", "orchestrator", "--help"], check=True, capture_output=True, text=True).stdout
    commands = set(re.findall(r"^│ (\w+) ", told, re.MULTILINE))
    missing = README[README.index("## Not there yet") :]
    named = set(re.findall(r"`(\w+)`", missing))
    assert commands >= {"demo", "init", "check", "test", "replay", "explain", "events", "serve"}
    assert {name for name in commands if f"orchestrator {name}" not in README} == set()
    assert commands & (named - {"serve"}) == set()


def test_every_setting_of_the_environment_is_told() -> None:
    config = (ROOT / "orchestrator/config.py").read_text(encoding="utf-8")
    told = set(re.findall(r"ORCHESTRATOR_[A-Z<>_]+", config.split('"""')[1]))
    assert {name for name in told if name not in README} == set()
