"""`orchestrator events`: what was accepted, in order, from a state file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.options import moment_option
from orchestrator.insight.accepted import accepted_events, segment_shape
from orchestrator.stores.reader import open_reader


def events(
    state: Annotated[Path, typer.Option(help="The state file of `serve` or `replay`.", metavar="FILE")],
    profile: Annotated[str | None, typer.Option(help="Only this user id or anonymous id.", metavar="ID")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Only from then on.", metavar="TIME")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Only before then.", metavar="TIME")] = None,
) -> None:
    """Print accepted events in order, one a line (JSON Lines, normalised Segment shape)."""
    start, end = moment_option(since, "--from"), moment_option(until, "--to")
    with open_reader(state) as reader:
        for event in accepted_events(reader, profile):
            if (start is None or event.occurred_at >= start) and (end is None or event.occurred_at < end):
                sys.stdout.write(json.dumps(segment_shape(event), ensure_ascii=False) + "\n")
