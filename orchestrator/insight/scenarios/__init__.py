"""Scenario tests: the workspace's `tests/*.yaml` through the production engine, and what differs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from orchestrator.authoring import Finding, Workspace, load_workspace
from orchestrator.authoring.document import Place, Spot
from orchestrator.authoring.files import read_files
from orchestrator.authoring.finding import Report
from orchestrator.delivery.question import samples
from orchestrator.delivery.render import Renderer
from orchestrator.domain.program import Program
from orchestrator.errors import WorkspaceError
from orchestrator.insight.scenarios.coverage import NOTHING_TAKEN, Coverage
from orchestrator.insight.scenarios.expectation import differences, satisfied
from orchestrator.insight.scenarios.scenario import Malformed, Scenario, personas_of, read_scenario
from orchestrator.insight.scenarios.timeline import timeline, timeline_of
from orchestrator.insight.scenarios.trial import Trial, run
from orchestrator.intake.catalogue import Catalogue

FOLDER = "tests"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One scenario's result; `difference` is None where it holds."""

    name: str
    file: str
    line: int
    difference: str | None = None
    column: int | None = None
    """Of what cannot be run, where the author must type."""
    seconds: float = 0
    timeline: tuple[str, ...] = ()
    """Everything that happened."""
    brief: tuple[str, ...] = ()
    """Of that what concerns the campaigns in question."""

    @property
    def place(self) -> str:
        """`tests/a.yaml:3`, with the column where it is known."""
        return f"{self.file}:{self.line}" if self.column is None else f"{self.file}:{self.line}:{self.column}"

    def as_json(self) -> dict[str, Any]:
        found = {"name": self.name, "file": self.file, "line": self.line, "passed": self.difference is None}
        found |= {"column": self.column} if self.column is not None else {}
        return {**found, "difference": self.difference, "timeline": list(self.timeline)}


@dataclass(slots=True)
class Results:
    """The verdicts in order of file and line, and what they cover."""

    verdicts: list[Verdict] = field(default_factory=list)
    stand_ins: set[str] = field(default_factory=set)
    """Webhooks that answered `{}`, for want of a `sample` and of an answer in the scenario."""
    coverage: Coverage | None = None
    """None where nothing could be run: the workspace has errors."""

    @property
    def failed(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.difference is not None]

    def as_json(self) -> dict[str, Any]:
        """The JSON result of `test`."""
        failed = len(self.failed)
        return {
            "passed": len(self.verdicts) - failed,
            "failed": failed,
            "tests": [verdict.as_json() for verdict in self.verdicts],
            "stand_ins": sorted(self.stand_ins),
            "coverage": NOTHING_TAKEN if self.coverage is None else self.coverage.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Suite:
    """A workspace's scenarios, ready to run."""

    program: Program
    renderer: Renderer
    spots: tuple[Spot, ...]
    personas: dict[str, dict[str, Any]]
    broken: tuple[Verdict, ...] = ()
    """What could not be read, each a failure."""

    def __len__(self) -> int:
        return len(self.spots)


def load_suite(path: Path) -> Suite:
    """The scenarios of a workspace. Errors outside `tests/` raise WorkspaceError; those inside are failures."""
    try:
        workspace, broken = load_workspace(path), []
    except WorkspaceError as error:
        broken = [finding for finding in error.findings if finding.severity == "error"]
        if not broken or any(not _is_ours(finding) for finding in broken):
            raise
        workspace = _without_scenarios(path)
    documents = workspace.documents if not broken else read_files(path, Report()).documents
    spots = [spot for document in documents.get(FOLDER, []) for spot in document.root.elements()]
    spoilt = [(finding, _around(finding, spots)) for finding in broken]
    return Suite(
        workspace.program,
        Renderer(workspace.templates, workspace.senders),
        tuple(spot for spot in spots if not any(spot is found for _, found in spoilt)),
        personas_of(documents.get("personas", [])),
        tuple(_broken(finding, spot) for finding, spot in spoilt),
    )


def _is_ours(finding: Finding) -> bool:
    return finding.file.startswith(f"{FOLDER}/")


def _around(finding: Finding, spots: list[Spot]) -> Spot | None:
    """The scenario in which the finding stands."""
    before = [spot for spot in spots if spot.place.file == finding.file and spot.place.line <= finding.line]
    return before[-1] if before else None


def _without_scenarios(path: Path) -> Workspace:
    with tempfile.TemporaryDirectory(prefix="orchestrator-") as folder:
        copy = Path(folder) / path.resolve().name
        shutil.copytree(path, copy, ignore=lambda at, _names: {FOLDER} if Path(at) == path else set())
        return load_workspace(copy)


def _broken(finding: Finding, spot: Spot | None) -> Verdict:
    words = f"{finding.message}; {finding.fix}" if finding.fix else finding.message
    name = spot.text_of("test") if spot is not None else None
    return Verdict(name or f"{finding.file} ({finding.code})", finding.file, finding.line, words, finding.column)


def run_suite(suite: Suite, progress: Callable[[int], None] | None = None) -> Results:
    """Run every scenario; what cannot be run is a failure, and the rest goes on."""
    coverage = Coverage.of(suite.program)
    results = Results(list(suite.broken), coverage=coverage)
    begun = perf_counter()
    for verdict, trial in _verdicts(suite):
        ended = perf_counter()
        results.verdicts.append(replace(verdict, seconds=ended - begun))
        begun = ended
        if trial is not None:
            coverage.note(trial.decided)
            results.stand_ins.update(trial.stand_ins.values())
        if progress is not None:
            progress(1)
    results.verdicts.sort(key=lambda verdict: (verdict.file, verdict.line))
    return results


def _verdicts(suite: Suite) -> Iterator[tuple[Verdict, Trial | None]]:
    catalogue, answers = Catalogue(suite.program.events), samples(suite.renderer.senders)
    for spot in suite.spots:
        try:
            scenario = read_scenario(spot, suite.personas)
            reached = partial(satisfied, scenario.expected)
            trial = run(scenario, suite.program, catalogue, reached, suite.renderer.render, answers)
        except Malformed as verdict:
            yield _refused(spot, verdict.place, str(verdict)), None
        else:
            yield _judged(scenario, trial), trial


def _refused(spot: Spot, place: Place, message: str) -> Verdict:
    return Verdict(spot.text_of("test") or "a scenario without a name", place.file, place.line, message, place.column)


def _judged(scenario: Scenario, trial: Trial) -> Verdict:
    found = differences(scenario.expected, trial)
    verdict = Verdict(scenario.name, scenario.place.file, scenario.place.line)
    if not found:
        return verdict
    concerned = {one.campaign for one in found}
    brief = timeline_of(trial, concerned & scenario.expected.campaigns or concerned)
    words = "\n".join(one.words for one in found)
    return replace(verdict, difference=words, timeline=tuple(timeline(trial)), brief=tuple(brief))
