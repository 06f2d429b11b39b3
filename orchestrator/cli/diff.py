"""`orchestrator diff`: two workspaces over recorded history, and who gets what else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator.authoring import load_workspace, snapshot
from orchestrator.cli.differences import print_diff
from orchestrator.cli.options import (
    EventFiles,
    Format,
    MoreFiles,
    Output,
    count_lines,
    moment_option,
    print_json,
    progress_bar,
)
from orchestrator.errors import UsageError
from orchestrator.insight.diff.page import render
from orchestrator.insight.diff.result import Asked, as_json, rejections, write
from orchestrator.insight.diff.stories import Row, stories
from orchestrator.insight.diff.work import Given, Worked, compare_all

PROCESSES_MAX = 64


def diff(
    old: Annotated[Path, typer.Argument(help="Folder of the workspace as it is.", metavar="OLD")],
    new: Annotated[Path, typer.Argument(help="Folder of the workspace as it would be.", metavar="NEW")],
    events: EventFiles = None,
    more: MoreFiles = None,
    out: Annotated[Path | None, typer.Option(help="Write a page to look at and the summary here.", metavar="DIR")] = None,
    until: Annotated[str | None, typer.Option(help="Read nothing later; let time run on until then.", metavar="TIME")] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, max=PROCESSES_MAX, help="Processes; as many as the files are worth if not given.")
    ] = None,
    output: Output = Format.text,
) -> None:
    """Compare two workspaces over recorded events: messages gained, lost, moved and unchanged, and for whom.

    Both decide every event as `replay` does. Customers reacted to the messages they really got: the result says how many
    decisions hung on that.
    """
    files = [*(events or []), *(more or [])]
    if not files:
        message = "diff needs events: --events FILE"
        raise UsageError(message)
    if out is not None and out.exists() and not out.is_dir():
        message = f"--out {out}: this is a file; name a folder"
        raise UsageError(message)
    asked = Asked(old, new, tuple(files), moment_option(until, "--until"))
    given = _given(old), _given(new)
    worked = _work(given, asked, processes)
    result = as_json(worked, asked, given[0].program, given[1].program)
    rejected = list(rejections(worked.compared.old.rejected, worked.compared.new.rejected))
    page = _write(out, result, rejected, _stories(worked, given, asked)) if out is not None else None
    if output is Format.json:
        print_json(result)
    else:
        print_diff(result, rejected, page)


def _given(folder: Path) -> Given:
    workspace = load_workspace(folder)
    return Given(snapshot(folder), workspace)


def _work(given: tuple[Given, Given], asked: Asked, processes: int | None) -> Worked:
    with progress_bar("comparing", lambda: 2 * count_lines(asked.events)) as progress:
        return compare_all(*given, asked.events, until=asked.until, processes=processes, progress=progress)


def _stories(worked: Worked, given: tuple[Given, Given], asked: Asked) -> dict[str, tuple[Row, ...]]:
    """Both stories of those most affected; none where other customers' campaigns may be part of them."""
    names = [] if worked.together else [one.profile for one in worked.compared.tally.customers]
    return stories(given[0].program, given[1].program, asked.events, names, asked.until, worked.renamed)


def _write(out: Path, result: dict[str, Any], rejected: list[dict[str, Any]], told: dict[str, tuple[Row, ...]]) -> Path:
    try:
        return write(out, result, iter(rejected), render(result, told))
    except OSError as error:
        message = f"--out {out}: cannot be written ({error.strerror}); name another folder"
        raise UsageError(message) from error
