"""Invariants of segments and dates: memberships are what a fresh look says, each crossing and each anniversary is met once."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from orchestrator.domain.calendar import iso
from orchestrator.domain.campaign import Pattern
from orchestrator.domain.decision import Decision
from orchestrator.domain.features import ABSENT, value_of
from orchestrator.domain.input import Adopt, Event, Look, Move, ProfileInput, Timer
from orchestrator.domain.profile import Profile
from orchestrator.domain.program import Program
from tests.simulation.violation import require

_PIPED = (Event, Timer, Move, Look)
_TRIED = ("entered", "held_out", "restarted", "not_entered")
Inside = dict[str, bool]


@dataclass(slots=True)
class EdgeChecks:
    """What profiles were before their last input, and what has come for them. Nothing where no pattern waits for an edge."""

    program: Program
    inside: dict[int, Inside] = field(default_factory=dict)
    come: defaultdict[tuple[int, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    """(key, occasion) → the years or months in which it has come."""
    clocks: dict[int, int] = field(default_factory=dict)
    """key → when its last input was decided."""
    looking: set[int] = field(default_factory=set)
    """Profiles at which a look follows at once: hand-offs go before it."""
    known: dict[tuple[int, str], tuple[str, int, set[ZoneInfo]]] = field(default_factory=dict)
    """(key, occasion) → what the profile holds there, since when, and its zones since then; none where nothing is sure."""
    disagreed: dict[int, set[str]] = field(default_factory=dict)
    """key → segments of which one of two profiles was inside when they became one."""

    def adopted(self, theirs: int, ours: int) -> None:
        """Two profiles have become one: what came for either has come."""
        before, own = self.inside.pop(theirs, {}), self.inside.get(ours, {})
        self.disagreed[ours] = {name for name in before.keys() & own.keys() if before[name] != own[name]}
        for (key, name), rounds in list(self.come.items()):
            if key == theirs:
                self.come[ours, name] |= rounds
        for key, name in list(self.known):
            if key in (theirs, ours):
                self.known.pop((key, name))

    def before(self, key: int, clock: int, given: ProfileInput, profile: Profile) -> None:
        """I13: what time alone has turned by now was met in time."""
        late = isinstance(given, Timer) and given.due < clock
        before, self.clocks[key] = self.clocks.get(key, clock), clock
        if profile.memberships and key not in self.looking and before < clock and not late:
            kept = {name for name, one in profile.memberships.items() if one.inside}
            fresh = self._fresh(profile, clock - 1) & profile.memberships.keys()
            require(kept == fresh, "I13", "profile", key, "keeps", kept, "before", clock, "but a fresh look says", fresh)

    def decided(self, key: int, clock: int, given: ProfileInput, profile: Profile, decision: Decision) -> None:
        """Meet one decision."""
        if not self.program.index.edges:
            return
        if any(isinstance(one, Look) for one in decision.inputs):
            self.looking.add(key)
        elif isinstance(given, Look):
            self.looking.discard(key)
        looks = key in self.looking
        self._memberships(key, clock, profile, looks=looks)
        self._crossings(key, given, profile, decision)
        self._entries(given, decision)
        self._dates(key, clock, profile, decision, looks=looks)

    def _memberships(self, key: int, clock: int, profile: Profile, *, looks: bool) -> None:
        """I13: what is kept is true; where it is not, a look follows at once."""
        inside = self._fresh(profile, clock)
        fresh = {name: name in inside for name in profile.memberships}
        kept = {name: one.inside for name, one in profile.memberships.items()}
        require(kept.keys() == self._watched(), "I13", "profile", key, "keeps", sorted(kept))
        require(looks or kept == fresh, "I13", "profile", key, "keeps", kept, "at", clock, "but a fresh look says", fresh)

        silent = self.disagreed.pop(key, set())
        loud = sorted(name for name in silent if kept[name] != fresh[name])
        require(not loud, "I14", "profile", key, "will cross", loud, "though one of two profiles had crossed before")

    def _fresh(self, profile: Profile, clock: int) -> set[str]:
        """The segments, by another way than production's: judged together until nothing changes."""
        values = {one.name: value_of(profile.folds, one, clock) for one in self.program.features}
        features = {name: value for name, value in values.items() if value is not ABSENT}
        person: dict[str, Any] = {"traits": profile.traits, "features": features, "id": profile.name, "segments": []}
        stage = {"current": profile.stage, "turns": profile.turns, "since": iso(profile.since)}
        for _ in self.program.segments:
            readable = {"profile": person, "stage": stage, "now": iso(clock)}
            person = {**person, "segments": [name for name, rule in self.program.segments.items() if rule.holds(readable)]}
        return set(person["segments"])

    def _watched(self) -> Any:
        watch = self.program.index.watch
        return watch.tokens.keys() if watch is not None else set()

    def _crossings(self, key: int, given: ProfileInput, profile: Profile, decision: Decision) -> None:
        """I14: whoever is across has crossed, and is told so once."""
        before, now = self.inside.get(key), {name: one.inside for name, one in profile.memberships.items()}
        self.inside[key] = now
        told = {one.segment: one.inside for one in decision.crossings}
        require(len(told) == len(decision.crossings), "I14", "profile", key, "crosses twice:", decision.crossings)
        if before is None or isinstance(given, Adopt) or decision.dropped:
            return
        turned = {name: inside for name, inside in now.items() if before.get(name) != inside}
        require(told == turned, "I14", "profile", key, "is told to cross", told, "and crosses", turned, "by", given)

    def _entries(self, given: ProfileInput, decision: Decision) -> None:
        """I14: a campaign is tried once for what it waits for, and for nothing else."""
        tried = [entry.campaign for entry in decision.entries if entry.outcome in _TRIED]
        for campaign in self.program.campaigns.values():
            edges = [pattern for pattern in campaign.on if pattern.watches is not None or pattern.date is not None]
            if edges and len(edges) == len(campaign.on) and campaign.condition is None:
                met = isinstance(given, _PIPED) and any(_met(pattern, decision) for pattern in edges)
                count = tried.count(campaign.name)
                require(
                    count == met, "I14", campaign.name, "is tried", count, "times by", given, "crossing", decision.crossings
                )

    def _dates(self, key: int, clock: int, profile: Profile, decision: Decision, *, looks: bool) -> None:
        """I15: an anniversary comes once in its year or month, and does come."""
        for name, occasion in self.program.index.dates.items():
            text, zone = self._held(profile, occasion.dated.path), _zone(profile, occasion.dated.zone)
            number = {"year": "%Y", "month": "%Y-%m"}.get(occasion.dated.every or "", "")
            if self.known.setdefault((key, name), ("", 0, set()))[0] != text:
                self.known[key, name] = text, clock, set() if looks else {zone}
            _, since, zones = self.known[key, name]
            if looks:
                zones.clear()
            zones |= {zone} if zones else set()
            this = dt.datetime.fromtimestamp(clock / 1000, zone).strftime(number) if number else f"{text}, said at {since}"
            if name in decision.dates:
                again = this in self.come[key, name]
                require(not again, "I15", name, "comes again for", key, "in", this, "at", clock)
                self._was_not_past(key, name, clock)
                self.come[key, name].add(this)
            if occasion.dated.every == "year":
                kept = profile.dates.get(name)
                came = {str(kept.came)} if kept is not None and kept.came else set()
                require(came == self.come[key, name], "I15", "profile", key, "keeps", came, "of", self.come[key, name])
                if not looks:
                    self._has_come(key, name, clock, zone)

    def _has_come(self, key: int, name: str, clock: int, zone: ZoneInfo) -> None:
        """The birthday of this year, where it was known in time by every zone since, and its time is past."""
        text, since, zones = self.known[key, name]
        known = bool(zones) and all((_birthday(text, one) or 0) > since for one in zones)
        missed = known and (_birthday(text, zone) or 0) <= clock and "2026" not in self.come[key, name]
        require(not missed, "I15", name, text, "has not come for", key, "at", clock, "known since", since)

    def _was_not_past(self, key: int, name: str, clock: int) -> None:
        """What comes was not past when it became known, by one of the zones since."""
        text, since, zones = self.known[key, name]
        yearly = self.program.index.dates[name].dated.every == "year"
        past = yearly and bool(zones) and all((_birthday(text, one) or 0) <= since for one in zones)
        require(not past, "I15", name, text, "comes for", key, "at", clock, "and was past when it became known", since)

    def _held(self, profile: Profile, path: tuple[str, ...]) -> str:
        return str(profile.traits.get(path[1]) or "")


def _birthday(text: str, zone: ZoneInfo) -> float | None:
    try:
        born = dt.date.fromisoformat(text)
        return dt.datetime(2026, born.month, born.day, 9, tzinfo=zone).timestamp() * 1000
    except ValueError:  # nothing, or the 29 February
        return None


def _met(pattern: Pattern, decision: Decision) -> bool:
    if pattern.date is not None:
        return pattern.id in decision.dates
    return any((one.segment, one.inside) == (pattern.watches, pattern.segment is not None) for one in decision.crossings)


def _zone(profile: Profile, named: str | None) -> ZoneInfo:
    return ZoneInfo(named or str(profile.traits.get("timezone", "UTC")))
