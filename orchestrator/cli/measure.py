"""`orchestrator measure`: what the workspace measures, over a state file's history or over recorded events."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestrator.authoring import Workspace, load_snapshot, load_workspace
from orchestrator.bootstrap import open_store
from orchestrator.cli.options import (
    EventFiles,
    Format,
    Language,
    Locale,
    MoreFiles,
    Output,
    count_lines,
    moment_option,
    print_json,
    progress_bar,
)
from orchestrator.errors import UsageError
from orchestrator.history import catch_up
from orchestrator.history.analytics import analytics, require_extra
from orchestrator.insight import replay as replaying
from orchestrator.insight.measures import BY, Measured, Span
from orchestrator.insight.measures import measure as measured
from orchestrator.insight.measures.export import Covered, covered, rows_of, shown, write_csv, write_parquet
from orchestrator.insight.measures.members import members_of
from orchestrator.insight.measures.shipped import LIBRARY, measures_of
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.files import read_events
from orchestrator.stores.reader import open_reader
from orchestrator.stores.sqlite import SqliteFile

_EVER = Span()


def measure(
    workspace: Annotated[
        Path | None,
        typer.Argument(help="Whose measures; with --state by default those of the live program.", metavar="[WORKSPACE]"),
    ] = None,
    events: EventFiles = None,
    more: MoreFiles = None,
    state: Annotated[Path | None, typer.Option(help="The state file of `serve` or `replay`.", metavar="FILE")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Only what happened from then on.", metavar="TIME")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Only what happened before then.", metavar="TIME")] = None,
    by: Annotated[str | None, typer.Option(help=f"Apart by {', '.join(BY)}.", metavar="WHAT")] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="This measure; may be given several times.", metavar="NAME")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the rows into this file: .csv or .parquet.", metavar="FILE")] = None,
    locale: Locale = Language.en,
    output: Output = Format.text,
) -> None:
    """Tell every measure: its value, how many it rests on, its interval and its definition.

    Over --state FILE (its history is brought up to it first), or over recorded events, which are replayed by the rules.
    """
    require_extra()
    files = [*(events or []), *(more or [])]
    if by is not None and by not in BY:
        raise UsageError(f"--by {by}: nothing to tell apart by; write one of {', '.join(BY)}")
    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise UsageError(f"--out {out}: write a name that ends in .csv or .parquet")
    if (state is None) == (not files):
        raise UsageError("measure needs either --state FILE, or WORKSPACE and --events FILE")
    span = Span(_or(moment_option(since, "--from"), _EVER.first), _or(moment_option(until, "--to"), _EVER.last))
    with (
        nullcontext((state, _of_state(workspace, state))) if state is not None else _replayed(workspace, files) as (
            file,
            loaded,
        )
    ):
        found, time = _measured(file, loaded, span, by, only)
    _tell(found, time, out, locale.value, output)


def _or(given: int | None, other: int) -> int:
    return other if given is None else given


def _measured(
    file: Path, loaded: Workspace, span: Span, by: str | None, only: list[str] | None
) -> tuple[dict[str, Measured], Covered]:
    known = {one.name: one for one in loaded.measures}
    absent = [name for name in only or () if name not in known]
    if absent:
        raise UsageError(f"--only {absent[0]}: there is no such measure; there are {', '.join(sorted(known))}")
    catch_up(file)
    chosen = [one for name, one in sorted(known.items()) if not only or name in only]
    with analytics(file) as history, open_reader(file) as reader:
        found = measured(
            chosen, history, loaded.program, span, by, lambda: members_of(loaded.program, reader.everybody(), history.clock)
        )
        return found, covered(span, history.clock)


def _of_state(workspace: Path | None, state: Path) -> Workspace:
    """The workspace that is named, else the live program's own, else the shipped one."""
    if workspace is not None:
        return load_workspace(workspace)
    with open_reader(state) as reader:
        content = reader.program(reader.standing().program)
    found = load_workspace(LIBRARY) if content is None else load_snapshot(content)
    return replace(found, measures=measures_of(found))


@contextmanager
def _replayed(workspace: Path | None, files: list[Path]) -> Iterator[tuple[Path, Workspace]]:
    """The state file of a replay, for as long as it is measured."""
    if workspace is None:
        raise UsageError("measure --events needs the WORKSPACE by whose rules they are replayed")
    loaded = load_workspace(workspace)
    catalogue = Catalogue(loaded.program.events)
    lines = read_events(files, validate=catalogue.validate, things=catalogue.things)
    with open_store("sqlite", 1) as opened, progress_bar("replaying", lambda: count_lines(files)) as progress:
        replaying.replay(loaded.program, lines, opened.partitions, every_profile=opened.every_profile, progress=progress)
        assert isinstance(opened.file, SqliteFile)  # noqa: S101 - as was asked for
        yield Path(opened.file.path), loaded


def _tell(found: dict[str, Measured], time: Covered, out: Path | None, locale: str, output: Format) -> None:
    if out is not None and out.suffix == ".csv":
        with out.open("w", encoding="utf-8", newline="") as file:
            write_csv(rows_of(found, locale, time), file)
    elif out is not None:
        write_parquet(rows_of(found, locale, time), out)
    if output is Format.json:
        print_json({"measures": {name: one.as_json(locale) for name, one in found.items()}})
    else:
        _print(found, locale)


def _print(found: dict[str, Measured], locale: str) -> None:
    console = Console(file=sys.stdout)
    table = Table(box=SIMPLE)
    for head in ("measure", "value", "95 % interval", "n", "target"):
        table.add_column(head, justify="left" if head == "measure" else "right", no_wrap=True)
    for name, one in found.items():
        unit = one.measure.unit
        for group, summed in (("", one.whole), *one.by.items()):
            interval = f"{shown(summed.low, unit)} to {shown(summed.high, unit)}" if summed.low is not None else ""
            cells = (
                f"  {group}" if group else name,
                shown(summed.value, unit),
                interval,
                f"{summed.n:,}",
                "" if group else _target(one),
            )
            table.add_row(*map(Text, cells))
    console.print(table)
    for name, one in found.items():
        console.print(Text(f"{name}: {one.as_json(locale)['definition']}"), style="dim")


def _target(one: Measured) -> str:
    its, unit = one.measure, one.measure.unit
    told = [f"≥ {shown(its.at_least, unit)}"] if its.at_least is not None else []
    told += [f"≤ {shown(its.at_most, unit)}"] if its.at_most is not None else []
    return " ".join([*told, {True: "✓", False: "✗", None: ""}[one.met] if told else ""])
