"""A comparison of two workspaces on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from orchestrator.cli.tables import REJECTIONS_SHOWN
from orchestrator.insight.diff.pairs import KINDS
from orchestrator.insight.diff.words import change_words, counted, reactions_words

CHANGES_SHOWN = 3
"""Changes of one customer on the screen; the page and JSON have all."""
DAYS_SHOWN = 7
_INDENT = " " * 4


def print_diff(
    result: Mapping[str, Any], rejected: Sequence[Mapping[str, Any]], page: Path | None = None, console: Console | None = None
) -> None:
    """Print the totals, by campaign, channel and segment, the busiest days, the reactions, and the customers most affected."""
    console = console or Console()
    for line in _head(result):
        console.print(line, markup=False, highlight=False)
    console.print(reactions_words(result), style="yellow", markup=False, highlight=False)
    for title, split in (("campaign", "campaigns"), ("channel", "channels"), ("segment", "segments")):
        rows = {name: counts for name, counts in result[split].items() if any(counts.values())}
        if rows:
            console.print(_table(title, rows))
    days = _busiest(result["days"])
    if days:
        console.print(_table("day (UTC)", days))
    for line in (*_customers(result), *_tail(result, rejected)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if page is not None:
        console.print(f"\nA page to look at: {page}", markup=False, highlight=False, soft_wrap=True)


def _head(result: Mapping[str, Any]) -> Iterator[str]:
    new = result["new"]
    yield f"{counted(new['events'], 'event')} of {counted(new['profiles'], 'profile')}, until {result['until']}"
    affected = f"{counted(result['affected'], 'customer')} with a difference"
    for before, name in result["renamed"].items():
        yield f"{name} is compared with what was {before}"
    yield f"messages: {', '.join(f'{result[kind]:,} {kind}' for kind in KINDS)}; {affected}"
    if not any(result[kind] for kind in KINDS):
        yield "nothing was sent in either workspace: `explain` says why for one customer, with the same events"
    for what, called in (("tasks", "tasks for"), ("webhooks", "webhook")):
        before, after = result["old"][what], new[what]
        yield from (f"{called} {name}: {before.get(name, 0):,} → {after.get(name, 0):,}" for name in {**before, **after})


def _table(title: str, split: Mapping[str, Mapping[str, int]]) -> Table:
    table = Table(box=SIMPLE, padding=0, pad_edge=False, show_edge=False)
    table.add_column(title, overflow="fold", min_width=24)
    for kind in KINDS:
        table.add_column(kind, justify="right", no_wrap=True, min_width=10)
    for name, counts in split.items():
        table.add_row(name, *(f"{counts[kind]:,}" if counts[kind] else "·" for kind in KINDS))
    return table


def _busiest(days: Mapping[str, Mapping[str, int]]) -> dict[str, Mapping[str, int]]:
    """The days with the most differences, in their order."""
    differing = {day: sum(counts.values()) - counts["unchanged"] for day, counts in days.items()}
    chosen = sorted((day for day in days if differing[day]), key=lambda day: (-differing[day], day))[:DAYS_SHOWN]
    return {day: days[day] for day in sorted(chosen)}


def _customers(result: Mapping[str, Any]) -> Iterator[str]:
    if result["customers"]:
        yield "\nMost affected:"
    for customer in result["customers"]:
        numbers = ", ".join(f"{customer[kind]} {kind}" for kind in KINDS[:-1] if customer[kind])
        yield f"  {customer['profile']}: {numbers}"
        yield from (f"{_INDENT}{change_words(change)}" for change in customer["changes"][:CHANGES_SHOWN])
        if len(customer["changes"]) > CHANGES_SHOWN:
            yield f"{_INDENT}… and {len(customer['changes']) - CHANGES_SHOWN} more"
        yield f"{_INDENT}{customer['explain']['new']}"


def _tail(result: Mapping[str, Any], rejected: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield ""
    for row in rejected[:REJECTIONS_SHOWN]:
        by = "" if row["by"] == "both" else f" (by the {row['by']} workspace)"
        yield f"rejected {row['file']}:{row['line']}: {row['reason']}{by}"
    if len(rejected) > REJECTIONS_SHOWN:
        yield f"… and {len(rejected) - REJECTIONS_SHOWN:,} more; --out DIR writes them all to rejected.jsonl"
    for which in ("old", "new"):
        if result[which]["dead_letters"]:
            yield f"{which}: {result[which]['dead_letters']:,} inputs could not be decided (dead letters)"
    if result["kept_together_by"]:
        names = ", ".join(result["kept_together_by"])
        yield f"decided in one process: {names} emits events to other customers, so nobody can be set apart"
    for which in ("old", "new"):
        yield f"digest {which} {result[which]['digest']}"
