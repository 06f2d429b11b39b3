"""Answers: to messages that were sent before, and what comes of low scores and complaints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestrator.authoring.document import Document, Spot
from orchestrator.authoring.holding import known_of
from orchestrator.authoring.naming import StepNames, every_step, name_steps, nested, verb_of
from orchestrator.authoring.scope import Scope
from orchestrator.domain.survey import ANSWER
from rules.statements import Statement, negated
from rules.worlds import Known, witness

_SCORE = "event.properties.score"
_NPS_LOW = 6
_LOW_SHARE = 0.4
"""Of a scale, counted from below."""
_NPS_SCALE, _OTHER_SCALE = (0, 10), (1, 5)


def check_answers(scope: Scope) -> None:
    """Report answers that cannot come, surveys whose low scores reach nobody, and complaints that reach nobody."""
    for document in scope.files.documents.get("campaigns", ()):
        steps = document.root.get("then")
        names = name_steps(steps, scope)
        _sent_before(steps, set(), names, scope)
        for step in every_step(steps):
            survey = step.at("send").get("survey")
            if survey is not None and survey.path[-1:] == ("survey",):
                _survey(survey, document, names.ids.get(step.path, ""), scope)
    _complaints(scope)


def _sent_before(steps: Spot | None, sent: set[str], names: StepNames, scope: Scope) -> set[str]:
    """What has been sent after the steps, at most; reports a `wait_for` whose `of` is not among what was sent before it."""
    for step in steps.elements() if steps is not None else ():
        for part in step.at("wait_for").one_or_more() if step.get("wait_for") is not None else ():
            of = part.get("of")
            if of is not None and of.text in names.sends and of.text not in sent:
                message = f"`{of.text}` has not been sent when this waits for its answer"
                scope.report.add("E512", of.place, message, "name a message that is sent before, or wait after it")
        ident = names.ids.get(step.path, "")
        after = {ident} if verb_of(step) == "send" else set()
        for inner in nested(step):
            own = after if inner.path[-1] == "then" else set()
            sent = sent | _sent_before(inner, sent | own, names, scope)
        sent = sent | after
    return sent


# low scores -------------------------------------------------------------------------------------------------------------------


def _survey(survey: Spot, document: Document, sender: str, scope: Scope) -> None:
    low = _low_scores(survey, scope)
    steps = document.root.get("then")
    alone = [one for one in low if not _own_path(steps, sender, [one], scope) and not _other_path([one], scope)]
    if alone:
        said = f"low ({_spans(low)})" if alone == low else f"one of these ({_spans(alone)}; low is {_spans(low)})"
        message = f"nobody is called when an answer to this survey is {said}"
        fix = f"wait for `{ANSWER}` with `of: {sender}`, and give a `task` for low scores"
        scope.report.add("W509", survey.place, message, fix)


def _spans(scores: Sequence[int]) -> str:
    """`0 to 2, 5`"""
    runs: list[list[int]] = []
    for score in scores:
        if runs and score == runs[-1][-1] + 1:
            runs[-1].append(score)
        else:
            runs.append([score])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def _low_scores(survey: Spot, scope: Scope) -> list[int]:
    """The scores of the survey that are low; none for one without scores, or one that is not known."""
    documents = scope.files.documents.get("surveys", [])
    found = next((one.root for one in documents if one.root.text_of("survey") == survey.text), None)
    kind = found.text_of("kind") if found is not None else None
    if found is None or kind is None or kind == "text":
        if found is None and "surveys" not in scope.files.unreadable and survey.text:
            scope.report.add("E315", survey.place, f"there is no survey `{survey.text}`", f"write surveys/{survey.text}.yaml")
        return []
    scale = [spot.value for spot in found.at("scale").elements() if isinstance(spot.value, int)]
    first, last = scale if len(scale) == 2 else (_NPS_SCALE if kind == "nps" else _OTHER_SCALE)  # noqa: PLR2004 - its ends
    scores = list(range(first, last + 1))
    return [score for score in scores if score <= _NPS_LOW] if kind == "nps" else scores[: int(len(scores) * _LOW_SHARE)]


def _own_path(steps: Spot | None, sender: str, low: Sequence[int], scope: Scope) -> bool:
    """Whether the campaign waits for an answer to that message, and a low one leads to a person."""
    elements = steps.elements() if steps is not None else []
    for index, step in enumerate(elements):
        for part in step.at("wait_for").one_or_more() if step.get("wait_for") is not None else ():
            if _may_be(part, ANSWER, scope) and part.text_of("of") in (None, sender):
                asked = [statement for _, statement in scope.stated(part.get("if"))]
                following = [*step.at("then").elements(), *elements[index + 1 :]]
                if _reaches(following if step.get("then") is not None else elements[index + 1 :], asked, low, scope):
                    return True
        if any(_own_path(inner, sender, low, scope) for inner in nested(step)):
            return True
    return False


def _other_path(low: Sequence[int], scope: Scope) -> bool:
    """Whether another campaign begins with an answer, and a low one leads to a person."""
    for document in scope.files.documents.get("campaigns", ()):
        on, condition = document.root.get("on"), document.root.get("if")
        for pattern in on.one_or_more() if on is not None else ():
            if _may_be(pattern, ANSWER, scope):
                asked = [statement for spot in (pattern.get("if"), condition) for _, statement in scope.stated(spot)]
                if _reaches(document.root.at("then").elements(), asked, low, scope):
                    return True
    return False


def _may_be(pattern: Spot, event: str, scope: Scope) -> bool:
    """Whether the pattern names the event, or one that there is not: which was meant is told there."""
    name = pattern.text_of("event")
    return name == event or (name is not None and name not in scope.events)


def _reaches(steps: Iterable[Spot], asked: list[Statement], low: Sequence[int], scope: Scope) -> bool:
    """Whether a low score can come to a step that calls a person."""
    known = known_of(scope)
    known = Known(known.whole, {**known.fixed, _SCORE: list(low)})
    if witness(asked, known) is None:
        return False
    for step in steps:
        if verb_of(step) == "task":
            return True
        before: list[Statement] = []
        for part in step.at("branch").elements() if step.get("branch") is not None else ():
            here = [statement for _, statement in scope.stated(part.get("if"))]
            inside = part.at("then" if part.get("if") is not None else "else").elements()
            if _reaches(inside, [*asked, *before, *here], low, scope):
                return True
            before += [negated(here)] if here else []
        if step.get("branch") is None and any(_reaches(inner.elements(), asked, low, scope) for inner in nested(step)):
            return True
    return False


# complaints -------------------------------------------------------------------------------------------------------------------


def _complaints(scope: Scope) -> None:
    """An event that opens what a hold waits for: some campaign on it calls a person."""
    policies = scope.files.one("policies")
    holds = policies.root.get("holds") if policies is not None else None
    for name, hold in holds.members() if holds is not None else ():
        places = {place for _, statement in scope.stated(hold.get("if")) for place in statement.places}
        for feature in scope.features.values():
            if feature.kind == "open" and f"profile.features.{feature.name}" in places:
                _called(name, hold, feature.event, scope)


def _called(name: str, hold: Spot, event: str, scope: Scope) -> None:
    begun = [
        document.root
        for document in scope.files.documents.get("campaigns", ())
        if any(_may_be(part, event, scope) for part in document.root.at("on").one_or_more())
    ]
    if "campaigns" in scope.files.unreadable or any(
        verb_of(step) == "task" for root in begun for step in every_step(root.get("then"))
    ):
        return
    place = begun[0].at("then").key_place if begun else hold.key_place
    message = f"`{event}` stops messages by the hold `{name}`, and no campaign calls a person then"
    scope.report.add("W510", place, message, f"give a campaign on `{event}` a `task`")
