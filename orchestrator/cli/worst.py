"""The worst week of a workspace, as `check --worst` tells and keeps it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from orchestrator.authoring import Workspace
from orchestrator.authoring.weekly import Weekly
from orchestrator.errors import UsageError
from orchestrator.insight.worst import FILE, Worst, worst_week


def search(workspace: Workspace, weekly: Weekly, seed: int, out: Path | None) -> Worst:
    """Search, and write the scenario where it is wanted."""
    found = worst_week(workspace, weekly.marketing, seed)
    if out is not None and found.scenario:
        _keep(found, out)
    return found


def _keep(found: Worst, out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(found.scenario, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out {out}: cannot be written ({error.strerror}); name another file, like {FILE}") from error


def told(found: Worst, weekly: Weekly, workspace: Path, out: Path | None) -> str:
    """One line for people, and where the scenario is or can be kept."""
    words = found.words(weekly.marketing)
    if not found.scenario:
        return words
    return (
        f"{words}\n    as a scenario: {out}" if out is not None else f"{words}\n    keep it as a test: --out {workspace / FILE}"
    )


def as_json(found: Worst, weekly: Weekly) -> dict[str, Any]:
    """With the arithmetic bound beside it."""
    return {**asdict(found), "days": 7, "at_most": weekly.marketing}
