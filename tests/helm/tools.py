"""Where the tools of this tier are; a test without its tool is skipped, and says which command brings it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm/orchestrator"
_TOOLS = Path(__file__).with_name("tools.sh")


@cache
def _where(name: str) -> Path:
    asked = subprocess.run(["bash", _TOOLS, "where", name], check=True, capture_output=True, text=True)
    return Path(asked.stdout.strip())


def tool(name: str) -> Path:
    """A program that `tools.sh` has built or fetched."""
    if not _where(name).exists():
        pytest.skip(f"{name} is not here. To bring it: tests/helm/tools.sh {name}")
    return _where(name)


def python_tool(name: str) -> str:
    """A program of the dependency group `helm`."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip(f"{name} is not here. To bring it: uv sync --frozen --group helm")
    return found
