"""A template may print only what is always there, or what it tests or defaults.

minijinja shows no syntax tree, so the template is rendered, as delivery would, with data that its schemas admit: everything
there; each thing that may be empty left out alone; all of them left out; and, where the template branches, each of the former
with each other value that an `enum`, a truth value or a constant of the template lets a place have. What delivery would refuse
then is a finding. What it does not see: a branch that is taken only when several things have particular values at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import minijinja

from orchestrator.authoring.asked import Asked
from orchestrator.authoring.limits import RENDERINGS
from orchestrator.authoring.press import EMPTY, FUEL_GONE, Press
from orchestrator.authoring.sampling import Empty, Sample
from orchestrator.domain.template import Source
from rules.types import Type

_BRANCHES = re.compile(r"\{%-?\s*(?:if|elif)\b|\bif\b[^%}]*\belse\b")
_TAG = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)
_CONSTANT = re.compile(r"\"([^\"\\]*)\"|'([^'\\]*)'|(?<![\w.])(\d{1,9})(?![\w.])")
_OF_TEXT = (
    "UnknownFilter",
    "UnknownTest",
    "UnknownFunction",
    "UnknownMethod",
    "MissingArgument",
    "TooManyArguments",
    FUEL_GONE,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a text cannot be rendered. `place`: what is empty; None where nothing need be. `at`: the character."""

    place: Empty | None
    at: int
    message: str
    unknown: bool = False
    """It names a filter, test or function that there is not, or does too much."""


def faults(press: Press, source: Source, root: Type, paths: set[str], asked: Asked, *, lenient: bool) -> list[Fault]:
    """What is wrong with the text, for data of that type and what is certain besides; one fault a place at most."""
    if "{" not in source.text:
        return []
    full = Sample(lenient=lenient)
    data = full.of(root, paths)
    wrong = press.attempt(source.text, data)
    if wrong is not None:
        at = place_of(press, source.text, wrong, data, paths)
        return [Fault(None, at, told(wrong), wrong.kind in _OF_TEXT)] if _matters(wrong) else []
    full.places = {place: None for place in full.places if not asked.excludes(place)}
    found: dict[str, Fault] = {}
    for sample, place in islice(variants(source.text, full, lenient=lenient), RENDERINGS):
        if place is not None and place[0] in found:
            continue
        wrong = press.attempt(source.text, sample.of(root, paths))
        if wrong is not None and (place is not None or (not found and _matters(wrong))):
            path = place[0] if place is not None else ""
            found[path] = Fault(place, _offset(source.text, wrong, path), told(wrong))
    return list(found.values())


def place_of(press: Press, text: str, wrong: minijinja.TemplateError, data: dict[str, Any], paths: set[str]) -> int:
    """The character that the error is about: where what was refused is read, else where minijinja says."""
    path = next((path for path in sorted(paths) if EMPTY in str(wrong) and at(data, path) == press.refused), "")
    if wrong.line and not wrong.range and not path:
        return sum(len(line) for line in text.splitlines(keepends=True)[: wrong.line - 1])
    return _offset(text, wrong, path)


def at(data: Any, path: str) -> Any:
    """What stands at the path; None where nothing does."""
    for part in path.split("."):
        data = data.get(part) if isinstance(data, dict) else None
    return data


def variants(text: str, full: Sample, *, lenient: bool) -> Iterator[tuple[Sample, Empty | None]]:
    """Samples, each with what alone is empty in it."""
    places = list(full.places)
    for place in places:
        yield Sample(frozenset({place}), lenient=lenient), place
    if places:
        yield Sample(frozenset(places), lenient=lenient), None
    if _BRANCHES.search(text) is None:
        return
    for values in _values(text, full):
        yield Sample(values=values, lenient=lenient), None
        for place in places:
            if place[0] not in values:
                yield Sample(frozenset({place}), values, lenient), place


def _values(text: str, full: Sample) -> Iterator[dict[str, Any]]:
    """What else one place may be: the rest of its `enum`, or a constant that stands in the template."""
    for path, others in full.others.items():
        for value in others:
            yield {path: value}
    written = sorted({match for tag in _TAG.findall(text) for match in _CONSTANT.findall(tag)})
    for path, kind in full.scalars.items():
        if kind == "number":
            yield from ({path: int(digits) + more} for _, _, digits in written if digits for more in (-1, 0, 1))
        elif kind == "text":
            yield from ({path: one or other} for one, other, digits in written if not digits)


def _matters(error: minijinja.TemplateError) -> bool:
    """Whether the error is one of the template, whatever the values are."""
    return error.kind in _OF_TEXT or error.kind == "UndefinedError" or EMPTY in str(error)


def told(error: minijinja.TemplateError) -> str:
    """The error in minijinja's words."""
    if error.kind == FUEL_GONE:
        return "it runs out of fuel, as it does too much"
    return error.detail or (str(error.args[0]) if error.kind == "Unknown" and error.args else error.kind)


def _offset(text: str, error: minijinja.TemplateError, path: str) -> int:
    """The character at which the path is written last before the error, or at which the error is."""
    begin, end = (len(text.encode()[:place].decode(errors="replace")) for place in (error.range or (0, 0)))
    last = end if error.range else len(text)
    found = [match.start() for match in re.finditer(r"(?<![\w.])" + re.escape(path) + r"(?!\w)", text) if match.start() < last]
    if path and found and "[]" not in path:
        return found[-1]
    return begin + (len(text[begin:end]) - len(text[begin:end].lstrip("{-% \n.")) if error.range else 0)
