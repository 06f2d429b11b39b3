"""A customer's life, event by event, through the production engine; each can go on in several ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from orchestrator.authoring.document import Place
from orchestrator.delivery.governor import OpenGovernor
from orchestrator.delivery.virtual import VirtualWire, sampled
from orchestrator.domain.calendar import instant_of
from orchestrator.domain.limits import DAY_MS
from orchestrator.domain.profile import Profile, seal, unseal
from orchestrator.domain.program import Program
from orchestrator.errors import RejectedEvent
from orchestrator.insight.scenarios.customer import newcomer_of
from orchestrator.insight.scenarios.scenario import FIRST_INSTANT, Expected, Given, Scenario
from orchestrator.insight.scenarios.trial import event_of
from orchestrator.insight.worst.limits import HARVEST_DAYS
from orchestrator.intake.catalogue import Catalogue
from orchestrator.partition.engine import Engine
from orchestrator.partition.partition import Decided, Surroundings
from orchestrator.partition.ports import Changes, Record
from orchestrator.stores.memory import MemoryFile

WEEK_MS = 7 * DAY_MS
START = instant_of(FIRST_INSTANT) or 0
NOWHERE = Place("worst")
_KEY = 1
_SENT = "accepted"


@dataclass(frozen=True, slots=True)
class Life:
    """A customer at one instant: what has happened, what was sent, and the record from which it goes on."""

    begun: Mapping[str, Any]
    """The profile as a scenario writes it."""
    sealed: bytes
    clock: int
    due: int | None = None
    given: tuple[Given, ...] = ()
    sends: tuple[int, ...] = ()
    """When marketing messages were handed over."""
    used: Mapping[str, str] = field(default_factory=dict)
    """key → the value that it had last"""

    @property
    def profile(self) -> Profile:
        return unseal(self.sealed)


def scenario_of(begun: Mapping[str, Any], given: Sequence[Given], until: int | None) -> Scenario:
    """A scenario that expects nothing yet."""
    start = given[0].at if given else START
    return Scenario("worst week", NOWHERE, dict(begun), NOWHERE, tuple(given), Expected(), start, until)


def most_in_a_week(sends: Sequence[int]) -> tuple[int, int]:
    """(how many, from when) of the fullest seven days; the earliest of several."""
    best, begin = (0, 0), 0
    for end, at in enumerate(sends):
        while at - sends[begin] >= WEEK_MS:
            begin += 1
        best = max(best, (end - begin + 1, -sends[begin]))
    return best[0], -best[1]


class Lives:
    """Begins lives and lets them go on; counts what that costs."""

    def __init__(self, program: Program, samples: Mapping[str, dict[str, Any]] | None = None) -> None:
        self.program = program
        self._answers = sampled(samples or {})
        self.inputs = 0
        self._catalogue = Catalogue(program.events)

    def begin(self, begun: Mapping[str, Any]) -> Life:
        """A customer before the first event. Raises Malformed where the profile does not fit the workspace."""
        profile = newcomer_of(scenario_of(begun, (), None), self.program)
        return Life(begun, seal(profile), START)

    def event(self, life: Life, given: Given) -> Life | None:
        """The same customer after one more event; None where it would be rejected, or could not be decided."""
        try:
            self._catalogue.validate(event_of(given, 0, ""))
        except RejectedEvent:
            return None
        return self._on(life, given, given.at)

    def through(self, begun: Mapping[str, Any], given: Sequence[Given]) -> Life | None:
        """A whole life; the first event is moved to where the clock starts, the others with it."""
        life: Life | None = self.begin(begun)
        early = given[0].at - START if given else 0
        for one in given:
            life = self.event(life, replace(one, at=one.at - early)) if life is not None else None
        return life

    def harvest(self, life: Life) -> Life | None:
        """What still comes if nothing more happens."""
        return self._on(life, None, life.clock + HARVEST_DAYS * DAY_MS)

    def _on(self, life: Life, given: Given | None, until: int) -> Life | None:
        file, sends = MemoryFile(keep_journal=False), list(life.sends)

        def watch(decided: Sequence[Decided]) -> None:
            self.inputs += len(decided)
            for one in decided:
                sent = [change for change in one.decision.messages if change.state == _SENT and change.cls == "marketing"]
                sends.extend([one.now] * len(sent) if one.key == _KEY else [])

        raw = f"u:{life.begun['user_id']}"
        store = file.partition(0)
        record = Record(store.next_key(), raw, life.profile, life.sealed, due=life.due)
        store.commit([Changes(0, life.clock, ids={raw: record.key}, records={record.key: record})])
        engine = Engine([store], Surroundings(self.program, OpenGovernor(), VirtualWire(answers=self._answers)), watch)
        if given is None:
            engine.advance(until)
        else:
            engine.feed(event_of(given, len(life.given), str(life.begun["user_id"])), until)
        engine.commit()
        stored = file.read(record.key)
        if stored is None or engine.dead:
            return None
        told = life.given if given is None else (*life.given, given)
        return Life(life.begun, stored.sealed, until, stored.due, told, tuple(sends), life.used)
