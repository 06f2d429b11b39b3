"""The customers whose stories say most."""

from __future__ import annotations

from collections import defaultdict

from orchestrator.insight.replay import Replayed

CANDIDATES = 60
"""Customers to choose from by reading their whole stories."""
_LONG = 18
"""Messages and moves from which on a story is rather too long to read."""
_STOPPED = frozenset({"suppressed", "expired", "cancelled", "refused"})


def richest(replayed: Replayed, most: int = CANDIDATES) -> list[str]:
    """Many stages, many campaigns, a refusal, and not too long to tell: names of the best, the very best first."""
    collected = replayed.collected
    stages: defaultdict[int, list[str]] = defaultdict(list)
    campaigns: defaultdict[int, list[str]] = defaultdict(list)
    stopped: set[int] = set()
    for _, key, _, target, _ in collected.transitions:
        stages[collected.home(key)].append(target)
    for key, change in collected.messages.values():
        home = collected.home(key)
        campaigns[home].append(change.campaign)
        if change.state in _STOPPED:
            stopped.add(home)

    def richness(key: int) -> tuple[float, str]:
        length = len(stages[key]) + len(campaigns[key])
        kinds = 3 * len(set(stages[key])) + 2 * len(set(campaigns[key])) + 4 * (key in stopped)
        return kinds - 1.5 * max(0, length - _LONG), replayed.names.get(key, "")

    known = {key for key in (*stages, *campaigns) if replayed.names.get(key)}
    return [replayed.names[key] for key in sorted(known, key=richness, reverse=True)[:most]]
