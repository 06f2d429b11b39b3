"""`orchestrator test`: do the workspace's scenarios hold?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from xml.sax.saxutils import escape, quoteattr

import typer
from rich.console import Console

from orchestrator.cli.options import Workspace, print_json, progress_bar
from orchestrator.errors import WorkspaceError
from orchestrator.insight.scenarios import Results, Verdict, load_suite, run_suite

Layout = Literal["text", "json", "junit"]


def test(
    workspace: Workspace,
    coverage: Annotated[bool, typer.Option("--coverage", help="List what no scenario takes.")] = False,  # noqa: FBT002 - a command, not a test
    output: Annotated[Layout, typer.Option("--format", help="text, json, or junit (what CI systems read).")] = "text",
) -> None:
    """Run the scenarios in tests/: virtual clock, production engine, nothing leaves. Exit code 1 where one fails."""
    results = _results(workspace)
    if output == "json":
        print_json(results.as_json())
    elif output == "junit":
        typer.echo(as_junit(results))
    else:
        print_results(results, workspace, coverage=coverage)
    raise typer.Exit(1 if results.failed else 0)


def _results(workspace: Path) -> Results:
    """What ran; a workspace that cannot be compiled fails with its errors instead."""
    try:
        suite = load_suite(workspace)
    except WorkspaceError as error:
        errors = [finding for finding in error.findings if finding.severity == "error"]
        if not errors:
            raise
        return Results([Verdict(f"{one.code} in {one.file}", one.file, one.line, _told(one)) for one in errors])
    with progress_bar("testing", lambda: len(suite)) as progress:
        return run_suite(suite, progress)


def _told(finding: Any) -> str:
    return f"{finding.message}; {finding.fix}" if finding.fix else str(finding.message)


def print_results(results: Results, workspace: Path, *, coverage: bool, console: Console | None = None) -> None:
    """Print each failure with what differs and the timeline behind it, then the totals."""
    console = console or Console()
    for verdict in results.failed:
        console.print(f"✗ {verdict.name}", style="bold red", markup=False, highlight=False)
        console.print(
            f"  {workspace / verdict.file}:{verdict.line}", style="dim", markup=False, highlight=False, soft_wrap=True
        )
        for line in (verdict.difference or "").splitlines():
            console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
        for line in verdict.brief:
            console.print(f"      {line}", style="dim", markup=False, highlight=False, soft_wrap=True)
    failed, share = len(results.failed), results.coverage.as_json()
    passed = len(results.verdicts) - failed
    console.print(f"{passed} passed, {failed} failed", style="red" if failed else "green", highlight=False)
    console.print(f"steps taken {share['steps']:.1%}, outcomes taken {share['branches']:.1%}", highlight=False)
    if coverage:
        for missed in share["missed"]:
            console.print(f"  no scenario takes {missed}", markup=False, highlight=False)
    if not results.verdicts:
        console.print("there are no scenarios: write one into tests/NAME.yaml", style="yellow")


def as_junit(results: Results) -> str:
    """The results as JUnit XML."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f'<testsuite name="scenarios" tests="{len(results.verdicts)}" failures="{len(results.failed)}">')
    for verdict in results.verdicts:
        lines.append(
            f"  <testcase name={_attribute(verdict.name)} file={_attribute(verdict.file)} line={_attribute(verdict.line)}>"
        )
        if verdict.difference is not None:
            body = "\n".join((verdict.difference, *verdict.brief))
            lines.append(f"    <failure message={_attribute(verdict.difference)}>{escape(_printable(body))}</failure>")
        lines.append("  </testcase>")
    return "\n".join((*lines, "</testsuite>"))


def _attribute(value: object) -> str:
    return quoteattr(_printable(str(value)), {"\n": "&#10;"})


def _printable(text: str) -> str:
    """Without the control characters and surrogates that XML cannot carry."""
    return "".join(char if char >= " " or char in "\t\n" else "�" for char in text).encode("utf-8", "replace").decode()
