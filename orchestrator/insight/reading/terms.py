"""Features as people understand them: what each name that a campaign uses counts."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.domain.campaign import Branch, Campaign, Emit, Pattern, Send, SetTraits, Value, Wait, WaitFor, Webhook
from orchestrator.domain.policies import Hold
from orchestrator.domain.program import Feature, Program
from orchestrator.insight.reading.conditions import Words
from orchestrator.insight.reading.tongue import Tongue
from rules import Condition

_FEATURE = "profile.features."
_SEGMENTS = "profile.segments"


def terms(program: Program, campaign: Campaign, holds: tuple[Hold, ...], tongue: Tongue) -> list[str]:
    """The features and segments that the campaign's conditions read, each with its meaning."""
    conditions = [*read_by(campaign), *(hold.condition for hold in holds)]
    named = {name for pattern in _patterns(campaign) for name in (pattern.watches, pattern.to)}
    segments = [name for name in program.segments if name in named or any(_names(one.rule, name) for one in conditions)]
    conditions += [program.segments[name] for name in segments]
    read = {path.removeprefix(_FEATURE) for one in conditions for path in one.reads if path.startswith(_FEATURE)}
    found = [tongue.say("term", one.name, meaning(one, tongue)) for one in program.features if one.name in read]
    return found + [tongue.say("term", name, Words(tongue).test(program.segments[name].rule)) for name in segments]


def _names(rule: object, name: str) -> bool:
    """Whether the rule reads segments and holds this name."""
    if isinstance(rule, dict):
        return any(_names(part, name) for part in rule.values())
    return any(_names(part, name) for part in rule) if isinstance(rule, list) else rule == name


def meaning(feature: Feature, tongue: Tongue) -> str:
    """What the feature counts."""
    path = ".".join(feature.path or ()).removeprefix("properties.") or feature.key or ""
    words = tongue.say(f"f_{feature.kind}", event=feature.event, path=path, closed=feature.closed_by or "")
    if feature.over_days is not None:
        words = tongue.say("over_days", words, tongue.number(feature.over_days))
    if feature.at_most is not None:
        words = tongue.say("newest", words, tongue.number(feature.at_most))
    return words if feature.condition is None else tongue.say("counted_if", words, Words(tongue).test(feature.condition.rule))


def read_by(campaign: Campaign) -> list[Condition]:
    """Every condition and expression of a campaign."""
    found = [campaign.condition, campaign.while_]
    for node in campaign.steps.nodes:
        found += [condition for condition, _ in node.verb.ways] if isinstance(node.verb, Branch) else []
        found += [value.expression for value in _values(node.verb) if value is not None]
    found += [_condition(one) for one in _patterns(campaign)]
    return [condition for condition in found if condition is not None]


def _patterns(campaign: Campaign) -> Iterator[Pattern]:
    yield from (*campaign.on, *campaign.exits, *([campaign.goal.pattern] if campaign.goal is not None else []))
    for node in campaign.steps.nodes:
        yield from node.verb.patterns if isinstance(node.verb, WaitFor) else ()


def _condition(pattern: Pattern) -> Condition | None:
    return pattern.condition


def _values(verb: object) -> Iterator[Value | None]:
    if isinstance(verb, Send):
        yield from verb.given.values()
    elif isinstance(verb, Wait):
        yield from (verb.duration, verb.until)
    elif isinstance(verb, SetTraits):
        yield from verb.traits.values()
    elif isinstance(verb, Emit):
        yield from (verb.to, *verb.properties.values())
    elif isinstance(verb, Webhook):
        yield from _leaves(verb.send)


def _leaves(body: object) -> Iterator[Value]:
    """The values of what a webhook is asked."""
    if isinstance(body, Value):
        yield body
    for part in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
        yield from _leaves(part)
