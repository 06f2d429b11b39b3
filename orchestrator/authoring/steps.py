"""A campaign's steps as a flat graph of nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.authoring.conditions import conditions
from orchestrator.authoring.document import Spot
from orchestrator.authoring.limits import STEPS_DEPTH
from orchestrator.authoring.naming import StepNames, verb_of
from orchestrator.authoring.patterns import pattern, view_of_answer
from orchestrator.authoring.scope import Scope, View
from orchestrator.authoring.units import duration
from orchestrator.authoring.verbs import VERB, Setting
from orchestrator.domain.campaign import END, Arm, Branch, Exit, Node, Pattern, Split, Verb, WaitFor

_TWO_WAYS = ("send", "wait_for", "task", "webhook")


@dataclass(slots=True)
class _Draft:
    """A node before its final index is known; `make` gives its verb from final indexes."""

    id: str
    make: Callable[[Callable[[int], int]], Verb]
    then: int
    otherwise: int
    answer_of: int | None = None


def lay_steps(steps: Spot | None, campaign: str, names: StepNames, view: View, scope: Scope) -> tuple[tuple[Node, ...], int]:
    """The nodes in reading order, and the index of the first one."""
    layout = _Layout(campaign, names, scope)
    first = layout.path(steps, END, view, 0)
    return layout.finished(first)


class _Layout:
    """Lays steps from the last to the first, so that each knows the index of the way on."""

    def __init__(self, campaign: str, names: StepNames, scope: Scope) -> None:
        self.campaign, self.names, self.scope = campaign, names, scope
        self.drafts: list[_Draft] = []

    def finished(self, first: int) -> tuple[tuple[Node, ...], int]:
        last = len(self.drafts) - 1

        def final(index: int) -> int:
            return END if index == END else last - index

        nodes = [
            Node(
                draft.id,
                draft.make(final),
                final(draft.then),
                final(draft.otherwise),
                None if draft.answer_of is None else final(draft.answer_of),
            )
            for draft in reversed(self.drafts)
        ]
        return tuple(nodes), final(first)

    def path(self, steps: Spot | None, after: int, view: View, depth: int) -> int:
        """The index of the first step of the list; of the way on where there is none."""
        if steps is None:
            return after
        if depth > STEPS_DEPTH:
            self.scope.report.add(
                "E106", steps.place, f"more than {STEPS_DEPTH} nested steps", "emit an event, and go on in another campaign"
            )
            return after
        for step in reversed(steps.elements()):
            after = self.step(step, after, view, depth)
        return after

    def step(self, step: Spot, after: int, view: View, depth: int) -> int:
        verb = verb_of(step)
        if verb is None or step.path not in self.names.ids:
            return after
        if verb not in _TWO_WAYS and isinstance(step.value, dict):
            for word in ("then", "else"):
                if (found := step.get(word)) is not None:
                    self.scope.report.add(
                        "E205",
                        found.key_place,
                        f"`{verb}` has one outcome, and no `{word}`",
                        "write what follows as the next step",
                    )
        if verb == "wait_for":
            return self.wait_for(step, after, view, depth)
        if verb == "branch":
            return self.branch(step, after, view, depth)
        if verb == "split":
            return self.split(step, after, view, depth)
        otherwise = self.path(step.get("else"), after, view, depth + 1) if verb in _TWO_WAYS else after
        then = self.path(step.get("then"), after, view, depth + 1) if verb in _TWO_WAYS else after
        made = VERB[verb](step.at(verb), Setting(step, view, self.scope)) or Exit()
        ends = verb == "exit"
        return self.add(step, lambda _: made, END if ends else then, END if ends else otherwise)

    def add(self, step: Spot, make: Callable[[Callable[[int], int]], Verb], then: int, otherwise: int) -> int:
        self.drafts.append(_Draft(self.names.ids[step.path], make, then, otherwise))
        return len(self.drafts) - 1

    def wait_for(self, step: Spot, after: int, view: View, depth: int) -> int:
        content = step.at("wait_for")
        ident = f"{self.campaign}/{self.names.ids[step.path]}"
        found = [self.awaited(part, f"{ident}/{index}", view) for index, part in enumerate(content.one_or_more())]
        patterns = tuple(each for each in found if each is not None)
        spans = [duration(part.text_of("within")) or 0 for part in content.one_or_more()]
        for part, span in zip(content.one_or_more(), spans, strict=True):
            if span != spans[0] and part.get("within") is not None:
                self.scope.report.add(
                    "E205",
                    part.at("within").place,
                    "the patterns of one `wait_for` share one `within`",
                    "write the same everywhere",
                )
            elif span <= 0 and part.get("within") is not None:
                self.scope.report.add("E204", part.at("within").place, "nothing can come in no time", "write 7d, say")
        otherwise = self.path(step.get("else"), after, view, depth + 1)
        start = len(self.drafts)
        then = self.path(step.get("then"), after, view_of_answer(content, view), depth + 1)
        verb = WaitFor(patterns, spans[0] if spans else 0)
        index = self.add(step, lambda _: verb, then, otherwise)
        for draft in self.drafts[start:index]:
            if draft.answer_of is None:
                draft.answer_of = index
        return index

    def awaited(self, spot: Spot, ident: str, view: View) -> Pattern | None:
        answered(spot, self.names, self.scope)
        if (each := spot.get("each")) is not None:
            self.scope.report.add("E205", each.key_place, "`each` starts runs, and goes with `on` only", "remove it")
            return None
        return pattern(spot, ident, self.scope, view)

    def branch(self, step: Spot, after: int, view: View, depth: int) -> int:
        ways: list[tuple[Spot, int]] = []
        otherwise = after
        parts = step.at("branch").elements()
        for part in reversed(parts):
            if (other := part.get("else")) is not None:
                otherwise = self.path(other, after, view, depth + 1)
                self.last_else(part, other, parts)
            if part.get("if") is not None:
                ways.insert(0, (part, self.path(part.get("then"), after, view, depth + 1)))
            elif (lonely := part.get("then")) is not None:
                self.scope.report.add("E202", lonely.key_place, "a `then` without an `if`", "write the condition, or `else`")
        judged = [(conditions(part.get("if"), view, self.scope), node) for part, node in ways]
        known = [(condition, node) for condition, node in judged if condition is not None]
        return self.add(step, lambda final: Branch(tuple((c, final(node)) for c, node in known)), otherwise, otherwise)

    def last_else(self, part: Spot, other: Spot, parts: list[Spot]) -> None:
        if part.path != parts[-1].path:
            later = parts[parts.index(part) + 1]
            message = f"this is never reached: `else` in line {other.key_place.line} takes what is left"
            self.scope.report.add("E507", later.place, message, "put `else` last")

    def split(self, step: Spot, after: int, view: View, depth: int) -> int:
        arms = step.get("arms")
        found = arms.members() if arms is not None else []
        nodes = {name: self.path(arm.get("then"), after, view, depth + 1) for name, arm in reversed(found)}
        cumulative, shares, whole = 0, [], True
        for name, arm in found:
            weight = arm.get("weight")
            cumulative += weight.value if weight is not None and isinstance(weight.value, int) else 0
            whole = whole and weight is not None and isinstance(weight.value, int)
            shares.append((name, cumulative * 100, nodes[name]))
        if arms is not None and shares and whole and cumulative != 100:  # noqa: PLR2004 - per cent
            self.scope.report.add(
                "E505", arms.key_place, f"the weights add up to {cumulative}, not 100", "change them so that they add up to 100"
            )
        called = step.text_of("split") or ""
        return self.add(
            step, lambda final: Split(called, tuple(Arm(n, up_to, final(node)) for n, up_to, node in shares)), after, after
        )


def answered(spot: Spot, names: StepNames, scope: Scope) -> None:
    """Check that `of:` names a message of this campaign."""
    of = spot.get("of")
    if of is not None and of.text is not None and of.text not in names.sends:
        known = ", ".join(names.sends) or "this campaign sends nothing"
        scope.report.add("E309", of.place, f"no step that sends is called `{of.text}`", f"known here: {known}")
