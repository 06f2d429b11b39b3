"""Loops between campaigns: `emit`, `move_to` and `set` that lead back without anything that waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from orchestrator.authoring.document import Document, Spot
from orchestrator.authoring.naming import every_step, name_steps, verb_of
from orchestrator.authoring.scope import Scope
from orchestrator.authoring.turning import Turn, can_go_on, turns_by
from orchestrator.domain.campaign import END, Branch, Campaign, Emit, MoveTo, Node, Send, Split, Task, Wait, WaitFor
from orchestrator.domain.program import Program
from orchestrator.domain.receipts import EVENTS


@dataclass(frozen=True, slots=True)
class _Edge:
    """A step of one campaign that starts another at the same instant; `crossed`: by turning that membership."""

    step: str
    target: str
    crossed: tuple[str, bool] | None = None


@dataclass(frozen=True, slots=True)
class _Search:
    edges: dict[str, list[_Edge]]
    turns: dict[str, list[Turn]]
    """campaign → what its first steps may turn."""
    scope: Scope
    done: set[str] = field(default_factory=set)

    def go(self, name: str, way: list[tuple[str, _Edge]]) -> None:
        names = [above for above, _ in way]
        for edge in self.edges[name]:
            if edge.target == name or edge.target in names:
                circle = [*way, (name, edge)]
                start = next(index for index, (above, _) in enumerate(circle) if above == edge.target)
                self.closed(circle[start:])
            elif edge.target not in self.done:
                self.go(edge.target, [*way, (name, edge)])
        self.done.add(name)

    def closed(self, circle: list[tuple[str, _Edge]]) -> None:
        crossed = [edge.crossed for _, edge in circle if edge.crossed is not None]
        if can_go_on(crossed, [turn for name, _ in circle for turn in self.turns[name]]):
            name, edge = circle[-1]
            _say(name, edge, self.scope)


def check_loops(program: Program, scope: Scope) -> None:
    """Report the step that closes a cycle in which nothing waits and re-entry stops nobody."""
    turns: dict[str, dict[str, list[Turn]]] = {
        name: {node.id: list(turns_by(node, program, scope)) for node in _at_once(campaign)}
        for name, campaign in program.campaigns.items()
    }
    edges = {name: list(_edges(campaign, program, turns[name])) for name, campaign in program.campaigns.items()}
    search = _Search(edges, {name: [turn for found in own.values() for turn in found] for name, own in turns.items()}, scope)
    for name in edges:
        if name not in search.done:
            search.go(name, [])


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


def _edges(campaign: Campaign, program: Program, turns: dict[str, list[Turn]]) -> Iterator[_Edge]:
    for node in _at_once(campaign):
        for target in _started(node, program):
            yield from _again(program, _Edge(node.id, target))
        for turn in turns[node.id]:
            for target in _started_by(turn, program):
                yield from _again(program, _Edge(node.id, target, (turn.segment, turn.inside)))


def _again(program: Program, edge: _Edge) -> Iterator[_Edge]:
    """The edge, where re-entry does not stop it."""
    if program.campaigns[edge.target].reentry.after == 0:
        yield edge


def _started_by(turn: Turn, program: Program) -> set[str]:
    """Campaigns that a crossing starts, or the stage into which it moves."""
    index = program.index
    found = set((index.by_segment if turn.inside else index.by_left).get(turn.segment, ()))
    waits = [(each.target, each.pattern.segment if turn.inside else each.pattern.left) for each in program.wheel.transitions]
    return found.union(*(index.by_stage.get(target, ()) for target, segment in waits if segment == turn.segment))


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
    if isinstance(node.verb, Task):
        return node.then != node.otherwise
    return isinstance(node.verb, WaitFor)


def _ways_on(node: Node) -> list[int]:
    found = [node.then, node.otherwise] if isinstance(node.verb, Send) else [node.otherwise, node.then]
    if isinstance(node.verb, Branch):
        found = [way for _, way in node.verb.ways] + [node.otherwise]
    elif isinstance(node.verb, Split):
        found = [arm.node for arm in node.verb.arms]
    return found


def _answers_every_message(campaign: Campaign) -> bool:
    """Whether any message's receipt starts it, its own too."""
    return campaign.condition is None and any(p.event in EVENTS and p.condition is None for p in campaign.on)


def _started(node: Node, program: Program) -> set[str]:
    """Campaigns that this step starts, by an event, by a stage, or by an event that moves a profile into a stage."""
    stages: set[str] = set()
    found: set[str] = set()
    if isinstance(node.verb, Emit):
        found |= set(starts.every if (starts := program.index.by_event.get(node.verb.event)) is not None else ())
        stages = {each.target for each in program.wheel.transitions if each.pattern.event == node.verb.event}
    elif isinstance(node.verb, MoveTo):
        stages = {node.verb.stage}
    elif isinstance(node.verb, Send):
        found = {name for name, campaign in program.campaigns.items() if _answers_every_message(campaign)}
    return found.union(*(program.index.by_stage.get(stage, ()) for stage in stages))
