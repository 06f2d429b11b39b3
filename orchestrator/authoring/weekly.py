"""How many messages a customer can get in seven days at most, by arithmetic on caps, re-entry and steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, inf

from orchestrator.domain.campaign import Branch, Campaign, Exit, Node, Send, Split
from orchestrator.domain.policies import Cap
from orchestrator.domain.program import Program
from rules.limits import DAY_MS

_WEEK_MS = 7 * DAY_MS


@dataclass(frozen=True, slots=True)
class Weekly:
    """`marketing`: messages at most; None where nothing bounds them. `service`: campaign → messages of one run at most."""

    marketing: int | None
    why: str
    service: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        """One line for people."""
        most = "any number of" if self.marketing is None else f"at most {self.marketing}"
        listed = ", ".join(f"{name} {count}" for name, count in self.service.items())
        more = f"; service messages come on top, for each thing that happens: {listed}" if listed else ""
        return f"{most} marketing messages a customer in 7 days ({self.why}){more}"


def most_a_week(program: Program) -> Weekly:
    """The bound that the program gives: the least of what caps allow and what campaigns can ask for."""
    marketing = [each for each in program.campaigns.values() if each.cls == "marketing" and most_of_a_run(each)]
    others = [each for each in program.campaigns.values() if each.cls != "marketing"]
    service = {each.name: most for each in others if (most := most_of_a_run(each))}
    caps = [cap for cap in program.policies.caps if not cap.topic and not cap.channel]
    ways = [(sum(map(_asked, marketing)), "all that campaigns ask for"), _by_channel(program, marketing)]
    ways += [(_allowed(cap), f"a cap of {cap.at_most} in {cap.per / DAY_MS:g}d") for cap in caps]
    bound, why = min(ways, key=lambda way: way[0])
    return Weekly(None if bound == inf else int(bound), why if bound != inf else "no cap bounds them", service)


def _allowed(cap: Cap) -> float:
    """Messages in any seven days: half-open windows of the cap's length, side by side."""
    return cap.at_most * ceil(_WEEK_MS / cap.per) if cap.per else inf


def _by_channel(program: Program, marketing: list[Campaign]) -> tuple[float, str]:
    """What the caps of the single channels allow together, where each channel has one."""
    channels = {channel for campaign in marketing for channel in campaign.channels}
    caps = [cap for cap in program.policies.caps if cap.channel and not cap.topic]
    most = [min((_allowed(cap) for cap in caps if cap.channel == channel), default=inf) for channel in channels]
    return (sum(most) if channels else inf), "the caps of the channels"


def _asked(campaign: Campaign) -> float:
    """Messages that a campaign can ask for in seven days."""
    after, keyed = campaign.reentry.after, any(pattern.key or pattern.each for pattern in campaign.on)
    if after == 0 or (keyed and not campaign.reentry.per_profile):
        return inf
    entries = 1 if after is None else 1 + _WEEK_MS // after
    return most_of_a_run(campaign) * entries


def most_of_a_run(campaign: Campaign) -> int:
    """Messages on the longest way through the steps."""
    nodes = campaign.steps.nodes
    most: dict[int, int] = {}
    for index in reversed(range(len(nodes))):  # a step leads to later ones only
        own = isinstance(nodes[index].verb, Send)
        most[index] = own + max((most.get(way, 0) for way in _ways_on(nodes[index])), default=0)
    return most.get(campaign.steps.first, 0)


def _ways_on(node: Node) -> list[int]:
    verb = node.verb
    if isinstance(verb, Branch):
        return [*(way for _, way in verb.ways), node.otherwise]
    if isinstance(verb, Split):
        return [arm.node for arm in verb.arms]
    return [] if isinstance(verb, Exit) else [node.then, node.otherwise]
