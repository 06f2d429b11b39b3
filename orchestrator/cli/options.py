"""What commands share: options, progress, and how results are printed."""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from getpass import getuser
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator.config import KAFKA_BROKERS, kafka_settings
from orchestrator.domain.calendar import local_instant, zone_of
from orchestrator.errors import UsageError
from orchestrator.stores.kafka import reaching


class Format(StrEnum):
    text = "text"
    json = "json"


class Language(StrEnum):
    en = "en"
    it = "it"


def brokers_of(addresses: str) -> reaching.Brokers:
    """Where brokers are, with what the environment says opens them."""
    return reaching.Brokers.of(addresses, kafka_settings())


Workspace = Annotated[Path, typer.Argument(help="Folder of the workspace.", metavar="WORKSPACE")]
EventFiles = Annotated[
    list[Path] | None,
    typer.Option("--events", help="JSON Lines in the Segment shape, .gz too; may be given several times.", metavar="FILE"),
]
MoreFiles = Annotated[list[Path] | None, typer.Argument(help="More event files.", metavar="[FILE]...", show_default=False)]
Locale = Annotated[Language, typer.Option(help="Language in which rules are put into words.")]
Brokers = Annotated[str, typer.Option(help="Where Kafka is.", metavar="HOST:PORT", parser=brokers_of, envvar=KAFKA_BROKERS)]
InputTopic = Annotated[str, typer.Option("--input", help="The topic that workers decide from.", metavar="TOPIC")]
PageHost = Annotated[str, typer.Option("--host", help="Address of its pages /health, /ready and /metrics.")]
PagePort = Annotated[int, typer.Option("--port", help="Their port.", min=1, max=65_535)]
Development = Annotated[bool, typer.Option("--development", help="Accept a cluster that keeps a single copy.")]
Environment = Annotated[
    str | None,
    typer.Option(
        help="production, or staging: that one starts with a safe list only (ORCHESTRATOR_SAFE_LIST). By default what"
        " ORCHESTRATOR_ENVIRONMENT says, else production.",
        metavar="NAME",
    ),
]
StoreName = Annotated[
    str | None, typer.Option(help="Group of the workers, and what their topics begin with; the input's name by default.")
]
Publisher = Annotated[str, typer.Option("--by", help="Who lets this workspace go live; the user of the system by default.")]
Output = Annotated[Format, typer.Option("--format", help="How to print the result.")]


def print_json(result: Any) -> None:
    """Print one JSON document and nothing else."""
    json.dump(result, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def system_user() -> str:
    """The user of the system; in a container there may be none of that number."""
    try:
        return getuser()
    except (KeyError, OSError):
        return ""


def store_name(topic: str) -> str:
    """What the topics of the workers on these inputs begin with, where nothing else is said."""
    return f"{topic}-orchestrator"


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
        raise UsageError(f"{option} {text}: not a time; {_TIMES}, or 2026-01-31 09:00, which is in {zone} then")
    return instant


_TIMES = "write it like 2026-01-31T09:00:00Z, 2026-01-31 09:00 Europe/Rome"


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
    from rich.console import Console  # noqa: PLC0415 - who is in a hurry needs none
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=total())
        yield lambda done: bar.advance(task, done)
