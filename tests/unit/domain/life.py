"""One profile and what is decided of it, for tests of what starts runs."""

from __future__ import annotations

from typing import Any

from orchestrator.domain.campaign import Campaign, Node, Pattern, Reentry, Steps, Verb
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Event, ProfileInput, Timer
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import Profile
from orchestrator.domain.program import Program

DAY = 86_400_000
HOUR = 3_600_000
START = 20_000 * DAY + 5
"""2024-10-04, a little after midnight in UTC."""


def campaign(name: str, *on: Pattern, verbs: tuple[Verb, ...] = (), **more: Any) -> Campaign:
    """One that may be entered again and again, whose steps follow each other."""
    nodes = tuple(Node(f"{n}", verb, *((n + 1 if n + 1 < len(verbs) else -1),) * 2) for n, verb in enumerate(verbs))
    return Campaign(name, "a", Steps(name, nodes, 0 if nodes else -1), on, **{"reentry": Reentry(0), **more})


class Life:
    """What a decision asks for at once is met at once."""

    def __init__(self, live: Program, profile: Profile | None = None, born: int = START) -> None:
        self.program = live
        self.profile = newcomer(live, born, "u:ada") if profile is None else profile
        self.due: int | None = None

    def give(self, given: ProfileInput, now: int) -> list[Decision]:
        found, waiting = [], [given]
        while waiting:
            decision, _, self.due = decide(self.program, Controls(), self.profile, waiting.pop(0), now)
            found.append(decision)
            waiting += decision.inputs
        return found

    def event(self, name: str, now: int, **more: Any) -> list[Decision]:
        return self.give(Event(f"{name} {now}", more.pop("at", now), name=name, user_id="ada", **more), now)

    def identify(self, now: int, **traits: Any) -> list[Decision]:
        return self.event("", now, type="identify", traits=traits)

    def until(self, end: int) -> list[tuple[int, str]]:
        """Fire timers up to then; when which campaign was entered."""
        found: list[tuple[int, str]] = []
        while self.due is not None and self.due <= end:
            now = self.due
            found += [(now, name) for name in entered(self.give(Timer(now), now))]
            assert self.due is None or self.due > now
        return found


def entered(decisions: list[Decision]) -> list[str]:
    return [entry.campaign for decision in decisions for entry in decision.entries if entry.outcome == "entered"]


def crossed(decisions: list[Decision]) -> list[tuple[str, bool]]:
    return [(one.segment, one.inside) for decision in decisions for one in decision.crossings]
