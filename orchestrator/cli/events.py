"""`orchestrator events`: what was accepted, in order."""

from __future__ import annotations

import heapq
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.options import moment_option
from orchestrator.cli.sources import BROKERS, Group, Inputs, Where, copied, state_files
from orchestrator.domain.identity import about_a_thing
from orchestrator.domain.input import Event
from orchestrator.insight.accepted import accepted_events, segment_shape
from orchestrator.stores.reader import open_reader


def events(
    state: Annotated[Path | None, typer.Option(help="The state file of `serve` or `replay`.", metavar="FILE")] = None,
    profile: Annotated[str | None, typer.Option(help="Only this user id or anonymous id.", metavar="ID")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Only from then on.", metavar="TIME")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Only before then.", metavar="TIME")] = None,
    topic: Inputs = None,
    brokers: Where = BROKERS,
    name: Group = None,
) -> None:
    """Print accepted events in order, one a line (JSON Lines, normalised Segment shape)."""
    start, end = moment_option(since, "--from"), moment_option(until, "--to")
    with _files(state, topic, brokers, name, profile) as (files, person), ExitStack() as opened:
        readers = [opened.enter_context(open_reader(file)) for file in files]
        found = [_once(accepted_events(reader, person), first=reader is readers[0]) for reader in readers]
        for event in heapq.merge(*found, key=attrgetter("received_at")):
            if (start is None or event.occurred_at >= start) and (end is None or event.occurred_at < end):
                sys.stdout.write(json.dumps(segment_shape(event), ensure_ascii=False) + "\n")


@contextmanager
def _files(
    state: Path | None, topic: str | None, brokers: str, name: str | None, profile: str | None
) -> Iterator[tuple[list[Path], str | None]]:
    """(what to read, the id by which the customer is known there)"""
    if state is None and topic is not None and profile is not None:
        with copied(topic, brokers, name) as found:
            file, person = found.customer(profile)
            yield [file], person
        return
    with state_files(state, topic, brokers, name, journal=True) as files:
        yield files, profile


def _once(events: Iterator[Event], *, first: bool) -> Iterator[Event]:
    """Every partition is told what happens to a thing; it happened once."""
    return (event for event in events if first or not about_a_thing(event))
