"""What commands share: options, progress, and how results are printed."""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from orchestrator.authoring.finding import did_you_mean
from orchestrator.domain.calendar import local_instant, zone_of
from orchestrator.domain.input import Control
from orchestrator.errors import UsageError
from orchestrator.stores.kafka import require_extra


class Format(StrEnum):
    text = "text"
    json = "json"


class Language(StrEnum):
    en = "en"
    it = "it"


Workspace = Annotated[Path, typer.Argument(help="Folder of the workspace.", metavar="WORKSPACE")]
EventFiles = Annotated[
    list[Path] | None,
    typer.Option("--events", help="JSON Lines in the Segment shape, .gz too; may be given several times.", metavar="FILE"),
]
MoreFiles = Annotated[list[Path] | None, typer.Argument(help="More event files.", metavar="[FILE]...", show_default=False)]
Locale = Annotated[Language, typer.Option(help="Language in which rules are put into words.")]
Brokers = Annotated[str, typer.Option(help="Where Kafka is.", metavar="HOST:PORT")]
InputTopic = Annotated[str, typer.Option("--input", help="The topic that workers decide from.", metavar="TOPIC")]
PageHost = Annotated[str, typer.Option("--host", help="Address of its pages /health, /ready and /metrics.")]
PagePort = Annotated[int, typer.Option("--port", help="Their port.", min=1, max=65_535)]
Development = Annotated[bool, typer.Option("--development", help="Accept a cluster that keeps a single copy.")]
StoreName = Annotated[
    str | None, typer.Option(help="Group of the workers, and what their topics begin with; the input's name by default.")
]
OfCampaign = Annotated[str | None, typer.Option("--campaign", help="Only this campaign.", metavar="ID")]
OfChannel = Annotated[str | None, typer.Option("--channel", help="Only this channel.", metavar="CHANNEL")]
Actor = Annotated[str, typer.Option("--by", help="Who does it; kept with it.", metavar="NAME")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with it.", metavar="TEXT")]
Output = Annotated[Format, typer.Option("--format", help="How to print the result.")]


def print_json(result: Any) -> None:
    """Print one JSON document and nothing else."""
    json.dump(result, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def store_name(topic: str) -> str:
    """What the topics of the workers on these inputs begin with, where nothing else is said."""
    return f"{topic}-orchestrator"


def tell_switch(brokers: str, topic: str, name: str | None, control: Control, output: Format) -> None:
    """Turn a switch of a deployment on Kafka, and say so."""
    if control.campaign is not None and control.channel is not None:
        raise UsageError("--campaign and --channel are two switches: turn one after the other")
    require_extra()
    from orchestrator.bootstrap.orders import turn_switch  # noqa: PLC0415 - it needs the extra

    told = turn_switch(brokers, topic, name or store_name(topic), control)
    what = f"{control.switch} {'on' if control.on else 'off'}"
    if output is Format.json:
        print_json({"switch": control.switch, "on": control.on, "partitions": told.partitions})
    else:
        print(f"{what}: told to the governor and {told.partitions} partitions")  # noqa: T201 - the command line's own voice


_ZONED = re.compile(r"(?P<time>.+?)\s*(?:\[(?P<in_brackets>[^\]]+)\]|(?<=[\d\s])(?P<after>[A-Za-z][\w+-]*(?:/[\w+/-]+)?))")


def moment_option(text: str | None, option: str, zone: str = "UTC") -> int | None:
    """A time or date given to an option, as milliseconds.

    With an offset (`Z`, `+02:00`), with a zone behind it (`2026-01-31 09:00 Europe/Rome`), else local in `zone`.
    """
    if text is None:
        return None
    zoned = _ZONED.fullmatch(text.strip())
    name = (zoned["in_brackets"] or zoned["after"]) if zoned is not None and text.strip()[-1] not in "zZ" else None
    instant = local_instant(zoned["time"] if zoned is not None and name else text.strip(), name or zone)
    if name is not None and zone_of(name) is None:
        raise UsageError(f"{option} {text}: there is no time zone {name}; use an IANA name such as Europe/Rome")
    if instant is None:
        raise UsageError(f"{option} {text}: not a time; {_TIMES}")
    return instant


_TIMES = "write it like 2026-01-31T09:00:00Z, 2026-01-31 09:00 Europe/Rome, or 2026-01-31 09:00 in the workspace's zone"


def no_campaign(option: str, name: str, known: Collection[str]) -> UsageError:
    """The workspace has no campaign of that name: the nearest one, and all that there are."""
    near = did_you_mean(name, known)
    hint = f"{near} It" if near.startswith("did you mean") else "it"
    return UsageError(f"{option} {name}: the workspace has no such campaign; {hint} has {', '.join(known)}")


def count_lines(paths: Sequence[Path]) -> int:
    """How many lines these files have, for the progress bar; unreadable ones count as none."""
    total = 0
    for path in paths:
        try:
            with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
                total += sum(1 for _ in lines)
        except (OSError, EOFError):
            continue
    return total


@contextmanager
def progress_bar(label: str, total: Callable[[], int]) -> Iterator[Callable[[int], None] | None]:
    """A progress bar on stderr, only where that is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=total())
        yield lambda done: bar.advance(task, done)
