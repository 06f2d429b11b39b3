"""`orchestrator demo`: the shipped workspace over real orders, on screen and as a page."""

from __future__ import annotations

import json
import tempfile
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestrator.authoring import load_workspace
from orchestrator.authoring.parse import parse
from orchestrator.cli.options import Format, Output, print_json
from orchestrator.cli.replay import run
from orchestrator.cli.tables import print_replay
from orchestrator.domain.program import Program
from orchestrator.errors import UsageError
from orchestrator.insight.explain import Journal, explain
from orchestrator.insight.page import Report, Source, Story, Telling, make_report, render, story_of
from orchestrator.insight.page.chosen import richest
from orchestrator.insight.replay import Replayed
from orchestrator.stores.reader import open_reader

CONSENT = (
    "Order logs carry no consent, so the demo assumes it: a policy laid over the shipped one counts consent as"
    " given until it is withdrawn. With the shipped policy it would rightly send nothing. Never do so for people"
    " who can be written to."
)
_NOTHING_SENT = (
    "Nothing was sent. The orders are what people did in 1997 and 1998, without any of these messages: a replay"
    " shows what would have gone out, to whom and when, not what it would have changed."
)
_NO_HOUR = "The orders have a date and no hour. Each stands at midnight UTC, and so does what follows from it at once."
_ORDERS_ONLY = (
    "The log has orders and nothing else: no visits, no carts, no deliveries, no tickets, no surveys. So nobody"
    " is seen in the stages before the first order, and campaigns that start with such events stay quiet."
)
_NO_ADDRESS = "There are no addresses in it; the file channel stands for email and SMS."
_CDNOW = (
    "The 1/10 sample of the CDNOW data set: 6,919 orders of 2,357 customers whose first order was in the first"
    " quarter of 1997, from January 1997 to June 1998. Put together by Peter S. Fader and Bruce G. S. Hardie"
    " (“Forecasting Repeat Sales at CDNOW: A Case Study”, Interfaces 31, 2001). Taken from Lifetimes 0.11.3 by"
    " Cameron Davidson-Pilon, © 2015, under the MIT licence; its text stands beside the sample in this package, in"
    " SOURCE.md."
)
_TITLE = "Eighteen months of a CD shop, customer by customer"


def demo(
    out: Annotated[Path, typer.Option(help="Write the page and the rows behind it here.", metavar="DIR")] = Path("demo"),
    output: Output = Format.text,
) -> None:
    """Run the shipped workspace over 6,919 real orders: the wheel, the campaigns, one customer explained, a page."""
    _refuse_file(out)
    with tempfile.TemporaryDirectory(prefix="orchestrator-demo-") as folder:
        workspace = load_workspace(lay_out(Path(folder) / "workspace"))
        program = workspace.program
        state = Path(folder) / "state.sqlite"
        with resources.as_file(resources.files("orchestrator.insight.sample") / "cdnow_sample.jsonl.gz") as sample:
            result = run(workspace, [sample], "sqlite", 1, state, None)
        with open_reader(state) as journal:
            story = story_from(program, result, journal)
    report = make_report(result, program, telling(story))
    page = _write(out, result, report)
    if output is Format.json:
        print_json(result.summary())
    else:
        _print(result, story, page)


def _refuse_file(out: Path) -> None:
    if out.exists() and not out.is_dir():
        message = f"--out {out}: this is a file; name a folder"
        raise UsageError(message)


def lay_out(folder: Path) -> Path:
    """The shipped workspace in `folder`, with the demo's policy laid over its own."""
    package = resources.files("rules")
    _copy(package / "library", folder)
    laid = package / "demo" / "policies.yaml"
    policies = folder / "policies.yaml"
    shipped = parse("policies.yaml", policies.read_text(encoding="utf-8")).value
    over = parse("policies.yaml", laid.read_text(encoding="utf-8")).value
    policies.write_text(json.dumps({**shipped, **over}), encoding="utf-8")
    return folder


def _copy(source: Traversable, target: Path) -> None:
    target.mkdir(parents=True)
    for entry in source.iterdir():
        if entry.is_dir():
            _copy(entry, target / entry.name)
        else:
            (target / entry.name).write_bytes(entry.read_bytes())


def story_from(program: Program, result: Replayed, journal: Journal) -> Story | None:
    """The story in which most kinds of things happen, from the journal: a refusal, a wait, a held-out run if there is one."""
    stage_of = {name: campaign.stage for name, campaign in program.campaigns.items()}
    stories = [story_of(explain(program, journal, name), result.clock, stage_of) for name in richest(result)]
    return max(stories, key=lambda story: story.kinds, default=None)


def telling(story: Story | None) -> Telling:
    """What the demo's page says beside its figures."""
    assumptions = (CONSENT, _NOTHING_SENT, _NO_HOUR, _ORDERS_ONLY, _NO_ADDRESS)
    return Telling(_TITLE, story, assumptions, (Source("Where the orders come from", _CDNOW),))


def _write(out: Path, result: Replayed, report: Report) -> Path:
    page = out / "index.html"
    try:
        result.write(out)
        page.write_text(render(report), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        message = f"--out {out}: cannot be written ({error.strerror}); name another folder"
        raise UsageError(message) from error
    return page


def _print(result: Replayed, story: Story | None, page: Path) -> None:
    console = Console()
    console.print(CONSENT, style="yellow", highlight=False)
    console.print()
    print_replay(result.summary(), result.rejected, console)
    if story is not None:
        print_story(story, console)
    console.print(f"\nA page to look at: {page}", markup=False, highlight=False, soft_wrap=True)


def print_story(story: Story, console: Console) -> None:
    """Print one customer's story, a line each, the date where it changes."""
    console.print(f"\nOne customer, explained: {story.profile} - {story.summary}", style="bold", markup=False, highlight=False)
    before = ""
    for line in story.lines:
        day = line.day if line.day != before else ""
        before = line.day
        detail = f" ({line.detail})" if line.detail else ""
        console.print(f"  {day:>11}  {line.clock:5}  {line.words}{detail}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"  Now in {story.stage}.", markup=False, highlight=False)
    for campaign, reason in story.silent:
        console.print(f"  {campaign}: nothing, because {reason}", style="dim", markup=False, highlight=False)
