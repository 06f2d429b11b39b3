"""What waits for somebody, counted for the menu: bounded looks, so that every page can afford them."""

from __future__ import annotations

from orchestrator.console.asked import Asked
from orchestrator.console.limits import COUNTED_MAX, REJECTS_COUNTED_MS
from orchestrator.console.rails import held
from orchestrator.stores.rejects import count_rejects

WAITING = ("/doubts", "/approvals", "/letters", "/rejects")
"""The pages of what waits."""


def waits(asked: Asked) -> dict[str, str]:
    """page → how much waits there, as the menu says it; empty where nothing does. Of bad events those of the last day."""
    live = asked.state.live(asked.reader)
    found = {
        "/doubts": asked.reader.doubtful().in_doubt,
        "/approvals": 0 if live is None else sum(bool(one.why) for one in held(asked, live)),
        "/letters": asked.reader.dead_count(COUNTED_MAX + 1),
        "/rejects": count_rejects(asked.state.path, asked.now - REJECTS_COUNTED_MS),
    }
    return {page: _said(asked, count) for page, count in found.items()}


def _said(asked: Asked, count: int) -> str:
    more = "+" if count > COUNTED_MAX else ""
    return f"{asked.speech.number(min(count, COUNTED_MAX))}{more}" if count else ""
