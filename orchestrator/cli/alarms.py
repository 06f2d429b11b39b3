"""`orchestrator alarms`: campaigns that do otherwise than their authors expect."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.options import Format, Output, print_json, store_name
from orchestrator.cli.sources import BROKERS, Group, Inputs, Where
from orchestrator.domain.alarms import Watched, watched
from orchestrator.errors import UsageError
from orchestrator.insight.alarms import as_json, line_of
from orchestrator.partition.alarms import tallies_in
from orchestrator.stores.kafka import require_extra
from orchestrator.stores.reader import open_reader


def alarms(
    state: Annotated[Path | None, typer.Option(help="The state file of `serve`.", metavar="FILE")] = None,
    topic: Inputs = None,
    brokers: Where = BROKERS,
    name: Group = None,
    output: Output = Format.text,
) -> None:
    """List what campaigns' `alarm` watches, and how each stands now; exit code 1 where one is raised.

    Silence of what a switch stops is none; it is counted anew once that has ended.
    """
    if (state is None) == (topic is None):
        message = "name either --state FILE or --input TOPIC"
        raise UsageError(message)
    now = time.time_ns() // 1_000_000
    found = _of_file(state, now) if state is not None else _of_workers(brokers, topic or "", name, now)
    if output is Format.json:
        print_json([as_json(one) for one in found])
    else:
        for one in sorted(found, key=lambda one: not one.raised):
            typer.echo(f"{'ALARM' if one.raised else 'paused' if one.held else 'fine':6} {line_of(one)}")
        if not found:
            typer.echo("no campaign says what it expects: write `alarm: {sends: {at_least: 1, per: 1d}}` into one")
    if any(one.raised for one in found):
        raise typer.Exit(1)


def _of_file(state: Path, now: int) -> list[Watched]:
    with open_reader(state) as reader:
        return watched(tallies_in(reader.fact), now)


def _of_workers(brokers: str, topic: str, name: str | None, now: int) -> list[Watched]:
    require_extra()
    from orchestrator.bootstrap.orders import alarms_of  # noqa: PLC0415 - it needs the extra

    return alarms_of(brokers, topic, name or store_name(topic), now)
