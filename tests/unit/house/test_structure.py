"""The structure is what the docs say: layers, names, bounds, and nothing of the machine that it was written on."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = ("orchestrator", "rules", "channels")
LINES_MAX = 500
"""Lines of a module; about 200 is the aim."""
LONG = {"orchestrator/domain/program.py": "the compiled workspace, declared in one place"}

PUBLIC = {
    "rules": "Condition Environment Problem RuleError Trace compile_condition equalities null_problems portability_problems"
    " preflight source_of thresholds trace type_problems",
    "orchestrator.authoring": "CODES Examined Finding Source Template Workspace address check examine load_program"
    " load_snapshot load_workspace section snapshot",
    "orchestrator.insight.page": "Report Source Story Telling make_report render story_of",
}
"""What these packages promise: a change here is a change for others."""

_EMPTY_NAMES = re.compile(
    r"(^|[/_.-])(managers?|services?|helpers?|utils?|common|data|info|process(es|or|ors)?|misc)([/_.-]|$)"
)
_MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+)/")
_REGISTRIES = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmj[s]|crates\.io|proxy\.golang|repo1?\.maven|deb\.debian|artifactor[y]|index[-_]url"
)
_LOCK_MAY = re.compile(r"https://(?:pypi\.org/simple|files\.pythonhosted\.org/packages/)")
_UNITS = ("_MS", "_S", "_BYTES", "_CHARS", "_KEPT", "_EVENTS", "_MICRO", "_MAX_MS", "_MAX_BYTES", "_MAX_CHARS")
_ROW = re.compile(r"^\| `([A-Z_]+)` \| ([\d,]+) \|", re.MULTILINE)


def _tracked() -> list[str]:
    """The files of the repository, from Git."""
    try:
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"the files of the repository cannot be listed: not a Git checkout, or no git ({error})")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


def _texts() -> Iterator[tuple[str, str]]:
    for name in _tracked():
        try:
            yield name, (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def _modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("package", PUBLIC)
def test_public_names_are_pinned(package: str) -> None:
    module = importlib.import_module(package)
    assert sorted(module.__all__) == PUBLIC[package].split()
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


def test_the_layers_hold() -> None:
    """As pyproject.toml draws them."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"]
    checked = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        _name(path)
        for path in _modules()
        if (tree := ast.parse(path.read_text(encoding="utf-8"))).body and ast.get_docstring(tree) is None
    ]
    assert silent == []


def test_no_module_is_long() -> None:
    lines = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in _modules()}
    assert {name: count for name, count in lines.items() if count > LINES_MAX and name not in LONG} == {}


def test_only_the_configuration_reads_the_environment() -> None:
    readers = [_name(path) for path in _modules() if re.search(r"\benviron\b|\bgetenv\b", path.read_text(encoding="utf-8"))]
    assert readers == ["orchestrator/config.py"]


def test_files_have_names_of_the_domain() -> None:
    assert [name for name in _tracked() if _EMPTY_NAMES.search(name)] == []


def test_no_file_names_a_place_on_a_machine() -> None:
    found = {name: place[0] for name, text in _texts() if name != "uv.lock" and (place := _MACHINE_PATHS.search(text))}
    assert found == {}


def test_no_file_names_a_registry() -> None:
    """Only the lock says where packages come from, and only the public index."""
    assert {name: host[0] for name, text in _texts() if name != "uv.lock" and (host := _REGISTRIES.search(text))} == {}
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    assert [line for line in lock.splitlines() if "https://" in line and not _LOCK_MAY.search(line)] == []


@pytest.mark.parametrize("path", [path for path in _modules() if path.name == "limits.py"], ids=_name)
def test_every_limit_says_what_it_counts(path: Path) -> None:
    """By a line beneath it, or by the unit that ends its name."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    mute = []
    for node, following in zip(body, [*body[1:], None], strict=True):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target if isinstance(node, ast.AnnAssign) else None
        if not isinstance(target, ast.Name) or target.id.endswith(_UNITS):
            continue
        if not (isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)):
            mute.append(target.id)
    assert mute == []


def test_the_bounds_of_a_profile_are_those_that_the_architecture_lists() -> None:
    limits = importlib.import_module("orchestrator.domain.limits")
    listed = {name: int(value.replace(",", "")) for name, value in _ROW.findall(_architecture())}
    units = {"DAY_MS", "NUMBER_MAX", "SUM_MAX_MICRO"}
    assert listed == {name: value for name, value in vars(limits).items() if name.isupper() and name not in units}


def test_every_room_is_on_the_map() -> None:
    told = set(re.findall(r"`((?:orchestrator|rules|channels)/[\w./]*)`", _architecture().split("## Rooms")[1]))
    rooms = {f"orchestrator/{path.name}/" for path in (ROOT / "orchestrator").iterdir() if (path / "__init__.py").exists()}
    assert rooms | {"rules/", "channels/"} <= told


def _architecture() -> str:
    return (ROOT / "orchestrator/ARCHITECTURE.md").read_text(encoding="utf-8")


def test_the_licence_is_the_standard_text() -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in licence
    assert licence.rstrip().endswith("limitations under the License.")
