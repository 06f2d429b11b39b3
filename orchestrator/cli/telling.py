"""One customer's story on a terminal."""

from __future__ import annotations

from rich.console import Console

from orchestrator.insight.narration import Narration
from orchestrator.insight.reading.tongue import ENGLISH, Tongue
from orchestrator.insight.times import Clock
from orchestrator.insight.told import Told

_INDENT = " " * 21


def print_told(
    told: Told, console: Console | None = None, *, nameless: int = 0, may_run_on: bool = False, tongue: Tongue = ENGLISH
) -> None:
    """Print it. `nameless` counts rejected lines that name nobody; `may_run_on` says that `--at` can let time run on."""
    console, telling = console or Console(), Narration(told, tongue, Clock(told.zone))
    for line in (*telling.head(), *telling.unheard(nameless)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for row in telling.rows():
        at = tongue.say("told_never") if row.at is None else telling.clock.tell(row.at)
        console.print(f"{at:19}  {row.words}", markup=False, highlight=False, soft_wrap=True)
        for line in row.below:
            console.print(f"{_INDENT}{line}", markup=False, highlight=False, soft_wrap=True)
        for line in row.dim:
            console.print(f"{_INDENT}{line}", markup=False, highlight=False, style="dim", soft_wrap=True)
    for line in telling.runs(may_run_on=may_run_on):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
