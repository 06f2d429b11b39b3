"""Step ids: the author's own, or verb and subject in lower case (`send-cart-reminder`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from orchestrator.authoring.document import Path, Spot
from orchestrator.authoring.scope import Scope

VERBS = ("send", "wait", "wait_for", "branch", "split", "set", "emit", "move_to", "task", "webhook", "exit")
_UNNAMED = ("exit", "branch")
"""Verbs without a subject: equal ones are numbered."""
_SLUG = re.compile(r"[^\w.@+-]+")


@dataclass(frozen=True, slots=True)
class StepNames:
    """Ids by the step's path in its file; `sends` are those of messages."""

    ids: dict[Path, str] = field(default_factory=dict)
    sends: list[str] = field(default_factory=list)


def verb_of(step: Spot) -> str | None:
    """The step's verb; None where it has none."""
    if step.value == "exit":
        return "exit"
    return next((verb for verb in VERBS if step.get(verb) is not None), None)


def nested(step: Spot) -> Iterator[Spot]:
    """The lists of steps inside a step, in order."""
    for word in ("then", "else"):
        if (found := step.get(word)) is not None:
            yield found
    branch, arms = step.get("branch"), step.get("arms")
    for part in branch.elements() if branch is not None else ():
        yield from (found for word in ("then", "else") if (found := part.get(word)) is not None)
    for _, arm in arms.members() if arms is not None else ():
        if (found := arm.get("then")) is not None:
            yield found


def every_step(steps: Spot | None) -> Iterator[Spot]:
    """All steps of a list, those inside others too, in reading order."""
    for step in steps.elements() if steps is not None else ():
        yield step
        for inner in nested(step):
            yield from every_step(inner)


def name_steps(steps: Spot | None, scope: Scope) -> StepNames:
    """Name every step; two equal ones without ids are an error."""
    names = StepNames()
    taken = {ident for step in every_step(steps) if (ident := step.text_of("id")) is not None}
    used: set[str] = set()
    for step in every_step(steps):
        verb = verb_of(step)
        if verb is None:
            continue
        own = step.get("id")
        ident = own.text if own is not None else None
        if ident is None:
            ident = _numbered(verb, used | taken) if verb in _UNNAMED else default_id(step, verb)
        alone = sum(step.get(word) is not None for word in VERBS) <= 1
        if alone and (ident in used or (own is None and ident in taken)):
            _twice(step, own, ident, scope)
        used.update([ident] if alone else [])
        names.ids[step.path] = ident
        if verb == "send":
            names.sends.append(ident)
    return names


def _twice(step: Spot, own: Spot | None, ident: str, scope: Scope) -> None:
    if own is not None:
        scope.report.add("E313", own.place, f"the id `{ident}` stands here twice", "give each step its own id")
    else:
        scope.report.add(
            "E506", step.place, f"two equal steps `{ident}` need ids", "write `id:` and a name of its own into this one"
        )


def _numbered(verb: str, used: set[str]) -> str:
    number, ident = 1, verb
    while ident in used:
        number += 1
        ident = f"{verb}-{number}"
    return ident


def default_id(step: Spot, verb: str) -> str:
    """`VERB-SUBJECT`, lower case, blanks as dashes."""
    subject = _SLUG.sub("-", _subject(step, verb).lower()).strip("-")
    return f"{verb}-{subject}" if subject else verb


def _subject(step: Spot, verb: str) -> str:
    content = step.at(verb)
    if verb == "wait":
        return _wait_subject(content)
    if verb == "wait_for":
        first = content.one_or_more()[0] if content.value else content
        return next((text for word in ("event", "stage", "without") if (text := first.text_of(word))), "")
    if verb == "set":
        return ", ".join(name.removeprefix("traits.") for name, _ in content.members()[:1])
    words = {"send": "template", "emit": "event", "task": "title", "webhook": "to"}
    return (content.text_of(words[verb]) if verb in words else content.text) or ""


def _wait_subject(content: Spot) -> str:
    if content.text is not None:
        return content.text
    for word in ("for", "until", "at"):
        if (found := content.get(word)) is not None:
            return found.text or word
    return ""
