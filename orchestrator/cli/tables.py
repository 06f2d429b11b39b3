"""Results as people read them on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from orchestrator.intake.files import Rejected

REJECTIONS_SHOWN = 5


def print_replay(summary: dict[str, Any], rejected: Sequence[Rejected], console: Console | None = None) -> None:
    """Print the result of a replay: the wheel, the flows, the campaigns."""
    console = console or Console()
    console.print(
        f"[bold]{summary['events']:,}[/] events of [bold]{summary['profiles']:,}[/] profiles, until {summary['until']};"
        f" {summary['duplicates']:,} duplicates, {summary['rejected']:,} rejected"
    )
    console.print(_wheel(summary))
    console.print(_campaigns(summary))
    if summary["suppressed"]:
        reasons = ", ".join(f"{reason} {number:,}" for reason, number in summary["suppressed"].items())
        console.print(f"suppressed by gate: {reasons}")
    if summary["unknown_events"]:
        console.print(
            "accepted though not in the catalogue: " + ", ".join(f"{n} ({k:,})" for n, k in summary["unknown_events"].items())
        )
    for one in rejected[:REJECTIONS_SHOWN]:
        console.print(f"rejected {one.file}:{one.line}: {one.reason}", style="yellow", markup=False)
    if len(rejected) > REJECTIONS_SHOWN:
        console.print(f"… and {len(rejected) - REJECTIONS_SHOWN:,} more; --out DIR writes them all to rejected.jsonl")
    if summary["dead_letters"]:
        console.print(f"[red]{summary['dead_letters']:,} inputs could not be decided (dead letters)[/]")
    console.print(f"digest {summary['digest']}", style="dim")


def _wheel(summary: dict[str, Any]) -> Table:
    table = Table(title="The wheel", title_justify="left", box=SIMPLE)
    table.add_column("stage")
    table.add_column("profiles", justify="right")
    table.add_column("came in", justify="right")
    table.add_column("went out", justify="right")
    flows = {tuple(flow.split("→")): number for flow, number in summary["transitions"].items()}
    for stage, number in summary["stages"].items():
        came = sum(count for flow, count in flows.items() if flow[1] == stage)
        went = sum(count for flow, count in flows.items() if flow[0] == stage)
        table.add_row(stage, f"{number:,}", f"{came:,}", f"{went:,}")
    return table


def _campaigns(summary: dict[str, Any]) -> Table:
    table = Table(title="Campaigns", title_justify="left", box=SIMPLE, padding=(0, 1, 0, 0))
    names = ("campaign", "entered", "held out", "accepted", "suppressed", "cancelled", "waiting", "goals")
    for name in names:
        table.add_column(name, justify="left" if name == "campaign" else "right", no_wrap=True)
    for name, campaign in summary["campaigns"].items():
        states = summary["messages"].get(name, {})
        shown = (
            campaign["entered"],
            campaign["held_out"],
            states.get("accepted", 0),
            states.get("suppressed", 0) + states.get("expired", 0),
            states.get("cancelled", 0),
            states.get("planned", 0),
            campaign["goals"],
        )
        table.add_row(name, *(f"{number:,}" for number in shown))
    return table
