"""Workspace files → findings, or a compiled program."""

from orchestrator.authoring.codebook import address, section
from orchestrator.authoring.finding import CODES, Finding
from orchestrator.authoring.snapshot import load_snapshot, snapshot
from orchestrator.authoring.workspace import Examined, Workspace, check, examine, load_program, load_workspace
from orchestrator.domain.template import Source, Template

__all__ = [
    "CODES",
    "Examined",
    "Finding",
    "Source",
    "Template",
    "Workspace",
    "address",
    "check",
    "examine",
    "load_program",
    "load_snapshot",
    "load_workspace",
    "section",
    "snapshot",
]
