"""Campaigns that the new workspace calls otherwise: `was` names the old one."""

from __future__ import annotations

from orchestrator.authoring import Workspace


def renames(old: Workspace, new: Workspace) -> dict[str, str]:
    """old name → new name, where the old workspace has the old name and the new one has it no more."""
    found: dict[str, str] = {}
    for document in new.documents.get("campaigns", ()):
        name, was = document.root.text_of("campaign"), document.root.text_of("was")
        if name is not None and was in old.program.campaigns and not {was, name} & {*_both(old, new)}:
            found.setdefault(str(was), name)
    return found


def _both(old: Workspace, new: Workspace) -> set[str]:
    """Names that mean a campaign on both sides."""
    return {*old.program.campaigns} & {*new.program.campaigns}
