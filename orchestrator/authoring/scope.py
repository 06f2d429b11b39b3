"""What is known by name in a workspace, and what a condition may read at its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from orchestrator.authoring.asked import Asked
from orchestrator.authoring.document import Path, Spot
from orchestrator.authoring.files import Files
from orchestrator.authoring.finding import Report, did_you_mean
from orchestrator.authoring.press import Press
from orchestrator.authoring.schemata import Validator
from orchestrator.domain.measure import Measure
from orchestrator.domain.policies import Topic
from orchestrator.domain.program import EventType, Feature
from orchestrator.domain.survey import Survey
from orchestrator.domain.template import Source, Template
from rules.places import Environment
from rules.statements import Statement

UNDECLARED: dict[str, Any] = {}
"""The item of an event or key that does not exist: that is told, and what it would bring is not known."""
CHANNELS = ("email", "sms")

_KIND_OF = {
    "event": ("E301", "events", "write a file in events/ that declares it"),
    "stage": ("E303", "wheel", "add it to `stages` or `outside` in wheel.yaml"),
    "topic": ("E304", "policies", "add it to `topics` in policies.yaml"),
    "campaign": ("E305", "campaigns", "write campaigns/{}.yaml"),
    "feature": ("E306", "profile", "add it to `features` in profile.yaml"),
    "segment": ("E307", "segments", "add it to segments.yaml"),
    "table": ("E308", "tables", "write tables/{}.csv"),
    "template": ("E310", "templates", "write templates/{}/template.yaml and email.html or sms.txt beside it"),
    "sender": ("E311", "senders", "add it to senders.yaml"),
    "channel": ("E312", "", "write email or sms"),
    "persona": ("E314", "personas", "write personas/{}.yaml"),
}
"""what → the finding's code, the kind of file that would define it, and how to."""

Table = dict[str, dict[str, Any]]
Part = tuple[Spot, Statement]
"""One of the parts of a condition that must hold together, and what it states."""


@dataclass(frozen=True, slots=True)
class View:
    """What can be read at one place beside the profile: the event, the item of `each`, the run."""

    events: tuple[str, ...] = ()
    """Names of the events that `event` may be; empty: there is no event."""
    item: dict[str, Any] | None = None
    """Schema of `item`; None: there is no item."""
    run: bool = False
    saved: tuple[str, ...] = ()
    """What webhooks of this campaign save in `enrolment`."""
    sometimes: frozenset[str] = frozenset()
    """Those of `event` and `item` that may be missing, because something else may have begun the run."""
    merged: bool = False
    """Several runs' messages may go out as one: there are `items`, and no `item`."""
    survey: bool = False
    """The message asks a survey: there is `survey.url`."""

    @property
    def name(self) -> tuple[Any, ...]:
        """What tells it from other views, as long as it lives."""
        return self.events, id(self.item), self.run, self.saved, self.sometimes, self.merged, self.survey


@dataclass(slots=True)
class Scope:
    """Everything that can be named, filled file by file."""

    files: Files
    report: Report
    portable: bool = False
    """Tell what conditions mean here only."""
    events: dict[str, EventType] = field(default_factory=dict)
    stages: list[str] = field(default_factory=list)
    traits: dict[str, Any] | None = None
    features: dict[str, Feature] = field(default_factory=dict)
    feature_names: list[str] = field(default_factory=list)
    segments: list[str] = field(default_factory=list)
    tables: dict[str, Table] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)
    campaigns: dict[str, str] = field(default_factory=dict)
    """name → class"""
    transactional: list[str] = field(default_factory=list)
    surveys: dict[str, Survey] = field(default_factory=dict)
    measures: list[Measure] = field(default_factory=list)
    templates: dict[str, Template] = field(default_factory=dict)
    senders: dict[str, dict[str, Any]] = field(default_factory=dict)
    default_locale: str = "en"
    zone: str = "UTC"
    personas: list[str] = field(default_factory=list)
    validators: dict[str, Validator | None] = field(default_factory=dict)
    """event name → what its properties are validated with"""
    traits_validator: Validator | None = None
    watched: set[str] = field(default_factory=set)
    """Segments and dates that patterns wait for."""
    vague: set[str] = field(default_factory=set)
    """Events whose keys could not be read."""
    authored: dict[str, Source] = field(default_factory=dict)
    """file → a text as it is written, with what it includes; its template has what that is compiled to."""
    partials: dict[tuple[str, str], str] = field(default_factory=dict)
    """(locale, file name) → its path."""
    frames: dict[str, Spot] = field(default_factory=dict)
    """template → the name of its frame."""
    press: Press = field(default_factory=Press)
    """Renders the workspace's texts."""
    people: list[tuple[str, dict[str, Any]]] | None = None
    """Personas as templates read them, once they were asked for."""
    environments: dict[Any, tuple[View, Environment]] | None = None
    """What conditions can read, by view, once everything is known that can be read."""
    whole: dict[str, bool] = field(default_factory=dict)
    """Path below an event's properties → whether every event that has it declares whole numbers there."""
    parts: dict[tuple[str, Path], list[Part]] = field(default_factory=dict)
    """(file, path) of a condition without findings → what it states"""
    asked: dict[tuple[str, Path], Asked] = field(default_factory=dict)
    """(file, path) of a step that sends → what its run's conditions make certain there"""

    def stated(self, spot: Spot | None) -> list[Part]:
        """What the condition at `spot` states; nothing where there is none, or it has findings of its own."""
        return [] if spot is None else self.parts.get((spot.document.file, spot.path), [])

    def known(self, what: str) -> Iterable[str]:
        """Every name of that kind."""
        names: dict[str, Iterable[str]] = {
            "event": self.events,
            "stage": self.stages,
            "topic": self.topics,
            "campaign": self.campaigns,
            "feature": self.feature_names,
            "segment": self.segments,
            "table": self.tables,
            "template": self.templates,
            "sender": self.senders,
            "channel": CHANNELS,
            "persona": self.personas,
        }
        return names[what]

    def unreadable(self, what: str) -> bool:
        """Whether a file that would define such names could not be read."""
        return _KIND_OF[what][1] in self.files.unreadable

    def names(self, spot: Spot | None, what: str) -> bool:
        """Whether the text at `spot` names a known thing of that kind; reports it where not."""
        name = spot.text if spot is not None else None
        if spot is None or name is None or name == "":
            return False
        known = self.known(what)
        if name in known:
            return True
        if not self.unreadable(what):
            code, _, way = _KIND_OF[what]
            fix = "; or ".join(part for part in (did_you_mean(name, known), way.format(name)) if part)
            self.report.add(code, spot.place, f"there is no {what} `{name}`", fix)
        return False
