"""One customer's history as it is told: what happened to them, in order, and what is under way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from orchestrator.domain.calendar import iso
from orchestrator.domain.input import Event
from orchestrator.domain.profile import Profile
from orchestrator.domain.suppression import Listed
from orchestrator.insight.under_way import UnderWay


@dataclass(slots=True)
class Told:
    """One customer's history: what happened to them, in order."""

    profile: str
    entries: list[dict[str, Any]] = field(default_factory=list)
    stages: list[tuple[int, str, str, str]] = field(default_factory=list)
    """(at, from, to, cause)"""
    events: list[Event] = field(default_factory=list)
    state: Profile | None = None
    at: int | None = None
    """Until when it is told."""
    zone: str = "UTC"
    """The customer's time zone, else the workspace's."""
    own_zone: bool = False
    under_way: list[UnderWay] = field(default_factory=list)
    unknown: list[dict[str, Any]] = field(default_factory=list)
    consents: list[dict[str, Any]] = field(default_factory=list)
    """Words of consent for a topic or channel that there is not."""
    answers: list[dict[str, Any]] = field(default_factory=list)
    """Answers that name no message of theirs, and the campaigns that wait for one."""
    rejected: list[dict[str, Any]] = field(default_factory=list)
    """Lines of theirs that were no event, where the files are known."""
    edited: bool = False
    """The workspace at hand is not the program that the file ends with."""
    otherwise: int = 0
    """Inputs that would be decided otherwise now: what was decided is told, why it was is not."""
    programs: list[tuple[int | None, str]] = field(default_factory=list)
    """(since when, program) of those that decided for this customer; 0: since the file began, None where it is not noted."""
    listed: list[Listed] = field(default_factory=list)
    """What the address list says now of the addresses that they have."""
    near: list[str] = field(default_factory=list)
    """Ids like the one asked for, where nobody has that one."""

    @property
    def names(self) -> set[str]:
        """Every id of this customer."""
        known = self.state
        own = () if known is None else (*([known.user_id] if known.user_id is not None else []), *known.anonymous_ids)
        return {self.profile, *own}

    def as_json(self) -> dict[str, Any]:
        """The result as `commands.md` names it."""
        story = [{"at": iso(at), "from": source, "to": target, "cause": cause} for at, source, target, cause in self.stages]
        told = {"profile": self.profile, "entries": self.entries, "stages": story, "events": len(self.events)}
        runs = [run.as_json() for run in self.under_way]
        more = {
            "unknown_events": self.unknown,
            "lost_consents": self.consents,
            "lost_answers": self.answers,
            "rejected": self.rejected,
            "decided_otherwise_now": self.otherwise,
            "programs": [{"program": name, "since": iso(at) if at else None} for at, name in self.programs],
            "listed": [
                {"channel": one.channel, "kind": one.kind, "scope": one.scope, "since": iso(one.since), "reason": one.reason}
                for one in self.listed
            ],
            "near": self.near,
        }
        return {**told, "zone": self.zone, "under_way": runs, **more}
