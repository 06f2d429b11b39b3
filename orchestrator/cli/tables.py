"""Results as people read them on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from orchestrator.intake.files import Rejected

REJECTIONS_SHOWN = 5
FAILURES_SHOWN = 5
_HEADS = ("campaign", "entered", "held\nout", "accepted", "stopped", "cancelled", "waits", "under\nway", "goals")
"""With names of 21 characters, a table of 79 columns."""
NO_ADDRESS = "by the rules of a replay the file channel stands for email and SMS, and needs no address"


def print_replay(summary: dict[str, Any], rejected: Sequence[Rejected], console: Console | None = None) -> None:
    """Print the result of a replay: the wheel, the flows, the campaigns, and what would be otherwise live."""
    console = console or Console()
    console.print(
        f"[bold]{summary['events']:,}[/] events of [bold]{summary['profiles']:,}[/] profiles, until {summary['until']};"
        f" {summary['duplicates']:,} duplicates, {summary['rejected']:,} rejected"
    )
    console.print(_wheel(summary))
    console.print(_campaigns(summary))
    for line in _remarks(summary):
        console.print(line, markup=False, highlight=False)
    for line in _failures(summary):
        console.print(line, style="yellow", markup=False, highlight=False)
    _print_rejected(rejected, console)
    if summary["dead_letters"]:
        console.print(f"[red]{summary['dead_letters']:,} inputs could not be decided (dead letters)[/]")
    console.print(f"digest {summary['digest']}", style="dim")


def _remarks(summary: dict[str, Any]) -> Iterator[str]:
    """What the tables do not say, a line each."""
    if summary["suppressed"]:
        yield f"suppressed by gate: {_counted(summary['suppressed'])}"
    under_way = sum(campaign["under_way"] for campaign in summary["campaigns"].values())
    if under_way:
        are = "run is" if under_way == 1 else "runs are"
        yield f"{under_way:,} {are} still under way at {summary['until']}; --until TIME lets the clock run on"
    for queue, states in summary["tasks"].items():
        yield f"tasks for {queue}: {_counted(states)}"
    for to, states in summary["webhooks"].items():
        yield f"webhook {to}: {_counted(states)}; in a replay it answers its `sample`"
    if summary["unknown_events"]:
        yield f"accepted though not in the catalogue, so nothing reads them: {_counted(summary['unknown_events'])}"
    if summary["without_address"]:
        number = sum(summary["without_address"].values())
        yield (
            f"accepted for people without an address: {number:,} ({_counted(summary['without_address'])}); {NO_ADDRESS}."
            " Live each would take its next channel, or stop at the gate `address`"
        )


def _counted(numbers: dict[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in numbers.items())


def _failures(summary: dict[str, Any]) -> Iterator[str]:
    """Messages that count as accepted and could not be rendered."""
    failures = summary["refused_at_rendering"]
    if failures:
        yield f"accepted, and live refused at rendering: {sum(one['messages'] for one in failures):,}"
    for one in failures[:FAILURES_SHOWN]:
        yield f"  {one['messages']:,} of {one['campaign']}: {one['reason']}"
    if len(failures) > FAILURES_SHOWN:
        yield f"  … and {len(failures) - FAILURES_SHOWN:,} more places; --format json lists them all"


def _print_rejected(rejected: Sequence[Rejected], console: Console) -> None:
    for one in rejected[:REJECTIONS_SHOWN]:
        console.print(f"rejected {one.file}:{one.line}: {one.reason}", style="yellow", markup=False)
    if len(rejected) > REJECTIONS_SHOWN:
        console.print(f"… and {len(rejected) - REJECTIONS_SHOWN:,} more; --out DIR writes them all to rejected.jsonl")


def _wheel(summary: dict[str, Any]) -> Table:
    table = Table(title="The wheel", title_justify="left", box=SIMPLE)
    table.add_column("stage", overflow="fold")
    table.add_column("profiles", justify="right", no_wrap=True)
    table.add_column("came in", justify="right", no_wrap=True)
    table.add_column("went out", justify="right", no_wrap=True)
    flows = {tuple(flow.split("→")): number for flow, number in summary["transitions"].items()}
    for stage, number in summary["stages"].items():
        came = sum(count for flow, count in flows.items() if flow[1] == stage)
        went = sum(count for flow, count in flows.items() if flow[0] == stage)
        table.add_row(stage, f"{number:,}", f"{came:,}", f"{went:,}")
    return table


def _campaigns(summary: dict[str, Any]) -> Table:
    table = Table(title="Campaigns", title_justify="left", box=SIMPLE, padding=0, pad_edge=False, show_edge=False)
    table.add_column(_HEADS[0], overflow="fold", vertical="bottom")
    for head in _HEADS[1:]:
        table.add_column(head, justify="right", no_wrap=True)
    for name, campaign in summary["campaigns"].items():
        states = summary["messages"].get(name, {})
        shown = (
            campaign["entered"],
            campaign["held_out"],
            states.get("accepted", 0),
            states.get("suppressed", 0) + states.get("expired", 0),
            states.get("cancelled", 0),
            states.get("planned", 0),
            campaign["under_way"],
            campaign["goals"],
        )
        table.add_row(name, *(f"{number:,}" for number in shown))
    return table
