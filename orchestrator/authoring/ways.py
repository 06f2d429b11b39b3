"""Ways that no run can take: campaigns that never start, branches and transitions that something before takes away.

What is known at a step: `while`, which is judged at the same instant; and what was asked of the event that began the run, or
of the answer inside a `wait_for`, because events do not change. What was asked of the profile may be otherwise by then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from orchestrator.authoring.asked import Asked
from orchestrator.authoring.document import Spot
from orchestrator.authoring.holding import about, closing, known_of, operator_place
from orchestrator.authoring.naming import nested
from orchestrator.authoring.patterns import brings
from orchestrator.authoring.scope import Part, Scope
from rules.statements import Statement, negated
from rules.worlds import Known, witness

_BEFORE = "this is never reached: what stands before takes everything"


def check_ways(scope: Scope) -> None:
    """Report what no run of any campaign can come to, and transitions that are never taken."""
    for document in scope.files.documents.get("campaigns", ()):
        root = document.root
        if check_entry(root, scope):
            certain = said(stable(entry_parts(only_pattern(root), root, scope)))
            entered = said(entry_parts(only_pattern(root), root, scope))
            walk = _Walk(scope, known_of(scope), certain, said(scope.stated(root.get("while"))), [entered])
            walk.path(root.get("then"))
    _check_transitions(scope)


def said(parts: Iterable[Part]) -> list[Statement]:
    return [statement for _, statement in parts]


def stable(parts: Iterable[Part]) -> list[Part]:
    """Those that ask the event alone."""
    return [(spot, statement) for spot, statement in parts if about(statement, "event", "item")]


def only_pattern(root: Spot) -> Spot | None:
    """The campaign's `on`, where it is one pattern."""
    on = root.get("on")
    parts = on.one_or_more() if on is not None else []
    return parts[0] if len(parts) == 1 else None


def entry_parts(pattern: Spot | None, root: Spot, scope: Scope) -> list[Part]:
    """What must hold for a run to begin by the pattern; who has come into a segment, or is called in it, is in it."""
    edge = edge_parts(pattern, scope) if pattern is not None else []
    own = scope.stated(pattern.get("if")) if pattern is not None else []
    return [*edge, *own, *scope.stated(root.get("if")), *scope.stated(root.get("while"))]


def edge_parts(pattern: Spot, scope: Scope) -> list[Part]:
    """What a crossing says of who has crossed, and a broadcast of whom it reaches."""
    document = scope.files.one("segments")
    name = pattern.text_of("segment") or pattern.text_of("left") or pattern.text_of("to")
    if document is None or name is None or document.root.get(name) is None:
        return []
    parts = scope.stated(document.root.at(name).get("if"))
    if pattern.get("left") is None:
        return parts
    return [(pattern, negated(said(parts)))] if parts else []


def stages_of(pattern: Spot) -> list[str]:
    """The stages that a pattern waits for."""
    stage = pattern.get("stage")
    return [part.text for part in stage.one_or_more() if part.text is not None] if stage is not None else []


def check_entry(root: Spot, scope: Scope) -> bool:
    """Whether a run can begin; where not by any pattern, the part is reported that makes it impossible."""
    on = root.get("on")
    closed: list[tuple[Spot, Spot]] = []
    patterns = on.one_or_more() if on is not None else []
    for pattern in patterns:
        parts = entry_parts(pattern, root, scope)
        index = closing(parts, known_of(scope, stages_of(pattern)))
        if index is not None:
            closed.append((pattern, parts[index][0]))
    for pattern, part in closed:
        spot = pattern if len(closed) < len(patterns) else part
        place = spot.place if spot is pattern else operator_place(spot)
        message = "by this the campaign never starts: its conditions can not all hold then"
        scope.report.add("E405", place, message, "change a condition, or remove the pattern")
    return not closed


@dataclass(frozen=True, slots=True)
class _Walk:
    """Goes through steps. `certain`: what holds of the event here; `while_`: what holds whenever a step begins; `earlier`: what
    held together at an instant before.
    """

    scope: Scope
    known: Known
    certain: list[Statement]
    while_: list[Statement]
    earlier: list[list[Statement]]

    def path(self, steps: Spot | None) -> None:
        for step in steps.elements() if steps is not None else ():
            if step.get("send") is not None:
                now = [*self.certain, *self.while_]
                self.scope.asked[step.document.file, step.path] = Asked(self.known, now, self.earlier, self.scope.features)
            branch, awaited = step.get("branch"), step.get("wait_for")
            if branch is not None:
                self.branch(branch)
            elif awaited is not None:
                self.answered(awaited).path(step.get("then"))
                self.path(step.get("else"))
            else:
                for inner in nested(step):
                    self.path(inner)

    def answered(self, awaited: Spot) -> _Walk:
        """Inside the `then`: `event` is the answer, and `while` was not asked of it."""
        parts = awaited.one_or_more()
        if all(brings(part) is None for part in parts):
            return self
        asked = self.scope.stated(parts[0].get("if")) if len(parts) == 1 else []
        kept = [each for each in self.certain if about(each, "item")] + [each for each in said(asked) if about(each, "event")]
        of_profile = [each for each in self.while_ if not any(place.startswith(("event", "?")) for place in each.places)]
        return replace(self, certain=kept, while_=of_profile)

    def branch(self, branch: Spot) -> None:
        before: list[Statement] = []
        for part in branch.elements():
            condition = part.get("if")
            here = self.scope.stated(condition)
            if condition is None:
                self.otherwise(part, before)
            elif here and witness(said(here), self.known) is not None:
                if self.possible([*before, *said(here)]):
                    self.inside([*before, *said(here)]).path(part.get("then"))
                else:
                    self.say(here)
                before.append(negated(said(here)))

    def otherwise(self, part: Spot, before: list[Statement]) -> None:
        other = part.get("else")
        if other is None:
            return
        if self.possible(before):
            self.inside(before).path(other)
        else:
            self.scope.report.add("E507", other.key_place, _BEFORE, "remove it, or make a condition before it narrower")

    def inside(self, more: list[Statement]) -> _Walk:
        fixed = [each for each in more if about(each, "event", "item")]
        return replace(self, certain=[*self.certain, *fixed], earlier=[*self.earlier, more])

    def possible(self, statements: list[Statement]) -> bool:
        return witness([*self.certain, *self.while_, *statements], self.known) is not None

    def say(self, here: list[Part]) -> None:
        alone = witness([*self.certain, *self.while_, *said(here)], self.known) is None
        why = "this is never reached: it cannot hold in a run that has come here" if alone else _BEFORE
        self.scope.report.add("E507", operator_place(here[0][0]), why, "change it, or remove this way")


def _check_transitions(scope: Scope) -> None:
    """A transition from stages that earlier ones leave by the same event, whatever the condition."""
    document = scope.files.one("wheel")
    spots = document.root.at("transitions").elements() if document is not None else []
    for index, spot in enumerate(spots):
        left = [stage for stage in _sources(spot) if not _taken(stage, spot, spots[:index], scope)]
        if _sources(spot) and not left:
            message = "this transition is never taken: one before it always is"
            scope.report.add("W512", spot.place, message, "put it first, or give the one before it a condition")


def _sources(spot: Spot) -> list[str]:
    found = spot.get("from")
    return [part.text for part in found.one_or_more() if part.text is not None] if found is not None else []


def _taken(stage: str, spot: Spot, earlier: list[Spot], scope: Scope) -> bool:
    """Whether an earlier transition is taken from that stage whenever this one could be."""
    here = said(asked(spot, scope))
    alike = [other for other in earlier if stage in _sources(other) and _same_cause(spot, other) and _sound(other, scope)]
    refused = [negated(said(asked(other, scope))) for other in alike]
    return bool(alike) and witness([*here, *refused], known_of(scope, [stage])) is None


def asked(spot: Spot, scope: Scope) -> list[Part]:
    """What a transition asks."""
    return [*scope.stated(spot.at("on").get("if")), *scope.stated(spot.get("if"))]


def _sound(spot: Spot, scope: Scope) -> bool:
    """Whether everything that the transition asks is known."""
    conditions = [found for found in (spot.at("on").get("if"), spot.get("if")) if found is not None]
    return all(scope.stated(condition) for condition in conditions)


def _same_cause(spot: Spot, other: Spot) -> bool:
    mine, theirs = spot.at("on"), other.at("on")
    if mine.get("event") is not None:
        return mine.text_of("event") == theirs.text_of("event") and theirs.get("key") is None
    words = ("without", "for")
    cause = [mine.text_of(word) for word in words]
    return mine.get("without") is not None and cause == [theirs.text_of(word) for word in words]
