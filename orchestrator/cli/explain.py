"""`orchestrator explain`: why a customer did or did not get a message."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator import authoring
from orchestrator.authoring import load_snapshot, load_workspace
from orchestrator.authoring.finding import no_campaign
from orchestrator.bootstrap.addresses import listed_of
from orchestrator.cli.options import (
    EventFiles,
    Format,
    Language,
    Locale,
    MoreFiles,
    Output,
    Workspace,
    count_lines,
    moment_option,
    print_json,
    progress_bar,
)
from orchestrator.cli.sources import BROKERS, Group, Inputs, Where, copied
from orchestrator.cli.telling import print_told
from orchestrator.config import read_settings
from orchestrator.delivery.question import samples
from orchestrator.delivery.render import Renderer
from orchestrator.domain.program import Program
from orchestrator.domain.suppression import Listed
from orchestrator.errors import UsageError
from orchestrator.insight import explain as explaining
from orchestrator.insight.reading.tongue import TONGUES
from orchestrator.insight.replay import replay
from orchestrator.insight.surroundings import Compile
from orchestrator.insight.unheard import rejected_of
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.files import Rejected, read_events
from orchestrator.stores.memory import MemoryFile
from orchestrator.stores.reader import SqliteReader, open_reader


def explain(
    workspace: Workspace,
    profile: Annotated[str, typer.Option(help="User id or anonymous id of the customer.", metavar="ID")],
    events: EventFiles = None,
    more: MoreFiles = None,
    state: Annotated[Path | None, typer.Option(help="A state file of `serve` or `replay`.", metavar="FILE")] = None,
    campaign: Annotated[str | None, typer.Option(help="Only this campaign.")] = None,
    at: Annotated[
        str | None,
        typer.Option(
            help="As it stood then; time runs on after the last event. In the workspace's zone, unless it names its own.",
            metavar="TIME",
        ),
    ] = None,
    topic: Inputs = None,
    brokers: Where = BROKERS,
    name: Group = None,
    locale: Locale = Language.en,
    output: Output = Format.text,
) -> None:
    """Explain one customer: every trigger, rule, gate and message, what is under way, and the campaigns never met."""
    loaded = load_workspace(workspace)
    program = loaded.program
    tongue = TONGUES[locale.value]
    render = Renderer(loaded.templates, loaded.senders).render
    files, until = [*(events or []), *(more or [])], moment_option(at, "--at", program.policies.zone)
    with ExitStack() as opened:
        if topic is not None and state is None:
            state, profile = opened.enter_context(copied(topic, brokers, name)).customer(profile)
        source = opened.enter_context(_opened(loaded, files, state, until))
        told = explaining.explain(
            program,
            source.journal,
            profile,
            campaign=campaign,
            until=source.until,
            render=render,
            tongue=tongue,
            compiled=source.compiled,
        )
        if told.state is not None:
            told.listed = source.listed(told.state.traits)
    if campaign is not None and campaign not in program.campaigns and not told.entries:
        raise no_campaign("--campaign", campaign, program.campaigns)
    told.rejected = rejected_of(source.rejected, told.names)
    if output is Format.json:
        print_json(told.as_json())
    else:
        nameless = sum(not one.ids for one in source.rejected)
        print_told(told, nameless=nameless, may_run_on=state is None, tongue=tongue)


@dataclass(frozen=True, slots=True)
class _Source:
    journal: explaining.Journal
    until: int | None
    rejected: Sequence[Rejected] = ()
    """Lines that were no event; a state file keeps none."""
    compiled: Compile = lambda _name: None
    listed: Callable[[Mapping[str, Any]], list[Listed]] = lambda _traits: []
    """What the address list holds against these traits; only a file has a list."""


@contextmanager
def _opened(workspace: authoring.Workspace, files: list[Path], state: Path | None, until: int | None) -> Iterator[_Source]:
    if bool(files) == (state is not None):
        message = "explain needs one of --events FILE, --state FILE and --input TOPIC"
        raise UsageError(message)
    if state is not None:
        with open_reader(state) as reader:
            listed = partial(listed_of, reader, read_settings().address_key)
            yield _Source(reader, until, compiled=partial(_live_then, reader), listed=listed)
        return
    memory, program = MemoryFile(), workspace.program
    catalogue = Catalogue(program.events)
    lines = read_events(files, until, validate=catalogue.validate, things=catalogue.things)
    with progress_bar("replaying", lambda: count_lines(files)) as progress:
        result = replay(
            program,
            lines,
            [memory.partition(0)],
            until=until,
            every_profile=memory.every_profile,
            progress=progress,
            samples=samples(workspace.senders),
        )
    yield _Source(memory, result.clock if until is None else until, result.rejected)


def _live_then(reader: SqliteReader, name: str) -> Program | None:
    """A program that was live in the file."""
    content = reader.program(name)
    return None if content is None else load_snapshot(content).program
