"""What the README tells people to type, and how it is run."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
STRICT = "set -euo pipefail"
_BLOCK = re.compile(r"^```sh (\w+)\n(.*?)^```\n(?:```text output\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list[tuple[str, str]]:
    """(what is typed, what it prints) of each block of that kind, in order."""
    found = [(typed, printed) for of, typed, printed in _BLOCK.findall(README) if of == kind]
    assert found
    assert len(found) == README.count(f"\n```sh {kind}\n")
    return found


def environment() -> dict[str, str]:
    """The commands of this very environment first, and no settings of whoever runs this."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORCHESTRATOR_")}
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}", "COLUMNS": "80"}


def bash(script: str, folder: Path, limit_s: float) -> tuple[int, str, str]:
    """Run a script and end whatever it leaves running."""
    with subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env=environment(),
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as running:
        try:
            out, err = running.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            out, err = running.communicate()
            err += f"\nnot done after {limit_s:g} s"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
    return running.returncode, out, err
