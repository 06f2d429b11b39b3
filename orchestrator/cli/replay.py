"""`orchestrator replay`: recorded events through the production loop, in virtual time."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from orchestrator import authoring
from orchestrator.authoring import load_workspace
from orchestrator.bootstrap import StoreKind, open_store
from orchestrator.cli.options import (
    EventFiles,
    Format,
    MoreFiles,
    Output,
    Workspace,
    brokers_of,
    count_lines,
    moment_option,
    print_json,
    progress_bar,
)
from orchestrator.cli.tables import print_replay
from orchestrator.delivery.question import samples
from orchestrator.delivery.render import Renderer
from orchestrator.errors import UsageError
from orchestrator.insight import replay as replaying
from orchestrator.insight.alike import AlikeOnce
from orchestrator.insight.replay import Replayed
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.files import read_events

PARTITIONS_MAX = 64


class StoreChoice(StrEnum):
    memory = "memory"
    sqlite = "sqlite"
    kafka = "kafka"


def replay(
    workspace: Workspace,
    events: EventFiles = None,
    more: MoreFiles = None,
    out: Annotated[Path | None, typer.Option(help="Write messages, transitions, rejections and the summary here.")] = None,
    until: Annotated[str | None, typer.Option(help="Read nothing later; let time run on until then.", metavar="TIME")] = None,
    state: Annotated[Path | None, typer.Option(help="Keep the store in this SQLite file.", metavar="FILE")] = None,
    store: Annotated[StoreChoice | None, typer.Option(help="Where the replay keeps its state.")] = None,
    partitions: Annotated[int, typer.Option(min=1, max=PARTITIONS_MAX)] = 1,
    brokers: Annotated[
        str | None, typer.Option(help="Where Kafka is, for `--store kafka`.", metavar="HOST:PORT", parser=brokers_of)
    ] = None,
    output: Output = Format.text,
) -> None:
    """Replay recorded events: who stands where, what would have been sent, suppressed, held out, refused at rendering.

    The clock stops at the last event; --until lets it run on. The file channel stands for email and SMS.
    """
    files = [*(events or []), *(more or [])]
    if not files:
        message = "replay needs events: --events FILE"
        raise UsageError(message)
    kind = store or (StoreChoice.sqlite if state is not None else StoreChoice.memory)
    loaded = load_workspace(workspace)
    result = run(loaded, files, kind.value, partitions, state, moment_option(until, "--until"), brokers)
    if out is not None:
        result.write(out)
    if output is Format.json:
        print_json(result.summary())
    else:
        print_replay(result.summary(), result.rejected)


def run(
    workspace: authoring.Workspace,
    files: list[Path],
    kind: StoreKind,
    partitions: int,
    state: Path | None,
    until: int | None,
    brokers: str | None = None,
) -> Replayed:
    """Replay these files with a progress bar, every message rendered."""
    catalogue = Catalogue(workspace.program.events)
    lines = read_events(files, until, validate=catalogue.validate, things=catalogue.things)
    with (
        open_store(kind, partitions, state, brokers) as opened,
        progress_bar("replaying", lambda: count_lines(files)) as progress,
    ):
        result = replaying.replay(
            workspace.program,
            lines,
            opened.partitions,
            until=until,
            every_profile=opened.every_profile,
            progress=progress,
            render=AlikeOnce(Renderer(workspace.templates, workspace.senders)),
            samples=samples(workspace.senders),
        )
    result.unknown = dict(sorted(catalogue.unknown.items()))
    return result
