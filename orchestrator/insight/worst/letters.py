"""What can happen to a customer, as far as campaigns listen: events whose contents tell conditions apart, and pauses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice, product
from typing import Any

from orchestrator.authoring import Workspace
from orchestrator.authoring.sampling import Sample
from orchestrator.authoring.typed import type_of_schema
from orchestrator.domain.input import Event
from orchestrator.domain.program import EventType
from orchestrator.errors import RejectedEvent
from orchestrator.insight.worst.asked import Constants, answering, constants, heard, pauses, starting
from orchestrator.insight.worst.limits import LETTERS
from orchestrator.intake.catalogue import Catalogue

_PROPERTIES = "event.properties."
_TRAITS = "profile.traits."
ANSWERS = "message_id"
"""The property by which an answer names its message."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One event with its content. `keys`: key → the property that holds it, to be filled as the sequence is made."""

    event: str
    properties: Mapping[str, Any]
    keys: Mapping[str, str]
    answers: bool = False
    """It may name a message that it answers."""
    starts: bool = False
    """It can start a marketing campaign."""


@dataclass(frozen=True, slots=True)
class Alphabet:
    letters: tuple[Letter, ...]
    pauses: tuple[int, ...]
    """Milliseconds from one event to the next."""
    traits: tuple[tuple[str, Any], ...]
    """Traits that conditions ask for."""


def alphabet_of(workspace: Workspace) -> Alphabet:
    """Everything that the campaigns, the wheel and the features ask for."""
    program, compared = workspace.program, constants(workspace.program)
    documents = workspace.documents.get("events", ())
    making = _Making(
        Catalogue(program.events),
        {document.root.text_of("event"): document.value.get("sample") for document in documents},
        compared,
        answering(program),
        starting(program),
    )
    names = sorted(heard(program) & set(program.events))
    traits = ((path.removeprefix(_TRAITS), values) for path, values in compared.items() if path.startswith(_TRAITS))
    return Alphabet(
        tuple(letter for name in names for letter in making.letters(program.events[name])),
        tuple(sorted(pauses(program))),
        tuple((name, value) for name, values in traits for value in values),
    )


@dataclass(frozen=True, slots=True)
class _Making:
    catalogue: Catalogue
    samples: Mapping[str | None, Any]
    compared: Constants
    answering: set[str]
    starting: set[str]

    def letters(self, kind: EventType) -> Iterator[Letter]:
        """One kind of event with every content that makes a difference, as its schema admits."""
        sample = self.samples.get(kind.name)
        made = sample if isinstance(sample, dict) else Sample().of(type_of_schema(kind.schema or {}), ())
        listed = {*((kind.schema or {}).get("properties") or {}), *made}
        ways = {
            name: [made.get(name), *values]
            for path, values in self.compared.items()
            if path.startswith(_PROPERTIES) and (name := path.removeprefix(_PROPERTIES)) in listed
        }
        contents = ({**made, **dict(zip(ways, values, strict=True))} for values in _tried(list(ways.values())))
        admitted = (content for content in contents if self._admits(kind.name, content))
        for content in islice(_different(admitted), LETTERS):
            keys = {key: name for key, name in _keys(kind) if self._admits(kind.name, {**content, name: "key-1"})}
            yield Letter(kind.name, content, keys, kind.name in self.answering, kind.name in self.starting)

    def _admits(self, name: str, properties: dict[str, Any]) -> bool:
        try:
            self.catalogue.validate(Event("", 0, name=name, properties=properties))
        except RejectedEvent:
            return False
        return True


def _keys(kind: EventType) -> Iterator[tuple[str, str]]:
    """Keys that stand in a property of their own."""
    for key, path in kind.keys.items():
        if path.each is None and len(path.steps) == 2 and path.steps[0] == "properties":  # noqa: PLR2004 - properties.NAME
            yield key, path.steps[1]


def _tried(ways: list[list[Any]]) -> Iterable[tuple[Any, ...]]:
    """Each value alone beside the sample, then several together."""
    plain = tuple(way[0] for way in ways)
    alone = ((*plain[:at], value, *plain[at + 1 :]) for at, way in enumerate(ways) for value in way)
    return chain([plain], alone, islice(product(*ways), 10 * LETTERS))


def _different(contents: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    for content in contents:
        if content not in seen:
            seen.append(content)
            yield content
