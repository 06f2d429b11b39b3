"""`orchestrator tasks`: what people are asked to do, and how to say that it is done."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator.cli.door import DOOR, tell
from orchestrator.cli.options import Format, Output, print_json
from orchestrator.cli.sources import BROKERS, Group, Inputs, Where, state_files
from orchestrator.domain.calendar import iso
from orchestrator.domain.tasks import DONE
from orchestrator.errors import UsageError
from orchestrator.stores.reader import Listed, open_reader


def tasks(
    state: Annotated[Path | None, typer.Option(help="The state file of `serve` or `replay`.", metavar="FILE")] = None,
    queue: Annotated[str | None, typer.Option(help="Only this queue.", metavar="NAME")] = None,
    done: Annotated[str | None, typer.Option(help="Say to `serve` that this task is done.", metavar="TASK")] = None,
    outcome: Annotated[str | None, typer.Option(help="With --done: how it went.", metavar="TEXT")] = None,
    door: Annotated[str, typer.Option(help="With --done: where `serve` listens.", metavar="URL")] = DOOR,
    topic: Inputs = None,
    brokers: Where = BROKERS,
    name: Group = None,
    output: Output = Format.text,
) -> None:
    """List the open tasks, the most urgent first; or say that one is done.

    --done sends the event `Task Done` to a running `serve` or `intake`, with a write key of ORCHESTRATOR_KEYS if there is one.
    """
    if outcome is not None and done is None:
        message = "--outcome goes with --done TASK"
        raise UsageError(message)
    with state_files(state, topic, brokers, name, journal=False) as files:
        listed = sorted(chain.from_iterable(map(_open_tasks, files)), key=attrgetter("due", "id"))
    listed = [one for one in listed if queue in (None, one.queue)]
    if done is not None:
        _finish(next((one for one in listed if one.id == done), None), done, outcome, door)
    elif output is Format.json:
        print_json([as_json(one) for one in listed])
    else:
        for line in _lines(listed):
            typer.echo(line)


def _open_tasks(file: Path) -> list[Listed]:
    with open_reader(file) as reader:
        return reader.tasks()


def as_json(one: Listed) -> dict[str, Any]:
    """A task as the JSON result of `tasks` has it."""
    told = one._asdict() | {"profile": one.raw[2:], "opened_at": iso(one.opened_at), "due": iso(one.due)}
    return {("task" if name == "id" else name): value for name, value in told.items() if name != "raw"}


def _lines(listed: list[Listed]) -> Iterator[str]:
    if not listed:
        yield "no open tasks"
    for one in listed:
        late = "overdue since" if one.overdue else "due"
        yield f"{one.id}  {one.queue}: {one.title}  {late} {iso(one.due)}"
        seen = "".join(f", {name} {value}" for name, value in one.shows.items())
        yield f"    {one.raw[2:]}{seen}  ({one.campaign}, {one.step}, opened {iso(one.opened_at)})"


def _finish(task: Listed | None, ident: str, outcome: str | None, door: str) -> None:
    if task is None:
        message = f"--done {ident}: no such task is open in this file"
        raise UsageError(message)
    how = {} if outcome is None else {"outcome": outcome}
    tell(door, task.raw, DONE, f"done-{task.id}", {"task": task.id, **how})
    typer.echo(f"{task.id} is done")
