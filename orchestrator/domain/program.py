"""The compiled workspace: what a set of authored files says, resolved, in the form that `decide` reads.

Everything here, in `campaign.py` and in `policies.py` is frozen; `authoring` makes it once, from files that passed the check.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from orchestrator.domain.campaign import LATER, Campaign, Pattern, Steps
from orchestrator.domain.index import ProgramIndex
from orchestrator.domain.policies import Policies
from rules import Condition


@dataclass(frozen=True, slots=True)
class KeyPath:
    """Where an event carries a correlation key: `properties.products[].product_id`.

    `steps` are the object members to follow from the event's top; `each` is how many of them lead to an array whose
    elements carry the rest (None: the value is not inside an array).
    """

    steps: tuple[str, ...]
    each: int | None = None


@dataclass(frozen=True, slots=True)
class EventType:
    """One entry of the catalogue: an event's schema and correlation keys."""

    name: str
    keys: dict[str, KeyPath] = field(default_factory=dict)
    schema: dict[str, Any] | None = None
    required: frozenset[str] = frozenset()
    """Properties that every such event has, and never as null."""
    thing: bool = field(default=False, metadata=LATER)
    """It is about a thing and comes without a person's id: a campaign broadcasts it."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A computed fact about a profile, folded from its events.

    kind: count, sum, distinct, values, first, last, min, max, mean, days_since, open.
    `path` is where the value stands in the event; `key` a correlation key's name (values, distinct by key, open).
    `over_days` limits to the current UTC day and the ones before it.
    """

    name: str
    kind: str
    event: str
    path: tuple[str, ...] | None = None
    key: str | None = None
    closed_by: str | None = None
    over_days: int | None = None
    at_most: int | None = None
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    sources: frozenset[str]
    target: str
    pattern: Pattern
    condition: Condition | None = None
    turn: bool = False


@dataclass(frozen=True, slots=True)
class Wheel:
    start: str
    stages: tuple[str, ...]
    outside: tuple[str, ...] = ()
    transitions: tuple[Transition, ...] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled workspace named by its content.

    `pinned` holds steps of earlier versions that people in flight are still on, by version.
    """

    name: str
    wheel: Wheel
    events: dict[str, EventType] = field(default_factory=dict)
    features: tuple[Feature, ...] = ()
    segments: dict[str, Condition] = field(default_factory=dict)
    policies: Policies = field(default_factory=Policies)
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    """In order of name."""
    tables: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """table → key → column → value; an empty cell is absent."""
    pinned: dict[str, Steps] = field(default_factory=dict)
    live_since: dict[str, int] = field(default_factory=dict)
    """what may be crossed (`ProgramIndex.live`) → since when it is live, where that is not always."""
    never_null: frozenset[str] = frozenset()
    """Traits whose schema admits no null."""
    index: ProgramIndex = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", ProgramIndex.of(self))

    def steps_of(self, version: str) -> Steps | None:
        """The steps that a run of this version is on: live ones, of whatever campaign, or earlier ones still pinned."""
        return self.index.steps.get(version)
