"""Invariant I16: everyone in the segment during a round is judged exactly once in it, and nobody else; no round is lost.

Where a round ends a campaign's runs, none that had begun by then is left once it is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Announcement, Broadcast, EndRuns
from orchestrator.domain.moment import Controls, Moment
from orchestrator.domain.profile import Profile
from orchestrator.domain.program import Program
from orchestrator.partition.cursors import BROADCASTS, broadcasts_of
from tests.simulation.disk import Commit
from tests.simulation.programs import LETTER_EVERY
from tests.simulation.violation import require


@dataclass(slots=True)
class Round:
    """One round under way. `inside`: profile → patterns in whose segment it has been since the round began."""

    given: Broadcast
    inside: dict[int, set[str]]
    heard: set[int] = field(default_factory=set)


@dataclass(slots=True)
class RoundChecks:
    program: Program
    open: dict[str, Round] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    latest: dict[str, Broadcast] = field(default_factory=dict)
    """pattern of a schedule → its latest round"""
    ending: dict[str, Broadcast] = field(default_factory=dict)
    """Rounds that end runs."""
    reached: int = 0
    recovering: bool = False
    """What is met now became durable before its worker died, and nobody knows when."""

    def inside(self, profile: Profile, given: Broadcast, now: int) -> set[str]:
        moment = Moment(self.program, Controls(), profile, now, "", Decision())
        patterns = ((ident, self.program.index.called[ident]) for ident in given.patterns)
        return {ident for ident, one in patterns if moment.holds(self.program.segments[one.to or ""], "")}

    def begins(self, given: Broadcast, clock: int, wall: int, shadows: dict[int, Profile]) -> None:
        """A durable round; `shadows` are those known before it."""
        require(given.id not in self.begun, "I16", given.id, "begins twice")
        self.begun.add(given.id)
        if given.ends:
            self.ending[given.id] = given
            return
        late = (wall if given.event is None else clock) - given.at > self.program.policies.trigger_max_age
        require(late or given.stopped != "age", "I16", given, "is called too old at", clock)
        in_time = not late or bool(given.stopped) or self.recovering
        require(in_time, "I16", given, "is too old at", clock)
        for ident in given.patterns if given.event is None else ():
            self._in_turn(ident, given)
        if not given.stopped:
            known = {key: self.inside(profile, given, clock) for key, profile in shadows.items()}
            self.open[given.id] = Round(given, known)

    def _in_turn(self, ident: str, given: Broadcast) -> None:
        last = self.latest.get(ident)
        self.latest[ident] = given
        follows = last is None or given.at == last.at + LETTER_EVERY or (last.stopped == "age" and given.at > last.at)
        require(follows and given.at % LETTER_EVERY == 0, "I16", ident, "is called at", given.at, "after", last)

    def hears(self, key: int, given: Announcement, clock: int, before: Profile) -> None:
        """A durable row in which a profile, as it was `before`, is judged."""
        found = self.open.get(given.broadcast)
        require(found is not None, "I16", "profile", key, "hears what is not under way:", given)
        assert found is not None
        require(key in found.inside, "I16", "profile", key, "hears what began before it was known:", given)
        require(key not in found.heard, "I16", "profile", key, "hears twice:", given)
        require(bool(self.inside(before, found.given, clock)), "I16", "profile", key, "hears outside of the segment:", given)
        found.heard.add(key)
        self.reached += 1

    def ends(self, key: int, given: EndRuns) -> None:
        """A durable row in which a profile's runs end."""
        meant = [one for one in self.ending.values() if (one.ends, one.at) == (given.campaign, given.began_by)]
        require(given.began_by is None or meant, "I16", "profile", key, "is told of what is not under way:", given)

    def adopted(self, theirs: int, ours: int) -> None:
        """From here on, what either has heard or has still to hear is one person's."""
        for one in self.open.values():
            if theirs in one.inside:
                one.inside[ours] = one.inside.pop(theirs) | one.inside.get(ours, set())
            if theirs in one.heard:
                one.heard.add(ours)

    def changed(self, key: int, profile: Profile, clock: int) -> None:
        """A profile after a durable row: it may have left a segment."""
        for one in self.open.values():
            if key in one.inside:
                one.inside[key] &= self.inside(profile, one.given, clock)

    def committed(self, commit: Commit, shadows: dict[int, Profile]) -> None:
        """Rounds that the file knows of no more are over."""
        for part in commit.parts:
            if BROADCASTS in part.facts:
                kept = {one.id for one in broadcasts_of(part.facts[BROADCASTS])}
                for ident in self.open.keys() - kept:
                    self._over(self.open.pop(ident))
                for ident in self.ending.keys() - kept:
                    self._ended(self.ending.pop(ident), shadows)

    def _over(self, one: Round) -> None:
        missed = sorted(key for key, patterns in one.inside.items() if patterns and key not in one.heard)
        require(not missed, "I16", "profiles", missed, "were in the segment and have not heard", one.given)

    def _ended(self, one: Broadcast, shadows: dict[int, Profile]) -> None:
        every = ((key, run) for key, profile in shadows.items() for run in profile.runs)
        left = [key for key, run in every if run.campaign == one.ends and not run.ended and run.entered_at <= one.at]
        require(not left, "I16", "runs of", sorted(left), "go on after", one)

    def rest(self, now: int) -> None:
        """In the end no round is under way, and no time of a schedule is left out."""
        require(not (self.open or self.ending), "I16", "never over:", sorted([*self.open, *self.ending]))
        late = [one for one in self.latest.values() if one.at + LETTER_EVERY < now]
        require(not late, "I16", "not called since", late)
