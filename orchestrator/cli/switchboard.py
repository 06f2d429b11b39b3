"""`orchestrator switches`: which are on, and everything that operators have turned."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.options import Format, Output, print_json
from orchestrator.cli.sources import BROKERS, Group, Inputs, Where, copied
from orchestrator.delivery.breaker import BREAKER, BREAKERS, THROTTLE
from orchestrator.domain.calendar import iso
from orchestrator.errors import UsageError
from orchestrator.insight.switches import APPROVE, MENDED, PROGRAM, SUBJECTS, Turned, history, shut, standing, together
from orchestrator.stores.reader import open_reader


def switches(
    state: Annotated[Path | None, typer.Option(help="The state file of `serve`.", metavar="FILE")] = None,
    topic: Inputs = None,
    brokers: Where = BROKERS,
    name: Group = None,
    every: Annotated[  # noqa: FBT002
        bool, typer.Option("--history", help="Everything that was ever turned or approved, and which program went live.")
    ] = False,
    output: Output = Format.text,
) -> None:
    """List what is switched off or approved beyond its envelope: who said so, when and why.

    Of a state file also the channels whose breaker is open; of workers each has its own, and tells it on its page /metrics.
    """
    found, now = _read(state, topic, brokers, name), time.time_ns() // 1_000_000
    shown = together(found if every else [standing(one, now) for one in found])
    if state is not None and not every:
        shown += _shut(state, now)
    if output is Format.json:
        print_json([one.as_json() for one in shown])
        return
    for one in shown:
        typer.echo(line_of(one))
    if not shown:
        typer.echo("nothing was ever turned" if every else "nothing is switched off, and nothing approved beyond its envelope")


def _read(state: Path | None, topic: str | None, brokers: str, name: str | None) -> list[list[Turned]]:
    """Of each partition all orders that it has met."""
    if (state is None) == (topic is None):
        message = "name either --state FILE or --input TOPIC"
        raise UsageError(message)
    if state is not None:
        return [_of_file(state)]
    with copied(topic or "", brokers, name) as found:
        return [_of_file(found.orders(number)) for number in range(found.partitions)]


def _shut(state: Path, now: int) -> list[Turned]:
    with open_reader(state) as reader:
        return shut(reader.fact(BREAKERS), now)


def _of_file(path: Path) -> list[Turned]:
    with open_reader(path) as reader:
        return history(reader.partition_rows(), reader.orders())


def line_of(one: Turned) -> str:
    """`2026-03-02T09:00:00.000Z  pause on: campaign offer, by anna, because prices were wrong`."""
    by = f", by {one.actor}" if one.actor else ""
    why = f", because: {one.reason}" if one.reason else ""
    late = "" if one.taken else " (the engine has not taken it yet)"
    if one.lacking:
        late = (
            f" (not in partition{'' if len(one.lacking) == 1 else 's'} {', '.join(map(str, one.lacking))}, which may be behind)"
        )
    when = iso(one.at) if one.at else "when the file began" if one.taken else "just now"
    return f"{when:24}  {_what(one)}{by}{why}{late}"


def _what(one: Turned) -> str:
    if one.switch == PROGRAM:
        return f"program {one.name} went live"
    if one.switch == APPROVE:
        return f"{one.name} approved: up to {one.up_to:,} messages until {iso(one.until)}"
    of = f"{one.subject} {one.name}" if one.subject else "everything"
    if one.switch == BREAKER:
        return f"breaker open: {of}, whose provider fails, until {iso(one.until)}; then one message is tried"
    if one.switch == THROTTLE:
        return f"{of} waits until {iso(one.until)}, as its provider asks"
    if one.switch in MENDED and one.given is not None:
        named = [f"{subject} {name}" for subject in SUBJECTS if (name := getattr(one.given, subject)) is not None]
        return f"{one.switch} of {', '.join(named)}" if named else one.switch
    return f"{one.switch} {'on' if one.on else 'off'}: {of}"
