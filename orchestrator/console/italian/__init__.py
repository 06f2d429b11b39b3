"""The console's words in Italian, by what stands in the pages: one file a page."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.console.italian import (
    acting,
    approvals,
    audit,
    campaign,
    campaigns,
    customer,
    doubts,
    engine,
    frame,
    hour,
    letters,
    login,
    measures,
    messages,
    rejects,
    states,
    trouble,
    wheel,
    words,
)

PARTS: tuple[Mapping[str, str], ...] = (
    frame.WORDS,
    login.WORDS,
    trouble.WORDS,
    acting.WORDS,
    audit.WORDS,
    approvals.WORDS,
    customer.WORDS,
    doubts.WORDS,
    states.WORDS,
    letters.WORDS,
    wheel.WORDS,
    hour.WORDS,
    campaigns.WORDS,
    campaign.WORDS,
    measures.WORDS,
    messages.WORDS,
    engine.WORDS,
    rejects.WORDS,
    words.WORDS,
)
ITALIAN = {said: told for part in PARTS for said, told in part.items()}
"""Every word; none stands in two files."""
