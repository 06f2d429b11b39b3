"""What `decide` looks up in a program by an input's event, stage or crossing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.domain.campaign import Dated, Pattern, Steps, WaitFor
from orchestrator.domain.candidates import Candidates, candidates
from orchestrator.domain.dates import Occasion, occasions
from orchestrator.domain.policies import Hold
from orchestrator.domain.segments import Watch, in_order, watch_of
from rules import Condition

if TYPE_CHECKING:
    from orchestrator.domain.program import Feature, Program, Transition


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be prepared before a condition is judged."""

    features: tuple[str, ...]
    segments: bool
    now: bool
    since: bool
    run: bool
    steady: bool
    """It reads nothing but features that time does not change."""


@dataclass(frozen=True, slots=True)
class ProgramIndex:
    """What `decide` looks up by an input's event, stage or crossing; derived from the program alone."""

    by_event: dict[str, Candidates]
    """event name → campaigns that it may start."""
    by_stage: dict[str, tuple[str, ...]]
    by_segment: dict[str, tuple[str, ...]]
    """segment → campaigns that coming into it may start."""
    by_left: dict[str, tuple[str, ...]]
    by_without: dict[str, Pattern]
    """id → `without` pattern of a campaign's `on`."""
    campaign_of: dict[str, str]
    """id of a pattern of a campaign's `on` that time or a broadcast meets → its campaign."""
    called: dict[str, Pattern]
    """what `called_as` says → pattern that a broadcast meets, wherever it stands."""
    by_schedule: dict[str, Pattern]
    """name of the schedule → pattern, wherever it stands; another time is another schedule."""
    by_broadcast: dict[str, tuple[str, ...]]
    """event about a thing → the patterns that broadcast it, as they are called."""
    watched: frozenset[str]
    """Events that exits, goals or waits may look back for."""
    viewed: frozenset[str]
    """Those of them whose content is read when looked back at."""
    steps: dict[str, Steps]
    """version → steps that a run may be on."""
    answers: dict[str, frozenset[str]]
    """version of steps → events that their waits may look back for."""
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
    segments: tuple[str, ...]
    """Every segment, after those that it is written in terms of."""
    watch: Watch | None
    """The segments that patterns wait for; None where none does."""
    dates: dict[str, Occasion]
    """name → a date that patterns wait for: campaigns' by the pattern's id, others by what they wait for."""
    date_events: frozenset[str]
    """Events that change features which hold such dates."""
    edges: bool
    """Whether any pattern waits for a segment or a date."""
    live: tuple[str, ...]
    """Names of what may be crossed: `without` patterns by id, segments and dates by their definition too."""

    def needs_of(self, condition: Condition) -> Needs:
        """What the condition reads, worked out once."""
        found = self.needs.get(id(condition))
        if found is None:
            found = self.needs[id(condition)] = _needs(condition, self.feature)
        return found

    def called_as(self, pattern: Pattern) -> str:
        """Under which name a broadcast calls the pattern: its id, and what it waits for where another has that id."""
        return _called_as(pattern, self.called)

    @classmethod
    def of(cls, program: Program) -> ProgramIndex:
        starts = [(campaign.name, pattern) for campaign in program.campaigns.values() for pattern in campaign.on]
        withouts = {pattern.id: pattern for _, pattern in starts if pattern.without is not None}
        dates = {pattern.id: pattern.date for _, pattern in starts if pattern.date is not None}
        dates = {p.date.name: p.date for p in _not_starting(program) if p.date is not None} | dates
        called = _called(program)
        schedules = {_name(ident, pattern): pattern for ident, pattern in called.items() if pattern.schedule is not None}
        every_steps = program.pinned | {campaign.steps.version: campaign.steps for campaign in program.campaigns.values()}
        answers = {version: _answers(steps) for version, steps in every_steps.items()}
        folded: dict[str, list[Feature]] = {}
        for feature in program.features:
            for event in dict.fromkeys((feature.event, feature.closed_by)):
                if event is not None:
                    folded.setdefault(event, []).append(feature)
        sources = {source for transition in program.wheel.transitions for source in transition.sources}
        watch = watch_of(program, (name for p in _every_pattern(program) if (name := p.watches) is not None))
        coming = occasions(dates, program.policies.leap_day, program.live_since)
        return cls(
            by_event=candidates(program.campaigns.values()),
            by_stage=_grouped((stage, name) for name, pattern in starts for stage in pattern.stages),
            by_segment=_grouped((pattern.segment, name) for name, pattern in starts),
            by_left=_grouped((pattern.left, name) for name, pattern in starts),
            by_without=withouts,
            campaign_of={p.id: name for name, p in starts if p.called or p.id in withouts or p.id in dates},
            called=called,
            by_schedule=schedules,
            by_broadcast=_grouped((pattern.broadcast, ident) for ident, pattern in called.items()),
            watched=_watched(program) | frozenset().union(*answers.values()),
            viewed=_viewed(program) | frozenset().union(*answers.values()),
            steps=every_steps,
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
            segments=in_order(program.segments),
            watch=watch,
            dates=coming,
            date_events=_date_events(program, dates.values()),
            edges=watch is not None or bool(coming),
            live=(*withouts, *schedules, *_live(watch, starts), *(one.live_as for one in coming.values())),
        )


def _date_events(program: Program, dates: Iterable[Dated]) -> frozenset[str]:
    features = {dated.path[1] for dated in dates if dated.path[0] == "features"}
    return frozenset(feature.event for feature in program.features if feature.name in features)


def _live(watch: Watch | None, starts: list[tuple[str, Pattern]]) -> Iterator[str]:
    """Segments, and the patterns that wait for them."""
    if watch is not None:
        yield from watch.live()
        yield from (watch.live_as(pattern) for _, pattern in starts if pattern.watches is not None)


def _grouped(pairs: Iterable[tuple[str | None, str]]) -> dict[str, tuple[str, ...]]:
    """what is waited for → names of campaigns, each once."""
    found: dict[str, dict[str, None]] = {}
    for key, name in pairs:
        if key is not None:
            found.setdefault(key, {})[name] = None
    return {key: tuple(names) for key, names in found.items()}


def _called(program: Program) -> dict[str, Pattern]:
    """Live patterns first: a pinned one that waits for something else under the id of a live one is called by another name."""
    found: dict[str, Pattern] = {}
    for pattern in _every_pattern(program):
        if pattern.called:
            found.setdefault(_called_as(pattern, found), pattern)
    return found


def _called_as(pattern: Pattern, called: Mapping[str, Pattern]) -> str:
    there = called.get(pattern.id, pattern)
    return pattern.id if _calling(there) == _calling(pattern) else f"{pattern.id} {_calling(pattern)}"


def _calling(pattern: Pattern) -> str:
    """What calls whom."""
    schedule = pattern.schedule
    by = pattern.broadcast or "" if schedule is None else f"{schedule.cron or schedule.at} {schedule.zone}"
    return f"{by} to {pattern.to}"


def _name(called: str, pattern: Pattern) -> str:
    schedule = pattern.schedule
    assert schedule is not None  # noqa: S101 - its only caller tests it
    return f"{called} {schedule.cron or schedule.at} {schedule.zone}"


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
        run=everything or any(path.split(".", 1)[0] == "enrolment" for path in reads),
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
    for campaign in program.campaigns.values():
        yield from campaign.on
    yield from _not_starting(program)


def _not_starting(program: Program) -> Iterator[Pattern]:
    """Patterns that start no run."""
    for transition in program.wheel.transitions:
        yield transition.pattern
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
