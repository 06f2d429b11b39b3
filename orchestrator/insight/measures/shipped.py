"""The measures of a workspace: its own, else those that are shipped."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from orchestrator.authoring import Workspace, load_workspace
from orchestrator.domain.measure import Measure

LIBRARY = Path(__file__).parents[3] / "rules" / "library"


def measures_of(workspace: Workspace) -> tuple[Measure, ...]:
    """By name."""
    return tuple(sorted(workspace.measures or shipped(), key=lambda one: one.name))


@lru_cache(maxsize=1)
def shipped() -> tuple[Measure, ...]:
    """Those of the library."""
    return tuple(load_workspace(LIBRARY).measures)
