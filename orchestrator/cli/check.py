"""`orchestrator check WORKSPACE`: what is wrong in the files, with file, line and column."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from orchestrator.authoring import CODES, Examined, Finding, address, examine, section
from orchestrator.authoring.codebook import PAGE
from orchestrator.authoring.editing import renew
from orchestrator.authoring.finding import did_you_mean
from orchestrator.cli.sarif import sarif
from orchestrator.errors import UsageError
from orchestrator.intake.files import Accepted, read_events

_READ_SO = (
    "`-` stands before lines with the mistake, `+` before lines that mend it; `¦` marks the place and is not in the file."
)
Format = Literal["text", "json", "github", "sarif"]


def check(
    workspace: Annotated[Path | None, typer.Argument(help="The folder that holds wheel.yaml.", show_default=False)] = None,
    output: Annotated[
        Format, typer.Option("--format", help="text, json, github (annotations in a pull request) or sarif (code scanning).")
    ] = "text",
    events: Annotated[
        list[Path] | None, typer.Option(help="Recorded events (JSON Lines): warn of those that are waited for and never came.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,  # noqa: FBT002 - typer's flags
    explain: Annotated[
        str | None, typer.Option(help="What a code means, with an example and the way out.", metavar="CODE")
    ] = None,
    portable: Annotated[  # noqa: FBT002 - typer's flags
        bool, typer.Option("--portable", help="Note the conditions that another engine of JSON-Logic may read otherwise.")
    ] = False,
    worst: Annotated[  # noqa: FBT002
        bool, typer.Option("--worst", help="Search for the week with the most marketing messages; about two seconds more.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Keep that week as a scenario, like WORKSPACE/tests/worst-week.yaml.", metavar="FILE")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another search.")] = 0,
) -> None:
    """Check a workspace: every error and warning, where it stands and what to do."""
    if explain is not None:
        typer.echo(_explained(explain.strip("`").upper()))
        return
    if workspace is None:
        raise UsageError("name the folder that holds wheel.yaml, or a code with --explain")
    if not workspace.is_dir():
        raise UsageError(f"there is no folder {workspace}")
    if out is not None and not worst:
        raise UsageError("--out keeps what --worst finds: give both")
    renew(workspace)
    found = examine(workspace, _names(events) if events else None, portable=portable)
    findings = found.findings
    errors = sum(finding.severity == "error" for finding in findings)
    searched = _search(found, workspace, seed, out) if worst else None
    typer.echo(_FORMATS[output](found, errors, workspace, searched))
    raise typer.Exit(1 if errors or (strict and findings) else 0)


@dataclasses.dataclass(frozen=True, slots=True)
class _Searched:
    """What the search for the worst week found, in words and for JSON."""

    words: str
    told: dict[str, Any]


def _search(found: Examined, workspace: Path, seed: int, out: Path | None) -> _Searched | None:
    """Nothing where errors leave open what the workspace does."""
    if found.workspace is None or found.weekly is None:
        return None
    from orchestrator.cli.worst import as_json, search, told  # noqa: PLC0415 - the engine; a plain check starts without it

    worst = search(found.workspace, found.weekly, seed, out)
    return _Searched(told(worst, found.weekly, workspace, out), as_json(worst, found.weekly))


def _explained(code: str) -> str:
    """The section of a code, as text."""
    if code not in CODES:
        raise UsageError(f"--explain {code}: there is no such code; {did_you_mean(code, CODES) or f'see {PAGE}'}")
    return f"{code}: {CODES[code]}\n\n{section(code)}\n\n{_READ_SO}"


def _names(files: list[Path]) -> set[str]:
    """The names of the events in these files."""
    lines = read_events(files, things=_Any())
    return {line.event.name for line in lines if isinstance(line, Accepted) and line.event.name}


class _Any:
    """Any event may be about a thing where only names are asked."""

    def __contains__(self, _: object) -> bool:
        return True


def _text(found: Examined, errors: int, _workspace: Path, searched: _Searched | None) -> str:
    last = [str(found.weekly)] if found.weekly is not None else []
    last += [searched.words] if searched is not None else []
    return "\n".join([*map(str, [*found.findings, *found.notes]), *last, _summary(found.findings, errors)])


def _summary(findings: list[Finding], errors: int) -> str:
    return f"{_count(errors, 'error')}, {_count(len(findings) - errors, 'warning')}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number or 'no'} {word}s"


def _json(found: Examined, errors: int, _workspace: Path, searched: _Searched | None) -> str:
    listed, notes = (
        [{**dataclasses.asdict(one), "page": address(one.code)} for one in all_] for all_ in (found.findings, found.notes)
    )
    told: dict[str, Any] = {"findings": listed, "errors": errors, "warnings": len(listed) - errors, "notes": notes}
    told["pages"] = {code: section(code) for code in sorted({one["code"] for one in (*listed, *notes)})}
    if found.weekly is not None:
        told["weekly"] = dataclasses.asdict(found.weekly)
    if searched is not None:
        told["worst"] = searched.told
    return json.dumps(told, indent=2, ensure_ascii=False)


def _github(found: Examined, errors: int, workspace: Path, _searched: _Searched | None) -> str:
    """Workflow commands: a file must be named relative to the repository, so the workspace's path stays in front."""
    lines = [
        f"::{finding.severity} file={_escaped(str(workspace / finding.file))},line={finding.line},col={finding.column},"
        f"title={finding.code}::{_escaped(' - '.join(filter(None, (finding.message, finding.fix))))}"
        for finding in found.findings
    ]
    return "\n".join([*lines, _summary(found.findings, errors)])


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _sarif(found: Examined, _errors: int, workspace: Path, _searched: _Searched | None) -> str:
    return sarif([*found.findings, *found.notes], workspace)


_FORMATS = {"text": _text, "json": _json, "github": _github, "sarif": _sarif}
