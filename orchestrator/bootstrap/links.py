"""The wiring of links in emails."""

from __future__ import annotations

from orchestrator.authoring import Workspace
from orchestrator.delivery.links import SurveyLinks
from orchestrator.delivery.tracking import Tracking, hosts_of


def tracks(workspace: Workspace) -> bool:
    """Whether links of its emails lead over our door."""
    links = workspace.program.policies.links
    return links is not None and links.track


def tracking_of(workspace: Workspace, links: SurveyLinks) -> Tracking | None:
    """What rewrites the links of this workspace's emails, if it wants that."""
    wanted = workspace.program.policies.links
    if wanted is None:
        return None
    return Tracking(wanted, hosts_of(workspace.templates.values()), links.base, links.keys)
