"""`orchestrator check WORKSPACE`: what is wrong in the files, with file, line and column."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from orchestrator.authoring import Examined, Finding, examine
from orchestrator.cli.sarif import sarif
from orchestrator.intake.files import Accepted, read_events

Format = Literal["text", "json", "github", "sarif"]


def check(
    workspace: Annotated[Path, typer.Argument(help="The folder that holds wheel.yaml.", show_default=False)],
    output: Annotated[
        Format, typer.Option("--format", help="text, json, github (annotations in a pull request) or sarif (code scanning).")
    ] = "text",
    events: Annotated[
        list[Path] | None, typer.Option(help="Recorded events (JSON Lines): warn of those that are waited for and never came.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,  # noqa: FBT002 - typer's flags
) -> None:
    """Check a workspace: every error and warning, where it stands and what to do."""
    if not workspace.is_dir():
        typer.echo(f"error: there is no folder {workspace}", err=True)
        raise typer.Exit(2)
    found = examine(workspace, _names(events) if events else None)
    findings = found.findings
    errors = sum(finding.severity == "error" for finding in findings)
    typer.echo(_FORMATS[output](found, errors, workspace))
    raise typer.Exit(1 if errors or (strict and findings) else 0)


def _names(files: list[Path]) -> set[str]:
    """The names of the events in these files."""
    return {line.event.name for line in read_events(files) if isinstance(line, Accepted) and line.event.name}


def _text(found: Examined, errors: int, _workspace: Path) -> str:
    last = [str(found.weekly)] if found.weekly is not None else []
    return "\n".join([*map(str, [*found.findings, *found.notes]), *last, _summary(found.findings, errors)])


def _summary(findings: list[Finding], errors: int) -> str:
    return f"{_count(errors, 'error')}, {_count(len(findings) - errors, 'warning')}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number or 'no'} {word}s"


def _json(found: Examined, errors: int, _workspace: Path) -> str:
    listed = [dataclasses.asdict(finding) for finding in found.findings]
    notes = [dataclasses.asdict(note) for note in found.notes]
    told = {"findings": listed, "errors": errors, "warnings": len(listed) - errors, "notes": notes}
    if found.weekly is not None:
        told["weekly"] = dataclasses.asdict(found.weekly)
    return json.dumps(told, indent=2, ensure_ascii=False)


def _github(found: Examined, errors: int, workspace: Path) -> str:
    """Workflow commands: a file must be named relative to the repository, so the workspace's path stays in front."""
    lines = [
        f"::{finding.severity} file={_escaped(str(workspace / finding.file))},line={finding.line},col={finding.column},"
        f"title={finding.code}::{_escaped(' - '.join(filter(None, (finding.message, finding.fix))))}"
        for finding in found.findings
    ]
    return "\n".join([*lines, _summary(found.findings, errors)])


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _sarif(found: Examined, _errors: int, workspace: Path) -> str:
    return sarif([*found.findings, *found.notes], workspace)


_FORMATS = {"text": _text, "json": _json, "github": _github, "sarif": _sarif}
