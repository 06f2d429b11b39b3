"""`orchestrator explain`: why a customer did or did not get a message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from orchestrator.authoring import load_workspace
from orchestrator.cli.options import (
    EventFiles,
    Format,
    MoreFiles,
    Output,
    Workspace,
    count_lines,
    moment_option,
    print_json,
    progress_bar,
)
from orchestrator.domain.program import Program
from orchestrator.errors import UsageError
from orchestrator.insight import explain as explaining
from orchestrator.insight.replay import replay
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.files import read_events
from orchestrator.stores.memory import MemoryFile
from orchestrator.stores.reader import open_reader


def explain(
    workspace: Workspace,
    profile: Annotated[str, typer.Option(help="User id or anonymous id of the customer.", metavar="ID")],
    events: EventFiles = None,
    more: MoreFiles = None,
    state: Annotated[Path | None, typer.Option(help="A state file of `serve` or `replay`.", metavar="FILE")] = None,
    campaign: Annotated[str | None, typer.Option(help="Only this campaign.")] = None,
    at: Annotated[str | None, typer.Option(help="As it stood then.", metavar="TIME")] = None,
    output: Output = Format.text,
) -> None:
    """Explain one customer: every trigger, rule, gate and message, and the campaigns never met."""
    program = load_workspace(workspace).program
    if campaign is not None and campaign not in program.campaigns:
        message = f"--campaign {campaign}: the workspace has no such campaign; it has {', '.join(program.campaigns)}"
        raise UsageError(message)
    until = moment_option(at, "--at")
    with _journal(program, [*(events or []), *(more or [])], state, until) as journal:
        told = explaining.explain(program, journal, profile, campaign=campaign, until=until)
    if output is Format.json:
        print_json(told.as_json())
    else:
        print_told(told)


@contextmanager
def _journal(program: Program, files: list[Path], state: Path | None, until: int | None) -> Iterator[explaining.Journal]:
    if bool(files) == (state is not None):
        message = "explain needs either --events FILE or --state FILE"
        raise UsageError(message)
    if state is not None:
        with open_reader(state) as reader:
            yield reader
        return
    memory = MemoryFile()
    lines = read_events(files, until, validate=Catalogue(program.events).validate)
    with progress_bar("replaying", lambda: count_lines(files)) as progress:
        replay(program, lines, [memory.partition(0)], until=until, every_profile=memory.every_profile, progress=progress)
    yield memory


def print_told(told: explaining.Told, console: Console | None = None) -> None:
    """Print one customer's story."""
    console = console or Console()
    if told.state is None:
        console.print(f"No event of {told.profile} was accepted.", markup=False)
    else:
        console.print(f"{told.profile}: {len(told.events)} events, stands in {told.state.stage}", markup=False)
    rows: list[tuple[str, str, dict[str, Any] | None]]
    rows = [(at, f"stage    {source} → {target} ({cause})", None) for at, source, target, cause in _stages(told)]
    rows += [(entry["at"] or "never", _words(entry), entry["rule"]) for entry in told.entries]
    for at, words, rule in sorted(rows, key=lambda row: row[0]):
        console.print(f"{at}  {words}", markup=False, highlight=False, soft_wrap=True)
        if rule is not None:
            for line in tree_lines(rule):
                console.print(f"{'':26}{line}", markup=False, highlight=False, style="dim", soft_wrap=True)


def _stages(told: explaining.Told) -> Iterator[tuple[str, str, str, str]]:
    for row in told.as_json()["stages"]:
        yield row["at"], row["from"], row["to"], row["cause"]


def _words(entry: dict[str, Any]) -> str:
    until = f"; next allowed {entry['next_allowed']}" if entry["next_allowed"] else ""
    return f"{entry['campaign']}: {entry['outcome'].replace('_', ' ')} — {entry['reason']}{until}"


def tree_lines(rule: dict[str, Any], depth: int = 0) -> Iterator[str]:
    """A rule tree, one node a line, with the value that each node saw."""
    name = f"{rule['op']} {rule['path']}" if rule.get("path") else str(rule["op"])
    yield f"{'  ' * depth}{name} = {rule['value']!r}"
    for child in rule.get("children", ()):
        yield from tree_lines(child, depth + 1)
