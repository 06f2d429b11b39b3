"""What a step may turn at its instant: memberships in segments that start campaigns.

A circle through an edge goes on only if the edge is crossed back on the way: `can_go_on`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orchestrator.authoring.holding import known_of
from orchestrator.authoring.lasting import turns_of
from orchestrator.authoring.scope import Scope
from orchestrator.authoring.ways import said
from orchestrator.domain.campaign import Emit, MoveTo, Node, SetTraits, Value
from orchestrator.domain.program import Program
from orchestrator.domain.segments import Watch, closure, watch_of
from rules import Condition
from rules.statements import Statement, negated
from rules.worlds import Known, witness

_TRAIT = "profile.traits."


@dataclass(frozen=True, slots=True)
class Turn:
    """A membership that a step may turn. `trait` and `value`: by which constant; without `value` by anything."""

    segment: str
    inside: bool
    trait: str = ""
    value: str = ""


def turns_by(node: Node, program: Program, scope: Scope) -> Iterator[Turn]:
    """The crossings that this step may bring, of segments that start campaigns."""
    for name in dict.fromkeys((*program.index.by_segment, *program.index.by_left)):
        watch = watch_of(program, [name])
        if watch is None:
            continue
        if isinstance(node.verb, SetTraits):
            for trait, value in node.verb.traits.items():
                yield from _set(name, trait, value, program, scope)
        elif _changes(node, watch, program):
            turns = turns_of(name, scope)
            yield from (Turn(name, inside) for inside, can in ((True, turns.rises), (False, turns.falls)) if can)


def _changes(node: Node, watch: Watch, program: Program) -> bool:
    """Whether an emitted event changes its features, or a move the stage that it reads."""
    if isinstance(node.verb, MoveTo):
        return watch.stage
    if not isinstance(node.verb, Emit):
        return False
    moves = any(each.pattern.event == node.verb.event for each in program.wheel.transitions)
    return node.verb.event in watch.events or (moves and watch.stage)


def _set(name: str, trait: str, value: Value, program: Program, scope: Scope) -> Iterator[Turn]:
    read = {path for rule in _rules(name, program) for path in rule.reads}
    if not any(path in ("profile", "profile.traits") or (f"{path}.").startswith(f"{_TRAIT}{trait}.") for path in read):
        return
    document = scope.files.one("segments")
    stated = said(scope.stated(document.root.at(name).get("if"))) if document is not None else []
    constant = value.expression is None
    told = json.dumps(value.constant, sort_keys=True) if constant else ""
    known = known_of(scope)
    if constant:
        known = Known(known.whole, {**known.fixed, f"{_TRAIT}{trait}": [value.constant]})
    if _possible(stated, known):
        yield Turn(name, inside=True, trait=trait, value=told)
    if not stated or _possible([negated(stated)], known):
        yield Turn(name, inside=False, trait=trait, value=told)


def _rules(name: str, program: Program) -> list[Condition]:
    return [program.segments[each] for each in closure(program.segments, [name])]


def _possible(statements: list[Statement], known: Known) -> bool:
    return witness(statements, known) is not None


def can_go_on(crossed: Iterable[tuple[str, bool]], turns: Iterable[Turn]) -> bool:
    """Whether each of these edges, which a circle crosses, is crossed back in it: a trait that stays the same turns nothing."""
    both: defaultdict[tuple[str, bool], list[Turn]] = defaultdict(list)
    for turn in turns:
        both[turn.segment, turn.inside].append(turn)
    return all(_toggles(both[segment, inside], both[segment, not inside]) for segment, inside in crossed)


def _toggles(there: list[Turn], back: list[Turn]) -> bool:
    if not there or not back:
        return False
    found = [*there, *back]
    if any(not turn.value for turn in found):
        return True
    return any(one.trait == other.trait and one.value != other.value for one in there for other in back)
