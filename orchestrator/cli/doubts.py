"""`orchestrator doubts`: messages of which nobody knows whether they have left, and how to settle one."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator.cli.door import DOOR, tell
from orchestrator.cli.options import Format, Output, print_json
from orchestrator.cli.sources import BROKERS, Group, Inputs, Where, state_files
from orchestrator.domain.calendar import iso
from orchestrator.domain.receipts import SETTLED
from orchestrator.errors import UsageError
from orchestrator.stores.reader import Doubt, open_reader


class Way(StrEnum):
    sent = "sent"
    not_sent = "not_sent"
    again = "again"


_SAID = {Way.sent: "counts as sent", Way.not_sent: "counts as not sent", Way.again: "goes before the gates once more"}


def doubts(
    state: Annotated[Path | None, typer.Option(help="The state file of `serve`.", metavar="FILE")] = None,
    settle: Annotated[
        str | None, typer.Option(help="Settle this message, through `serve` or `intake`.", metavar="MESSAGE")
    ] = None,
    way: Annotated[
        Way | None, typer.Option("--as", help="With --settle: it was sent, was not, or is to be sent again.")
    ] = None,
    door: Annotated[str, typer.Option(help="With --settle: where `serve` or `intake` listens.", metavar="URL")] = DOOR,
    topic: Inputs = None,
    brokers: Where = BROKERS,
    name: Group = None,
    output: Output = Format.text,
) -> None:
    """List messages in doubt, the oldest first, and those that ended as unknown; or settle one that is in doubt.

    --settle sends the event `Message Settled` to a running `serve` or `intake`, and a write key of ORCHESTRATOR_KEYS.
    """
    if (settle is None) != (way is None):
        message = "--settle MESSAGE goes with --as sent, not_sent or again"
        raise UsageError(message)
    with state_files(state, topic, brokers, name, journal=False) as files:
        listed = sorted(chain.from_iterable(map(_doubts, files)), key=attrgetter("planned_at", "id"))
    if settle is not None and way is not None:
        _settle(next((one for one in listed if one.id == settle), None), settle, way, door)
    elif output is Format.json:
        print_json([as_json(one) for one in listed])
    else:
        for line in _lines(listed):
            typer.echo(line)


def _doubts(file: Path) -> list[Doubt]:
    with open_reader(file) as reader:
        return list(reader.doubts())


def as_json(one: Doubt) -> dict[str, Any]:
    """A doubt as the JSON result has it; `until`: when it ends by itself, null where a person must."""
    told = one._asdict() | {"profile": one.raw[2:], "planned_at": iso(one.planned_at)}
    told["until"] = None if one.until is None else iso(one.until)
    return {("message" if name == "id" else name): value for name, value in told.items() if name not in ("raw", "resent")}


def _lines(listed: list[Doubt]) -> Iterator[str]:
    if not listed:
        yield "no messages in doubt"
    for one in listed:
        ends = "" if one.ended else f", until {iso(one.until)}" if one.until is not None else ", until somebody settles it"
        state = one.state.replace("_", " ")
        yield f"{one.id}  {one.campaign}: {one.template} by {one.channel}  {state}{ends}"
        yield f"    {one.raw[2:]}  ({one.cls}, {one.step}, planned {iso(one.planned_at)})"


def _settle(doubt: Doubt | None, ident: str, way: Way, door: str) -> None:
    if doubt is None or doubt.ended:
        known = (
            "no such message is in doubt in this file"
            if doubt is None
            else "it has ended as unknown; only a receipt moves it on"
        )
        message = f"--settle {ident}: {known}"
        raise UsageError(message)
    tell(door, doubt.raw, SETTLED, f"settled-{doubt.id}-{way}-{doubt.resent}", {"message_id": doubt.id, "as": str(way)})
    typer.echo(f"{doubt.id} {_SAID[way]}")
