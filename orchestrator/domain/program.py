"""The compiled workspace: what a set of authored files says, resolved, in the form that `decide` reads.

Everything here is frozen and made once, by `authoring`, from files that passed the check. Durations and instants are integer
milliseconds; shares are basis points (1/100 of a per cent).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from orchestrator.domain.candidates import Candidates, candidates
from rules import Condition

Class = Literal["marketing", "transactional"]


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
class Pattern:
    """The one pattern of the grammar: exactly one of `event`, `stages` or `without`.

    `id` is stable between programs and names the pattern in state ("win-back/on/0").
    """

    id: str
    event: str | None = None
    stages: tuple[str, ...] = ()
    without: str | None = None
    duration: int = 0
    """`for:` of a `without` pattern."""
    key: str | None = None
    each: str | None = None
    of: str | None = None
    """The id of the send step whose message this answers."""
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    pattern: Pattern
    within: int | None = None
    value: tuple[str, ...] | None = None
    stay: bool = False


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
class Topic:
    name: str
    assumed: bool = False
    double: bool = False


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `at_most` marketing messages in any `per` milliseconds, of one channel or topic where named."""

    at_most: int
    per: int
    channel: str | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Half-open local interval in minutes of the day; it may wrap over midnight."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hold:
    """While it holds, messages that it `stops` are blocked. `stops` names topics, or `marketing` for all of them."""

    name: str
    condition: Condition
    stops: frozenset[str]
    except_campaigns: frozenset[str] = frozenset()
    duration: int | None = None


@dataclass(frozen=True, slots=True)
class Policies:
    topics: dict[str, Topic] = field(default_factory=dict)
    caps: tuple[Cap, ...] = ()
    quiet: dict[str, QuietHours] = field(default_factory=dict)
    """By channel."""
    days_off: frozenset[str] = frozenset()
    """Local dates (YYYY-MM-DD) that are quiet from midnight to midnight."""
    holds: tuple[Hold, ...] = ()
    expires_marketing: int = 24 * 3_600_000
    expires_transactional: int = 72 * 3_600_000
    trigger_max_age: int = 24 * 3_600_000
    control_group: int = 0
    transactional: frozenset[str] = frozenset()
    zone: str = "UTC"
    default_locale: str = "en"


@dataclass(frozen=True, slots=True)
class Value:
    """Something authored that is a constant or a JSON-Logic expression: exactly one of the two is set."""

    constant: Any = None
    expression: Condition | None = None


@dataclass(frozen=True, slots=True)
class Send:
    template: str
    channels: tuple[str, ...]
    expires: int | None = None
    given: dict[str, Value] = field(default_factory=dict)
    """`with:` what the template's inputs get."""


@dataclass(frozen=True, slots=True)
class Wait:
    """At least `duration`; then, with `at` (minutes of the local day), the next such local time. `until` is an instant."""

    duration: Value | None = None
    """Milliseconds."""
    at: int | None = None
    until: Value | None = None
    """A date-time, RFC 3339, or a date."""
    plus: int = 0
    past: Literal["continue", "exit"] = "continue"


@dataclass(frozen=True, slots=True)
class WaitFor:
    patterns: tuple[Pattern, ...]
    within: int


@dataclass(frozen=True, slots=True)
class Branch:
    """The first condition that holds leads to its node; otherwise `Node.otherwise`."""

    ways: tuple[tuple[Condition, int], ...]


@dataclass(frozen=True, slots=True)
class Arm:
    name: str
    up_to: int
    """Cumulative share in basis points, exclusive."""
    node: int


@dataclass(frozen=True, slots=True)
class Split:
    name: str
    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class SetTraits:
    traits: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Emit:
    event: str
    to: Value | None = None
    properties: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MoveTo:
    stage: str


@dataclass(frozen=True, slots=True)
class Exit:
    pass


Verb = Send | Wait | WaitFor | Branch | Split | SetTraits | Emit | MoveTo | Exit

END = -1
"""The node after the last step."""


@dataclass(frozen=True, slots=True)
class Node:
    """One step with its continuations, as indexes into `Campaign.nodes`; `END` ends the run.

    `then` is the way on, and the first of two outcomes; `otherwise` the second (`else:`), equal to the way on where
    the author wrote none.
    """

    id: str
    verb: Verb
    then: int = END
    otherwise: int = END
    answer_of: int | None = None
    """The innermost `wait_for` whose `then` holds this step: inside it, `event` is the answer."""


@dataclass(frozen=True, slots=True)
class Steps:
    """A campaign's steps, pinned for people in flight by the hash of their content. `first` is the entry node."""

    version: str
    nodes: tuple[Node, ...]
    first: int = END


@dataclass(frozen=True, slots=True)
class Reentry:
    """`after` None: once; 0: always; otherwise again from entry + `after` on. Counted per key or per profile."""

    after: int | None = None
    per_profile: bool = False


@dataclass(frozen=True, slots=True)
class Campaign:
    name: str
    stage: str
    steps: Steps
    on: tuple[Pattern, ...]
    cls: Class = "marketing"
    topic: str | None = None
    priority: int = 1
    """0 high, 1 normal, 2 low."""
    active_from: int | None = None
    active_until: int | None = None
    condition: Condition | None = None
    while_: Condition | None = None
    restart: bool = False
    reentry: Reentry = Reentry()
    holdout: int = 0
    goal: Goal | None = None
    exits: tuple[Pattern, ...] = ()

    @property
    def channels(self) -> tuple[str, ...]:
        """Every channel that its steps may send through, in order of appearance."""
        found = (channel for node in self.steps.nodes if isinstance(node.verb, Send) for channel in node.verb.channels)
        return tuple(dict.fromkeys(found))


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
    policies: Policies = Policies()
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    """In order of name."""
    tables: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """table → key → column → value; an empty cell is absent."""
    pinned: dict[str, Steps] = field(default_factory=dict)
    live_since: dict[str, int] = field(default_factory=dict)
    """id of a `without` pattern → since when it is live, where that is not always: earlier crossings fire nothing."""
    index: ProgramIndex = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", ProgramIndex.of(self))

    def steps_of(self, campaign: str, version: str) -> Steps | None:
        """The steps that a run of this version is on: the live ones, or earlier ones still pinned."""
        live = self.campaigns.get(campaign)
        if live is not None and live.steps.version == version:
            return live.steps
        return self.pinned.get(version)


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be prepared before a condition is judged."""

    features: tuple[str, ...]
    segments: bool
    now: bool
    since: bool
    steady: bool
    """It reads nothing but features that time does not change."""


@dataclass(frozen=True, slots=True)
class ProgramIndex:
    """What `decide` looks up by an input's event, stage or crossing; derived from the program alone."""

    by_event: dict[str, Candidates]
    """event name → campaigns that it may start."""
    by_stage: dict[str, tuple[str, ...]]
    by_without: dict[str, Pattern]
    """id → `without` pattern of a campaign's `on`."""
    campaign_of: dict[str, str]
    """id of a `without` pattern → its campaign."""
    watched: frozenset[str]
    """Events that exits, goals or waits may look back for."""
    viewed: frozenset[str]
    """Those of them whose content is read when looked back at."""
    answers: dict[str, frozenset[str]]
    """campaign → events that its waits may look back for."""
    inner_withouts: bool
    """Whether any exit, goal or wait is a `without`."""
    elapsed: frozenset[str]
    """Events whose last occurrence something counts from."""
    features: dict[str, tuple[Feature, ...]]
    """event name → features that it changes."""
    feature: dict[str, Feature]
    needs: dict[int, Needs]
    """By identity of the condition, filled as they are first judged."""
    wheel_by_source: dict[str, tuple[Transition, ...]]
    timed_holds: tuple[Hold, ...]
    hold_edges: tuple[Feature, ...]
    """Features that time changes and that timed holds read."""
    wheel_edges: dict[str, tuple[tuple[Transition, tuple[Feature, ...]], ...]]
    """stage → `without` transitions from it whose conditions read features that time changes."""
    longest_cap: int

    def needs_of(self, condition: Condition) -> Needs:
        """What the condition reads, worked out once."""
        found = self.needs.get(id(condition))
        if found is None:
            found = self.needs[id(condition)] = _needs(condition, self.feature)
        return found

    @classmethod
    def of(cls, program: Program) -> ProgramIndex:
        stages: dict[str, list[str]] = {}
        withouts: dict[str, Pattern] = {}
        owner: dict[str, str] = {}
        for campaign in program.campaigns.values():
            for pattern in campaign.on:
                for stage in pattern.stages:
                    stages.setdefault(stage, []).append(campaign.name)
                if pattern.without is not None:
                    withouts[pattern.id] = pattern
                    owner[pattern.id] = campaign.name
        answers = {name: _answers(campaign.steps) for name, campaign in program.campaigns.items()}
        for steps in program.pinned.values():
            answers[steps.version] = _answers(steps)
        folded: dict[str, list[Feature]] = {}
        for feature in program.features:
            for event in dict.fromkeys((feature.event, feature.closed_by)):
                if event is not None:
                    folded.setdefault(event, []).append(feature)
        sources = {source for transition in program.wheel.transitions for source in transition.sources}
        return cls(
            by_event=candidates(program.campaigns.values()),
            by_stage={name: tuple(dict.fromkeys(names)) for name, names in stages.items()},
            by_without=withouts,
            campaign_of=owner,
            watched=_watched(program) | frozenset().union(*answers.values()),
            viewed=_viewed(program) | frozenset().union(*answers.values()),
            answers=answers,
            inner_withouts=any(p.without is not None for p in _every_inner_pattern(program)),
            elapsed=frozenset(p.without for p in _every_pattern(program) if p.without is not None),
            features={name: tuple(found) for name, found in folded.items()},
            feature={feature.name: feature for feature in program.features},
            needs={},
            timed_holds=tuple(hold for hold in program.policies.holds if hold.duration is not None),
            wheel_by_source={s: tuple(t for t in program.wheel.transitions if s in t.sources) for s in sources},
            hold_edges=_changing(program, [hold.condition for hold in program.policies.holds if hold.duration is not None]),
            wheel_edges={source: found for source in sources if (found := _wheel_edges(program, source))},
            longest_cap=max((cap.per for cap in program.policies.caps), default=0),
        )


def _needs(condition: Condition, features: dict[str, Feature]) -> Needs:
    reads = condition.reads
    everything = condition.reads_all or not condition.portable or "profile" in reads
    everyone = everything or "profile.features" in reads
    named = {path[len("profile.features.") :].split(".", 1)[0] for path in reads if path.startswith("profile.features.")}
    names = tuple(name for name in features if everyone or name in named)
    timed = any(features[name].over_days is not None or features[name].kind == "days_since" for name in names)
    return Needs(
        features=names,
        segments=everything or any(path.startswith("profile.segments") for path in reads),
        now=everything or "now" in reads,
        since=everything or "stage" in reads or "stage.since" in reads,
        steady=not everything and not timed and all(path.startswith("profile.features.") for path in reads),
    )


def _wheel_edges(program: Program, source: str) -> tuple[tuple[Transition, tuple[Feature, ...]], ...]:
    """`without` transitions that time alone may let through after their deadline."""
    found = []
    for transition in program.wheel.transitions:
        if source in transition.sources and transition.pattern.without is not None:
            features = _changing(program, [transition.pattern.condition, transition.condition])
            if features:
                found.append((transition, features))
    return tuple(found)


def _changing(program: Program, conditions: Sequence[Condition | None]) -> tuple[Feature, ...]:
    """The features these conditions read, through segments too, whose value changes with time alone."""
    reads = {path for condition in conditions if condition is not None for path in condition.reads}
    everything = any(condition is not None and condition.reads_all for condition in conditions) or "profile" in reads
    if everything or any(path.startswith("profile.segments") for path in reads):
        reads |= {path for rule in program.segments.values() for path in rule.reads}
    everything = everything or "profile.features" in reads
    names = {path[len("profile.features.") :].split(".", 1)[0] for path in reads if path.startswith("profile.features.")}
    timed = (f for f in program.features if f.over_days is not None or f.kind == "days_since")
    return tuple(feature for feature in timed if everything or feature.name in names)


def _answers(steps: Steps) -> frozenset[str]:
    waits = (node.verb for node in steps.nodes if isinstance(node.verb, WaitFor))
    return frozenset(p.event for wait in waits for p in wait.patterns if p.event is not None)


def _watched(program: Program) -> frozenset[str]:
    ends = [p for c in program.campaigns.values() for p in (*c.exits, *([c.goal.pattern] if c.goal else []))]
    return frozenset(p.event for p in ends if p.event is not None)


def _viewed(program: Program) -> frozenset[str]:
    exits = {p.event for c in program.campaigns.values() for p in c.exits if p.event and (p.condition or p.of)}
    goals = (c.goal for c in program.campaigns.values() if c.goal is not None)
    return frozenset(
        exits | {g.pattern.event for g in goals if g.pattern.event and (g.pattern.condition or g.pattern.of or g.value)}
    )


def _every_pattern(program: Program) -> Iterator[Pattern]:
    for transition in program.wheel.transitions:
        yield transition.pattern
    for campaign in program.campaigns.values():
        yield from campaign.on
    yield from _every_inner_pattern(program)


def _every_inner_pattern(program: Program) -> Iterator[Pattern]:
    """Patterns that runs meet: exits, goals, waits."""
    for campaign in program.campaigns.values():
        yield from campaign.exits
        if campaign.goal is not None:
            yield campaign.goal.pattern
    every_steps = [c.steps for c in program.campaigns.values()] + list(program.pinned.values())
    for steps in every_steps:
        for node in steps.nodes:
            if isinstance(node.verb, WaitFor):
                yield from node.verb.patterns
