"""channels/ADDING_A_CHANNEL.md: its example is written out, found by its entry point, and put to the laws."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "channels" / "ADDING_A_CHANNEL.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^```(?:python|toml)\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guide's files, installed as far as an entry point needs it."""
    folder = tmp_path_factory.mktemp("package")
    files = dict(_BLOCK.findall(GUIDE))
    assert set(files) == {"postbox.py", "pyproject.toml", "postbox_case.py"}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    points = re.search(r'"orchestrator\.channels"\]\n(\w+) = "(.*)"', files["pyproject.toml"])
    assert points is not None
    info = folder / "postbox-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: postbox\nVersion: 1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[orchestrator.channels]\n{points[1]} = {points[2]}\n", encoding="utf-8")
    return folder


def run(package: Path, *command: str) -> subprocess.CompletedProcess[str]:
    surroundings = {**os.environ, "PYTHONPATH": f"{package}{os.pathsep}{ROOT}"}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False, timeout=240
    )


def test_the_example_is_found_by_its_entry_point(package: Path) -> None:
    told = run(package, "-c", "from orchestrator.bootstrap.edge import adapter; print(adapter('postbox').__name__)")
    assert told.stdout == "PostboxChannel\n", told.stderr


def test_the_example_keeps_every_law_with_the_command_that_the_guide_shows(package: Path) -> None:
    (command,) = re.findall(r"PYTHONPATH=\S+ pytest (.*)\n", GUIDE)
    told = run(package, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *command.split())
    assert told.returncode == 0, told.stdout[-3_000:]
    passed = re.search(r"(\d+) passed", told.stdout)
    assert passed is not None
    assert int(passed[1]) >= 25


def test_an_example_that_breaks_a_law_is_noticed(package: Path, tmp_path: Path) -> None:
    """Silence after the request told as not sent: the message would go out twice."""
    for path in package.rglob("*"):
        if path.is_file():
            copy = tmp_path / path.relative_to(package)
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(path.read_bytes())
    adapter = tmp_path / "postbox.py"
    text = adapter.read_text(encoding="utf-8")
    spoilt = text.replace("            return reply\n", "            return NotSent(1_000)\n").replace(
        "import Answer, Refused", "import Answer, NotSent, Refused"
    )
    assert spoilt != text
    adapter.write_text(spoilt, encoding="utf-8")
    chosen = ("tests/conformance/test_channels.py", "-k", "postbox and fault and hang")
    told = run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "postbox_case", *chosen)
    assert told.returncode == 1, told.stdout[-3_000:]
