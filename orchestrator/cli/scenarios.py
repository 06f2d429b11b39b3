"""`orchestrator test`: do the workspace's scenarios hold?"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from typer.core import TyperCommand

from orchestrator.cli.junit import as_junit, small
from orchestrator.cli.options import Workspace, print_json, progress_bar
from orchestrator.errors import UsageError, WorkspaceError
from orchestrator.insight.scenarios import Results, Verdict, load_suite, run_suite
from orchestrator.insight.scenarios.coverage import Coverage

Layout = Literal["text", "json", "junit"]
_SHARE = re.compile(r"(\d{1,3}(?:\.\d+)?)%?")


class Command(TyperCommand):
    """`--coverage` alone lists what is missing; with a number it asks for that many per cent."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Typer knows no option whose value may be left out."""
        parsed: list[str] = super().parse_args(ctx, list(_with_share(args)))
        return parsed


def _with_share(args: list[str]) -> Iterator[str]:
    for before, arg in zip([""] * bool(args) + args, args, strict=False):
        found = _SHARE.fullmatch(arg.removeprefix("--coverage=")) if before == "--coverage" or "--coverage=" in arg else None
        if found is None:
            yield arg
        else:
            yield from ("--coverage", f"--at-least={found[1]}")


def test(
    workspace: Workspace,
    coverage: Annotated[  # noqa: FBT002 - a command, not a test
        bool,
        typer.Option(
            "--coverage", help="List what no scenario takes; with a number, as in --coverage 100, fail below so many per cent."
        ),
    ] = False,
    output: Annotated[Layout, typer.Option("--format", help="text, json, or junit (what CI systems read).")] = "text",
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML into this file besides.", metavar="FILE")] = None,
    at_least: Annotated[float, typer.Option("--at-least", hidden=True, min=0, max=100)] = 0,
) -> None:
    """Run the scenarios in tests/: virtual clock, production engine, nothing leaves. Exit code 1 where one fails."""
    results = _results(workspace)
    short = list(_short(results, at_least))
    if junit is not None or output == "junit":
        document = as_junit(results, time.strftime("%Y-%m-%dT%H:%M:%S"), short)
        _keep(document, junit)
    if output == "json":
        print_json(_told_json(results, at_least, short))
    elif output == "junit" and junit is None:
        typer.echo(document)
    elif output == "text":
        print_results(results, workspace, coverage=coverage, short=short)
    raise typer.Exit(1 if results.failed or short else 0)


def _short(results: Results, at_least: float) -> Iterator[str]:
    """What coverage lacks of the share that is asked for."""
    if results.coverage is None:
        return
    share = results.coverage.as_json()
    for word, name in (("steps", "steps"), ("branches", "outcomes")):
        if share[word] * 100 < at_least:
            yield f"{name} taken: {share[word]:.1%}, and --coverage asks for {at_least:g}%"


def _told_json(results: Results, at_least: float, short: list[str]) -> dict[str, Any]:
    told = results.as_json()
    return {**told, "coverage": {**told["coverage"], "wanted": at_least / 100, "short": short}} if at_least else told


def _keep(document: str, file: Path | None) -> None:
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(document + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--junit {file}: cannot be written ({error.strerror})") from error


def _results(workspace: Path) -> Results:
    """What ran; a workspace that cannot be compiled fails with its errors instead."""
    try:
        suite = load_suite(workspace)
    except WorkspaceError as error:
        errors = [finding for finding in error.findings if finding.severity == "error"]
        if not errors:
            raise
        return Results([Verdict(f"{one.code} in {one.file}", one.file, one.line, _told(one), one.column) for one in errors])
    with progress_bar("testing", lambda: len(suite)) as progress:
        return run_suite(suite, progress)


def _told(finding: Any) -> str:
    return f"{finding.message}; {finding.fix}" if finding.fix else str(finding.message)


def print_results(
    results: Results, workspace: Path, *, coverage: bool, short: Sequence[str] = (), console: Console | None = None
) -> None:
    """Print each failure with what differs and the timeline behind it, then the totals."""
    console = console or Console()
    for verdict in results.failed:
        console.print(f"✗ {verdict.name}", style="bold red", markup=False, highlight=False)
        console.print(f"  {workspace / verdict.place}", style="dim", markup=False, highlight=False, soft_wrap=True)
        for line in (verdict.difference or "").splitlines():
            console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
        for line in small(verdict.brief):
            console.print(f"      {line}", style="dim", markup=False, highlight=False, soft_wrap=True)
    failed = len(results.failed)
    passed = len(results.verdicts) - failed
    console.print(f"{passed} passed, {failed} failed", style="red" if failed else "green", highlight=False)
    _print_coverage(results.coverage, console, listed=coverage or bool(short))
    if results.stand_ins:
        names = ", ".join(sorted(results.stand_ins))
        words = f"{names} answered {{}}, which stands in: write `sample` in senders.yaml, or `answers` into the scenario"
        console.print(words, style="yellow", markup=False, highlight=False, soft_wrap=True)
    for words in short:
        console.print(words, style="red", highlight=False)
    if not results.verdicts:
        console.print("there are no scenarios: write one into tests/NAME.yaml", style="yellow")


def _print_coverage(coverage: Coverage | None, console: Console, *, listed: bool) -> None:
    if coverage is None:
        console.print("no scenario ran: mend the errors first", style="yellow")
        return
    share = coverage.as_json()
    console.print(f"steps taken {share['steps']:.1%}, outcomes taken {share['branches']:.1%}", highlight=False)
    for missed in share["missed"] if listed else ():
        console.print(f"  no scenario takes {missed}", markup=False, highlight=False)
