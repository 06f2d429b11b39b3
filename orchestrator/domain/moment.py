"""One input met by one profile at one instant: what the parts of `decide` share, and what conditions can read."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any, Protocol

import msgspec

from orchestrator.domain.calendar import iso
from orchestrator.domain.campaign import Campaign, Node
from orchestrator.domain.decision import Decision
from orchestrator.domain.features import ABSENT, value_of
from orchestrator.domain.index import Needs
from orchestrator.domain.input import Announcement, Event, Look
from orchestrator.domain.keys import every_key
from orchestrator.domain.limits import NUMBER_MAX
from orchestrator.domain.profile import Message, OpenTask, Profile, Run
from orchestrator.domain.program import Program
from rules import Condition


@dataclass(frozen=True, slots=True)
class Controls:
    """The switches of a partition: set by operators' commands, part of its log.

    `addresses` False: channels need no address (replay, where the file channel stands for every channel).
    """

    kill: bool = False
    paused: bool = False
    campaigns: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    addresses: bool = True
    profiles: frozenset[str] = frozenset()
    """Raw ids."""
    providers: frozenset[str] = frozenset()
    """Which channels leave by them, whoever hands messages over knows."""

    def pauses(self, campaign: str, profile: Profile) -> bool:
        """Whether no step of this campaign is taken for this profile."""
        named = bool(self.profiles) and not self.profiles.isdisjoint(profile.raws)
        return self.paused or campaign in self.campaigns or named


class Witness(Protocol):
    """Sees what a decision does not keep; `explain` and `test` bring one."""

    def saw(self, subject: str, condition: Condition, readable: dict[str, Any], result: object) -> None:
        """A condition was judged on what it could read."""

    def turned_away(self, moment: Moment, campaign: Campaign, key: list[str], reason: str) -> None:
        """A trigger started nothing: it met no `if` or `while`, its round reached others (`segment`), or it was refused."""

    def judged(self, moment: Moment, message: Message, channel: str, gate: str | None) -> None:
        """The gates spoke of a message on that channel; `gate` is the one that stopped it, None where all let it pass."""


class Moment(msgspec.Struct):
    program: Program
    controls: Controls
    profile: Profile
    now: int
    cause: str
    """Names the input in reports: an event's name, a `without`, a `move_to`."""
    decision: Decision
    event: Event | None = None
    readable_event: dict[str, Any] | None = None
    depth: int = 0
    entered: str | None = None
    """The stage that this input moved the profile into."""
    crossed: tuple[str, ...] = ()
    """`without` patterns that this input's timer fires."""
    joined: frozenset[str] = frozenset()
    """Segments that this input has brought the profile into."""
    left: frozenset[str] = frozenset()
    """Segments that it has brought the profile out of."""
    dated: frozenset[str] = frozenset()
    """Occasions that come with this input."""
    look: Look | None = None
    """Asked for at the end of this input, if an edge turns out to be crossed."""
    announced: Announcement | None = None
    """The broadcast that has come; its event, if any, is a thing's."""
    called: tuple[str, ...] = ()
    """Patterns by whose schedule or broadcast the profile is called."""
    visit: bool = False
    """The surroundings have changed since the last input."""
    done: OpenTask | None = None
    """The task that this input says is done."""
    round: list[Message] = []
    """Messages to judge in the next round."""
    witness: Witness | None = None
    _features: dict[str, Any] = {}
    _segments: list[str] | None = None
    _keys: dict[str, list[str]] | None = None
    _shown: dict[str, Any] | None = None

    @property
    def occurred_at(self) -> int:
        if self.announced is not None:
            return self.announced.at
        return self.now if self.event is None else self.event.occurred_at

    def heard(self, event: str | None) -> bool:
        """Whether this input is that event of the customer's own."""
        return self.event is not None and self.event.name == event and self.announced is None

    def holds(
        self,
        condition: Condition | None,
        subject: str,
        event: dict[str, Any] | None = None,
        item: Any = None,
        run: Run | None = None,
    ) -> bool:
        """Whether the condition is true for this profile now; no condition always is."""
        if condition is None:
            return True
        readable = self.readable(condition, event, item, run)
        result = condition.holds(readable)
        if self.witness is not None:
            self.witness.saw(subject, condition, readable, result)
        return result

    def value(self, condition: Condition, event: dict[str, Any] | None, item: Any, run: Run | None) -> Any:
        """What the expression gives for this profile now; what JSON cannot hold (1/0, beyond 2^53) is null."""
        value = condition.value(self.readable(condition, event, item, run))
        return value if is_json(value) else None

    def readable(
        self, condition: Condition, event: dict[str, Any] | None = None, item: Any = None, run: Run | None = None
    ) -> dict[str, Any]:
        """What the condition reads, and at least that, as its `data`."""
        needs = self.program.index.needs_of(condition)
        self._prepare(needs)
        found = self._base()
        if event is None and item is None and run is None and not (needs.now or needs.since):
            return found
        found = dict(found)
        if event is not None:
            found["event"] = event
        if item is not None:
            found["item"] = item
        if run is not None:
            found["enrolment"] = enrolment_view(run)
        if needs.now:
            found["now"] = iso(self.now)
        if needs.since:
            found["stage"] = {**found["stage"], "since": iso(self.profile.since)}
        return found

    def _base(self) -> dict[str, Any]:
        """What every condition can read; made once, until something has changed."""
        profile = self.profile
        known = self._shown
        if known is not None:
            return known
        person: dict[str, Any] = {"traits": profile.traits, "features": self._features, "id": profile.name}
        if profile.user_id is not None:
            person["user_id"] = profile.user_id
        if self._segments is not None:
            person["segments"] = self._segments
        stage: dict[str, Any] = {"current": profile.stage, "turns": profile.turns}
        if profile.previous is not None:
            stage["previous"] = profile.previous
        self._shown = {"profile": person, "stage": stage}
        return self._shown

    def _prepare(self, needs: Needs) -> None:
        """Compute the features and segments that a condition reads and that are not there yet."""
        for name in needs.features:
            if name not in self._features:
                self._feature(name)
        if needs.segments and self._segments is None:
            self.segments()

    def segments(self) -> list[str]:
        """The segments that the profile is in, in the order of the program; each is judged after those that it names."""
        if self._segments is None:
            found: list[str] = []
            self._segments, self._shown = found, None
            for name in self.program.index.segments:
                if self.holds(self.program.segments[name], f"segment {name}"):
                    found.append(name)  # noqa: PERF401 - those that follow read what was found before
            found[:] = [name for name in self.program.segments if name in found]
        return self._segments

    def _feature(self, name: str) -> None:
        value = value_of(self.profile.folds, self.program.index.feature[name], self.now)
        if value is not ABSENT:
            self._features[name] = value

    def keys(self) -> dict[str, list[str]]:
        """The correlation keys of this input's event, with their values."""
        if self._keys is None:
            self._keys = {} if self.event is None else every_key(self.program, self.event)
        return self._keys

    def folded(self) -> None:
        """Forget computed features: an event has changed them."""
        self._features = {}
        self._segments = self._shown = None

    def moved(self) -> None:
        """Forget how the stage was shown: the profile has moved."""
        self._segments = self._shown = None

    def campaign_of(self, run: Run) -> Campaign | None:
        return self.program.campaigns.get(run.campaign)

    def event_for(self, run: Run, node: Node) -> dict[str, Any] | None:
        """The run's trigger, or inside a `wait_for`'s `then` its answer: that of the innermost which an event answered."""
        place, steps = node.answer_of, None
        while place is not None:
            if place in run.answers:
                return run.answers[place]
            steps = steps or self.program.steps_of(run.version)
            place = steps.nodes[place].answer_of if steps is not None else None
        return run.event


def is_json(value: Any) -> bool:
    """Whether a profile or an event can hold the value: numbers finite and within 2^53, all the way down."""
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, int):
        return -NUMBER_MAX <= value <= NUMBER_MAX
    if isinstance(value, list):
        return all(map(is_json, value))
    return not isinstance(value, dict) or all(map(is_json, value.values()))


def enrolment_view(run: Run) -> dict[str, Any]:
    """A run as conditions and templates read it."""
    return {"entered_at": iso(run.entered_at), "key": run.key[0] if run.key else None, "arms": run.arms, **run.saved}


def event_view(event: Event) -> dict[str, Any]:
    """An event as conditions and templates read it."""
    found: dict[str, Any] = {"event": event.name, "type": event.type, "messageId": event.message_id}
    found["timestamp"] = iso(event.occurred_at)
    found["properties"] = event.properties
    if event.traits:
        found["traits"] = event.traits
    if event.context:
        found["context"] = event.context
    return found
