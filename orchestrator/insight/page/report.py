"""What a page shows of a replay, as plain figures: made once, drawn by whoever likes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.domain.campaign import Campaign
from orchestrator.domain.decision import MessageChange
from orchestrator.domain.program import Program
from orchestrator.insight.page.standing import Standing, standing
from orchestrator.insight.page.story import Story
from orchestrator.insight.page.words import month, months
from orchestrator.insight.replay import Replayed

_SENT = ("accepted", "in_doubt", "delivered")
_STOPPED = ("suppressed", "expired")


@dataclass(frozen=True, slots=True)
class StageFigures:
    name: str
    number: int
    """Its place on the ring; outside places count on. Gives the colour."""
    outside: bool
    now: int
    came: int
    went: int
    days: float | None
    """Median length of a stay that has ended."""


@dataclass(frozen=True, slots=True)
class Flow:
    source: str
    target: str
    count: int


@dataclass(frozen=True, slots=True)
class CampaignFigures:
    name: str
    stage: str
    transactional: bool
    entered: int
    held_out: int
    sent: int
    suppressed: dict[str, int]
    """gate → messages"""
    cancelled: int
    waiting: int
    goals: int | None
    """None: the campaign has no goal."""
    goals_held_out: int
    value: float
    by_month: tuple[int, ...]
    """Messages sent, by the month in which they were planned."""

    @property
    def quiet(self) -> bool:
        """Whether nobody ever met it."""
        return not (self.entered or self.held_out)


@dataclass(frozen=True, slots=True)
class Source:
    """Where something on the page comes from, and under which terms."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Report:
    title: str
    start: int
    end: int
    events: int
    profiles: int
    rejected: int
    duplicates: int
    stages: tuple[StageFigures, ...]
    flows: tuple[Flow, ...]
    standing: Standing
    months: tuple[tuple[int, int], ...]
    campaigns: tuple[CampaignFigures, ...]
    turns: int
    """How often the wheel has come round."""
    program: str
    digest: str
    story: Story | None = None
    assumptions: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()

    @property
    def sent(self) -> int:
        return sum(campaign.sent for campaign in self.campaigns)

    @property
    def suppressed(self) -> int:
        return sum(sum(campaign.suppressed.values()) for campaign in self.campaigns)

    @property
    def held_out(self) -> int:
        return sum(campaign.held_out for campaign in self.campaigns)


@dataclass(frozen=True, slots=True)
class Telling:
    """What the figures cannot say themselves."""

    title: str
    story: Story | None = None
    assumptions: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()


def make_report(replayed: Replayed, program: Program, telling: Telling, born: Mapping[int, int] | None = None) -> Report:
    """Count everything up. `born` gives the first instant of each profile, where that is known."""
    collected, wheel = replayed.collected, program.wheel
    stages = (*wheel.stages, *wheel.outside)
    steps = [(at, collected.home(key), source, target) for at, key, source, target, _ in collected.transitions]
    first = {collected.home(key): at for key, at in sorted((born or {}).items(), key=lambda pair: -pair[1])}
    stood = standing(steps, stages, first, replayed.clock)
    spanned = tuple(months(stood.at[0], replayed.clock))
    flows = Counter((source, target) for _, _, source, target in steps)
    return Report(
        title=telling.title,
        start=stood.at[0],
        end=replayed.clock,
        events=replayed.events,
        profiles=replayed.profiles,
        rejected=len(replayed.rejected),
        duplicates=replayed.duplicates,
        stages=tuple(_stage(name, number, replayed, stood, program) for number, name in enumerate(stages)),
        flows=tuple(Flow(source, target, count) for (source, target), count in sorted(flows.items(), key=lambda f: -f[1])),
        standing=stood,
        months=spanned,
        campaigns=tuple(_campaigns(replayed, program, spanned)),
        turns=_turns(flows, program),
        program=program.name,
        digest=replayed.digest,
        story=telling.story,
        assumptions=telling.assumptions,
        sources=telling.sources,
    )


def _stage(name: str, number: int, replayed: Replayed, stood: Standing, program: Program) -> StageFigures:
    steps = replayed.collected.transitions
    return StageFigures(
        name=name,
        number=number,
        outside=name in program.wheel.outside,
        now=replayed.stages.get(name, 0),
        came=sum(target == name for _, _, _, target, _ in steps),
        went=sum(source == name for _, _, source, _, _ in steps),
        days=stood.days[name],
    )


def _turns(flows: Counter[tuple[str, str]], program: Program) -> int:
    turning = {(source, way.target) for way in program.wheel.transitions if way.turn for source in way.sources}
    return sum(count for flow, count in flows.items() if flow in turning)


def _campaigns(replayed: Replayed, program: Program, spanned: tuple[tuple[int, int], ...]) -> list[CampaignFigures]:
    changes: dict[str, list[MessageChange]] = {name: [] for name in program.campaigns}
    for _, change in replayed.collected.messages.values():
        changes.setdefault(change.campaign, []).append(change)
    return [_campaign(campaign, changes[name], replayed, spanned) for name, campaign in program.campaigns.items()]


def _campaign(
    campaign: Campaign, changes: list[MessageChange], replayed: Replayed, spanned: tuple[tuple[int, int], ...]
) -> CampaignFigures:
    collected, name = replayed.collected, campaign.name
    states = Counter(change.state for change in changes)
    sent = Counter(month(change.planned_at) for change in changes if change.state in _SENT)
    return CampaignFigures(
        name=name,
        stage=campaign.stage,
        transactional=campaign.cls == "transactional",
        entered=collected.entered[name],
        held_out=collected.held_out[name],
        sent=sum(states[state] for state in _SENT),
        suppressed=dict(Counter(change.reason or change.state for change in changes if change.state in _STOPPED)),
        cancelled=states["cancelled"],
        waiting=states["planned"],
        goals=collected.goals[name] if campaign.goal is not None else None,
        goals_held_out=collected.goals_held[name],
        value=round(collected.value[name], 2),
        by_month=tuple(sent[one] for one in spanned),
    )
