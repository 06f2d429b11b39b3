"""What a workspace can name, as far as its files can be read: also while they have errors, for that is when one edits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.authoring.campaigns import read_campaign_names
from orchestrator.authoring.catalogue import read_events
from orchestrator.authoring.facts import read_profile
from orchestrator.authoring.files import read_files
from orchestrator.authoring.finding import Report
from orchestrator.authoring.ring import read_stages
from orchestrator.authoring.rulebook import read_names
from orchestrator.authoring.scope import CHANNELS, Scope
from orchestrator.authoring.tables import read_tables
from orchestrator.authoring.texts import read_templates

MARKETING = "marketing"


@dataclass(frozen=True, slots=True)
class Names:
    """Names by kind, in order. `open` are kinds of which a file could not be read: there may be more."""

    known: Mapping[str, tuple[str, ...]]
    open: frozenset[str] = frozenset()
    events: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """event → the schema of its properties"""
    traits: Mapping[str, Any] = field(default_factory=dict)
    """trait → its schema"""
    features: Mapping[str, str] = field(default_factory=dict)
    """feature → what it is, as it is written"""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """table → its columns but for the key"""


def names_of(path: Path) -> Names:
    """Read what defines names, and nothing else."""
    report = Report()
    files = read_files(path, report)
    scope = Scope(files, report)
    for read in (read_tables, read_events, read_stages, read_names, read_campaign_names, read_templates, read_profile):
        read(scope)
    segments = files.one("segments")
    scope.segments = [name for name, _ in segments.root.members()] if segments is not None else []
    senders = files.one("senders")
    known: dict[str, Iterable[str]] = {
        kind: scope.known(kind) for kind in ("event", "stage", "topic", "campaign", "segment", "template")
    }
    known |= {
        "sender": [name for name, _ in senders.root.members()] if senders is not None else [],
        "channel": CHANNELS,
        "frame": sorted({name.partition(".")[0] for _, name in scope.partials if not name.endswith(".txt")}),
        "table": scope.tables,
        "persona": _called(files.documents.get("personas", ()), "persona"),
        "survey": _called(files.documents.get("surveys", ()), "survey"),
        "stops": [MARKETING, *scope.topics],
        "key": dict.fromkeys(key for event in scope.events.values() for key in event.keys),
        "input": dict.fromkeys(name for template in scope.templates.values() for name in template.inputs),
    }
    unread = {kind for kind in known if kind in _DEFINED and _DEFINED[kind] in files.unreadable}
    return Names(
        {kind: tuple(dict.fromkeys(names)) for kind, names in known.items()},
        frozenset(unread),
        {name: _members(event.schema) for name, event in scope.events.items()},
        _members(scope.traits),
        {name: f"{feature.kind}: {feature.event}" for name, feature in scope.features.items()},
        {name: tuple(columns[1:]) for name, columns in scope.columns.items()},
    )


_DEFINED = {
    "event": "events",
    "key": "events",
    "stage": "wheel",
    "topic": "policies",
    "stops": "policies",
    "campaign": "campaigns",
    "segment": "segments",
    "template": "templates",
    "sender": "senders",
    "persona": "personas",
    "survey": "surveys",
    "table": "tables",
}
"""kind → the files that define it"""


def _called(documents: Iterable[Any], word: str) -> list[str]:
    return [name for document in documents if (name := document.root.text_of(word)) is not None]


def _members(schema: Any) -> Mapping[str, Any]:
    members = schema.get("properties") if isinstance(schema, dict) else None
    return members if isinstance(members, dict) else {}
