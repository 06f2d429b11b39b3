"""Loops between campaigns: `emit` and `move_to` that lead back without anything that waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.authoring.document import Document, Spot
from orchestrator.authoring.naming import every_step, name_steps, verb_of
from orchestrator.authoring.scope import Scope
from orchestrator.domain.campaign import END, Branch, Campaign, Emit, MoveTo, Node, Send, Split, Wait, WaitFor
from orchestrator.domain.program import Program


@dataclass(frozen=True, slots=True)
class _Edge:
    """A step of one campaign that starts another at the same instant."""

    step: str
    target: str


def check_loops(program: Program, scope: Scope) -> None:
    """Report the step that closes a cycle in which nothing waits and re-entry stops nobody."""
    edges = {name: list(_edges(campaign, program)) for name, campaign in program.campaigns.items()}
    done: set[str] = set()
    for name in edges:
        if name not in done:
            _search(name, edges, [], done, scope)


def _search(name: str, edges: dict[str, list[_Edge]], on_the_way: list[str], done: set[str], scope: Scope) -> None:
    for edge in edges[name]:
        if edge.target == name or edge.target in on_the_way:
            _say(name, edge, scope)
        elif edge.target not in done:
            _search(edge.target, edges, [*on_the_way, name], done, scope)
    done.add(name)


def _say(name: str, edge: _Edge, scope: Scope) -> None:
    for document in scope.files.documents.get("campaigns", ()):
        if document.root.text_of("campaign") == name:
            spot = _step(document, edge.step, scope)
            message = f"a loop in which nothing waits: this starts `{edge.target}` again, at once and for ever"
            scope.report.add("E508", spot.place, message, "put a `wait` before it, or a `reentry` with `after`")


def _step(document: Document, ident: str, scope: Scope) -> Spot:
    steps = document.root.get("then")
    names = name_steps(steps, scope)
    for step in every_step(steps):
        if names.ids.get(step.path) == ident:
            return step.at(verb_of(step) or "")
    return document.root


def _edges(campaign: Campaign, program: Program) -> Iterator[_Edge]:
    for node in _at_once(campaign):
        for target in _started(node, program):
            if program.campaigns[target].reentry.after == 0:
                yield _Edge(node.id, target)


def _at_once(campaign: Campaign) -> Iterator[Node]:
    """Nodes that a run can reach at the instant of its entry."""
    nodes, waiting, seen = campaign.steps.nodes, [campaign.steps.first], {END}
    while waiting:
        index = waiting.pop()
        if index in seen:
            continue
        seen.add(index)
        node = nodes[index]
        yield node
        if not _waits(node):
            waiting += _ways_on(node)


def _waits(node: Node) -> bool:
    if isinstance(node.verb, Wait):
        constant = node.verb.duration.constant if node.verb.duration is not None else None
        return constant != 0
    return isinstance(node.verb, WaitFor)


def _ways_on(node: Node) -> list[int]:
    found = [node.then, node.otherwise] if isinstance(node.verb, Send) else [node.otherwise, node.then]
    if isinstance(node.verb, Branch):
        found = [way for _, way in node.verb.ways] + [node.otherwise]
    elif isinstance(node.verb, Split):
        found = [arm.node for arm in node.verb.arms]
    return found


def _started(node: Node, program: Program) -> set[str]:
    """Campaigns that this step starts, by an event, by a stage, or by an event that moves a profile into a stage."""
    stages: set[str] = set()
    found: set[str] = set()
    if isinstance(node.verb, Emit):
        found |= set(starts.every if (starts := program.index.by_event.get(node.verb.event)) is not None else ())
        stages = {each.target for each in program.wheel.transitions if each.pattern.event == node.verb.event}
    elif isinstance(node.verb, MoveTo):
        stages = {node.verb.stage}
    return found.union(*(program.index.by_stage.get(stage, ()) for stage in stages))
