"""When a campaign can send, counted from the input that begins a run."""

from __future__ import annotations

from math import inf

from orchestrator.domain.campaign import END, Branch, Campaign, Exit, Node, Send, Split, Task, Wait, WaitFor, Webhook
from rules.limits import DAY_MS

Span = tuple[float, float]
"""Milliseconds, earliest and latest."""


def delays_of(campaign: Campaign) -> list[Span]:
    """The spans in which a message can first go out, by steps in reading order; gates are not asked."""
    nodes, found = campaign.steps.nodes, dict[Span, None]()
    waiting: list[tuple[int, Span]] = [(campaign.steps.first, (0, 0))]
    seen: set[tuple[int, Span]] = set()
    while waiting:
        index, span = waiting.pop()
        if index == END or (index, span) in seen:
            continue
        seen.add((index, span))
        verb = nodes[index].verb
        if isinstance(verb, Send):
            span = span[0], span[1] + (verb.merge or 0)
            found[span] = None
        waiting += _ways_on(nodes[index], span)
    return list(found)


def near(mine: list[Span], theirs: list[Span]) -> bool:
    """Whether messages of the two can be planned within one day."""
    return any(max(one[0], other[0]) - min(one[1], other[1]) < DAY_MS for one in mine for other in theirs)


def _ways_on(node: Node, span: Span) -> list[tuple[int, Span]]:
    verb, (low, high) = node.verb, span
    if isinstance(verb, Wait):
        return [(node.then, _waited(verb, span))]
    if isinstance(verb, WaitFor):
        return [(node.then, (low, high + verb.within)), (node.otherwise, (low + verb.within, high + verb.within))]
    if (patience := _patience(node)) is not None:
        return [(way, (low, high + patience)) for way in (node.then, node.otherwise)]
    if isinstance(verb, Branch):
        return [*((way, span) for _, way in verb.ways), (node.otherwise, span)]
    if isinstance(verb, Split):
        return [(arm.node, span) for arm in verb.arms]
    return [] if isinstance(verb, Exit) else [(node.then, span), (node.otherwise, span)]


def _waited(wait: Wait, span: Span) -> Span:
    if wait.until is not None or (wait.duration is not None and wait.duration.expression is not None):
        return span[0], inf
    length = wait.duration.constant if wait.duration is not None else 0
    length = length if isinstance(length, int) else 0
    return span[0] + length, span[1] + length + (DAY_MS if wait.at is not None else 0)


def _patience(node: Node) -> int | None:
    """How long a task or a webhook is waited for at most."""
    if isinstance(node.verb, Webhook):
        return node.verb.within
    return node.verb.due if isinstance(node.verb, Task) and node.then != node.otherwise else None
