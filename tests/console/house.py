"""A console at work as a process, and who looks at it: what the browser's tests share."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from orchestrator.console.accounts import Role, accounts_of
from tests.console.browser import Tab
from tests.integration.serving import PATIENCE_S, ROOT, until

NODE = Path(__file__).parent / "node"
PASSWORD = "a long and good one"  # noqa: S105 - of accounts that live for one test
_AT = re.compile(r"console on (\S+)\n")
_TOLD = "found => found.violations.map(one => one.id + ': ' + one.nodes[0].html)"
_SEEN = f"axe.run(document, {{resultTypes: ['violations']}}).then({_TOLD})"


@contextmanager
def console_on(state: Path) -> Iterator[str]:
    """A console on that state file, with an operator and a viewer; where it listens."""
    for name, role in (("olga", Role.operator), ("vito", Role.viewer)):
        accounts_of(state).put(name, role, PASSWORD, 1)
    log = state.parent / "console.log"
    command = [sys.executable, "-m", "orchestrator", "console", "--state", str(state), "--port", "0"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out)
    try:
        found = until(lambda: _AT.search(log.read_text(encoding="utf-8")) or process.poll() is not None, "a console")
        assert isinstance(found, re.Match), log.read_text(encoding="utf-8")
        yield found[1]
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@cache
def no_axe() -> str:
    """Why axe-core is not here; empty where it is."""
    if not (NODE / "node_modules/axe-core/axe.min.js").exists():
        if shutil.which("npm") is None:
            return "axe-core is not installed, and npm neither"
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=NODE, capture_output=True, text=True, timeout=120, check=False)
        return "" if done.returncode == 0 else f"npm could not install axe-core: {done.stderr[-300:]}"
    return ""


async def log_in(tab: Tab, base: str, name: str = "olga") -> None:
    """By the form, as people do."""
    await tab.go(f"{base}/login")
    await tab.fill("#name", name)
    await tab.fill("#password", PASSWORD)
    await tab.press("button[type=submit]")


async def violations(tab: Tab) -> list[str]:
    """What axe-core finds wrong with the page as it stands."""
    await tab.ask((NODE / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8") + ";0")
    found: list[str] = await tab.ask(_SEEN)
    return found


async def is_wider(tab: Tab) -> bool:
    """Whether the page has to be moved sideways to be read."""
    return bool(await tab.ask("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
