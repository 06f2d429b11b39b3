"""Campaigns that wait for another person's word: an envelope is used up, a canary held, or far more was sent than usual."""

from __future__ import annotations

from orchestrator.console.asked import Answer, Asked, Place, Shown
from orchestrator.console.rails import held


def approvals(asked: Asked) -> Answer:
    """Those that wait, and how much room the others have."""
    live = asked.state.live(asked.reader)
    found = [] if live is None else list(held(asked, live))
    return Shown(
        "approvals.html", {"waiting": [one for one in found if one.why], "others": [one for one in found if not one.why]}
    )


PLACES = (Place("/approvals", approvals),)
