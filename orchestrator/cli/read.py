"""`orchestrator read`: campaigns in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console

from orchestrator.authoring import load_workspace
from orchestrator.authoring.finding import no_campaign
from orchestrator.cli.options import Format, Language, Locale, Output, Workspace, print_json
from orchestrator.insight.reading.campaign import Read, Section, read_campaign
from orchestrator.insight.reading.steps import Step
from orchestrator.insight.reading.tongue import TONGUES

_COLUMN = 18


def read(
    workspace: Workspace,
    campaign: Annotated[str | None, typer.Argument(help="Only this campaign.", metavar="[CAMPAIGN]")] = None,
    locale: Locale = Language.en,
    output: Output = Format.text,
) -> None:
    """Read campaigns in plain words: what starts them, whom, each step, goal, exits, holdout, and the limits that apply."""
    program = load_workspace(workspace).program
    if campaign is not None and campaign not in program.campaigns:
        raise no_campaign("read", campaign, program.campaigns)
    chosen = [one for name, one in program.campaigns.items() if campaign in (None, name)]
    told = [read_campaign(program, one, TONGUES[locale.value]) for one in chosen]
    if output is Format.json:
        print_json({"locale": locale.value, "campaigns": [one.as_json() for one in told]})
        return
    console = Console()
    for number, one in enumerate(told):
        for line in ("",) * (number > 0) + tuple(lines_of(one)):
            console.print(line, markup=False, highlight=False, soft_wrap=True)


def lines_of(told: Read) -> Iterator[str]:
    """One campaign, a heading in the first column."""
    yield told.name
    for section in told.before:
        yield from _section(section)
    yield f"  {told.steps_head}"
    yield from _steps(told.steps, 2)
    for section in told.after:
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    for number, line in enumerate(section.lines):
        first, *more = (f"{section.between} {line}" if number and section.between else line).split("\n")
        yield f"  {'' if number else section.head:{_COLUMN}}{first}"
        yield from (f"  {'':{_COLUMN}}{one}" for one in more)


def _steps(steps: tuple[Step, ...], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for number, step in enumerate(steps, start=1):
        yield f"{indent}{number}. {step.words}"
        for way in step.ways:
            yield f"{indent}   {way.when}"
            yield from _steps(way.steps, depth + 3)
