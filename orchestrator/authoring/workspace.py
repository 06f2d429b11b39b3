"""A workspace: files in, findings or a compiled program out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orchestrator.authoring.answers import check_answers
from orchestrator.authoring.campaigns import read_campaign_names, read_campaigns
from orchestrator.authoring.catalogue import read_events
from orchestrator.authoring.conditions import conditions
from orchestrator.authoring.content import name_of
from orchestrator.authoring.document import Document, Place
from orchestrator.authoring.facts import read_profile
from orchestrator.authoring.files import Files, read_files
from orchestrator.authoring.finding import Finding, Report
from orchestrator.authoring.garbage import seldom_collected
from orchestrator.authoring.ignoring import accepted
from orchestrator.authoring.keeping import check_kept
from orchestrator.authoring.keys import check_keys
from orchestrator.authoring.loops import check_loops
from orchestrator.authoring.measures import read_measures
from orchestrator.authoring.overlap import check_overlap
from orchestrator.authoring.people import check_tests, check_touchpoints, read_personas
from orchestrator.authoring.posts import check_senders
from orchestrator.authoring.ring import check_stages, read_stages, read_wheel
from orchestrator.authoring.rulebook import read_names, read_policies
from orchestrator.authoring.scope import Scope, View
from orchestrator.authoring.seen import check_seen
from orchestrator.authoring.sendable import check_sends
from orchestrator.authoring.shape import check_shape
from orchestrator.authoring.surveys import read_surveys
from orchestrator.authoring.tables import read_tables
from orchestrator.authoring.texts import read_templates
from orchestrator.authoring.things import check_things, mark_things
from orchestrator.authoring.typed import never_null
from orchestrator.authoring.ways import check_ways
from orchestrator.authoring.weekly import Weekly, most_a_week
from orchestrator.domain.measure import Measure
from orchestrator.domain.program import Program, Wheel
from orchestrator.domain.segments import circle
from orchestrator.domain.survey import Survey
from orchestrator.domain.template import Template
from orchestrator.errors import WorkspaceError
from rules import Condition

_DEFINING: dict[str, dict[str, type]] = {
    "wheel": {"stages": list, "outside": list},
    "profile": {"features": dict},
    "policies": {"topics": dict, "transactional": list},
    "templates": {"subject": str, "inputs": dict},
}
_SCHEMA = {
    "events": "event",
    "campaigns": "campaign",
    "surveys": "survey",
    "personas": "persona",
    "templates": "template",
    "measures": "measure",
}


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace that passed the check. The documents keep what is read elsewhere (tests, personas, surveys, touchpoints)."""

    program: Program
    templates: dict[str, Template] = field(default_factory=dict)
    surveys: dict[str, Survey] = field(default_factory=dict)
    senders: dict[str, dict[str, Any]] = field(default_factory=dict)
    """name → channel → settings"""
    documents: dict[str, list[Document]] = field(default_factory=dict)
    """kind ("tests", "personas", …) → its files, with positions."""
    findings: tuple[Finding, ...] = ()
    """Warnings."""
    notes: tuple[Finding, ...] = ()
    """See `Examined`."""
    measures: tuple[Measure, ...] = ()
    """In order of file. They decide nothing, so they are no part of the program."""


def check(path: Path, seen: Collection[str] | None = None) -> list[Finding]:
    """Everything that is wrong or odd in the workspace, in order of place. `seen`: names of the events that came so far."""
    return _read(path, seen)[1]


@dataclass(frozen=True, slots=True)
class Examined:
    """What a check finds. `weekly`: how many messages a customer can get, `workspace`: None where errors leave them open.

    `notes` are no faults of the files: what an author should know of this version.
    """

    findings: list[Finding]
    notes: tuple[Finding, ...]
    weekly: Weekly | None
    workspace: Workspace | None = None


def examine(path: Path, seen: Collection[str] | None = None, *, portable: bool = False) -> Examined:
    """What `check` finds, and what follows from the whole; `portable`: also what conditions mean here only."""
    workspace, findings = _read(path, seen, portable=portable)
    sound = all(finding.severity != "error" for finding in findings)
    if not sound:
        return Examined(findings, workspace.notes, None)
    return Examined(findings, workspace.notes, most_a_week(workspace.program), workspace)


def load_program(path: Path) -> Program:
    """The compiled program; raises WorkspaceError with the findings if there are errors."""
    return load_workspace(path).program


def load_workspace(path: Path) -> Workspace:
    """The compiled workspace; raises WorkspaceError with the findings if there are errors."""
    workspace, findings = _read(path)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        text = f"{first.file}:{first.line}:{first.column}: {first.message}{more}"
        raise WorkspaceError(f"the workspace {path} has errors: {text}; `orchestrator check` lists all", findings)
    return _named(workspace)


def load_admitted(path: Path) -> Workspace:
    """The compiled workspace, whatever the check says of it now."""
    return _named(_read(path)[0])


def _named(workspace: Workspace) -> Workspace:
    """With the program named by what the workspace says."""
    name = name_of(workspace.program, workspace.templates, workspace.surveys)
    return replace(workspace, program=replace(workspace.program, name=name))


def _read(path: Path, seen: Collection[str] | None = None, *, portable: bool = False) -> tuple[Workspace, list[Finding]]:
    report = Report()
    if not path.is_dir():
        report.add("E101", Place("."), f"there is no folder {path}", "name the folder that holds wheel.yaml")
        return Workspace(Program("", Wheel("", ()))), report.findings
    with seldom_collected():
        files = read_files(path, report)
        _check_shapes(files, report)
        scope = Scope(files, report, portable)
        program = _compiled(scope)
    if seen is not None:
        check_seen(seen, scope)
    found = accepted(report.findings, files.written)
    warnings = tuple(finding for finding in found if finding.severity == "warning")
    notes = tuple(report.notes)
    texts = (scope.templates, scope.surveys, scope.senders, files.documents)
    return Workspace(program, *texts, warnings, notes, tuple(scope.measures)), found


def _check_shapes(files: Files, report: Report) -> None:
    for kind, documents in files.documents.items():
        for document in documents:
            check_shape(document.root, _SCHEMA.get(kind, kind), report)
            if not _defines(document, kind):
                files.unreadable.add(kind)


def _defines(document: Document, kind: str) -> bool:
    """Whether the settings that define names have their kinds; where not, what hangs on them is not reported again."""
    if kind != "tests" and not isinstance(document.value, dict):
        return False
    wanted = _DEFINING.get(kind, {})
    return all(isinstance(document.value[word], kinds) for word, kinds in wanted.items() if word in document.value)


def _compiled(scope: Scope) -> Program:
    """Names first, then everything that uses them."""
    read_tables(scope)
    read_events(scope)
    read_stages(scope)
    read_names(scope)
    read_campaign_names(scope)
    mark_things(scope)
    read_segment_names(scope)
    read_surveys(scope)
    read_templates(scope)
    check_senders(scope)
    read_profile(scope)
    scope.environments = {}
    wheel = read_wheel(scope)
    program = Program(
        "",
        wheel,
        events=scope.events,
        features=tuple(scope.features.values()),
        segments=_segments(scope),
        never_null=frozenset(never_null(scope.traits)),
        policies=read_policies(scope),
        campaigns=read_campaigns(scope),
        tables=scope.tables,
    )
    check_stages(scope)
    check_keys(scope)
    check_ways(scope)
    check_answers(scope)
    check_kept(scope)
    check_sends(scope)
    read_personas(scope, program)
    check_touchpoints(scope)
    read_measures(scope)
    check_tests(scope)
    check_things(scope)
    check_loops(program, scope)
    check_overlap(program, scope)
    return program


def read_segment_names(scope: Scope) -> None:
    """Fill `segments`."""
    document = scope.files.one("segments")
    scope.segments = [name for name, _ in document.root.members()] if document is not None else []


def _segments(scope: Scope) -> dict[str, Condition]:
    document = scope.files.one("segments")
    found: dict[str, Condition] = {}
    for name, spot in document.root.members() if document is not None else ():
        condition = conditions(spot.get("if"), View(), scope)
        if condition is not None:
            found[name] = condition
    _check_circle(found, document, scope)
    return found


def _check_circle(segments: dict[str, Condition], document: Document | None, scope: Scope) -> None:
    """Segments that are written in terms of each other mean nothing."""
    found = circle(segments)
    if found and document is not None:
        way = " → ".join(f"`{name}`" for name in found)
        message = f"segments that are written in terms of each other mean nothing: {way}"
        scope.report.add("E508", document.root.at(found[-2]).key_place, message, "write one of them without the others")
