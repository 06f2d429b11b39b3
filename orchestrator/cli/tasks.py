"""`orchestrator tasks`: what people are asked to do, and how to say that it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import typer

from orchestrator.cli.options import Format, Output, print_json
from orchestrator.cli.sources import BROKERS, Group, Inputs, Where, state_files
from orchestrator.config import read_settings
from orchestrator.domain.calendar import iso
from orchestrator.domain.tasks import DONE
from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.stores.reader import Listed, open_reader

DOOR = "http://127.0.0.1:8080"
PATIENCE_S = 10
"""How long `serve` may take to answer."""
_ACCEPTED = 200


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
    answer = asyncio.run(_say(task, outcome, door))
    typer.echo(f"{task.id} is {answer}")


async def _say(task: Listed, outcome: str | None, door: str) -> str:
    """Send the event; what `serve` made of it. Said twice, it is one event."""
    who = {"userId" if task.raw.startswith("u:") else "anonymousId": task.raw[2:]}
    how = {} if outcome is None else {"outcome": outcome}
    event = {"messageId": f"done-{task.id}", "event": DONE, **who, "properties": {"task": task.id, **how}}
    keys = list(read_settings().keys.values())
    auth = aiohttp.BasicAuth(keys[0], "").encode() if keys else ""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE_S)) as session,
            session.post(f"{door}/v1/track", json=event, headers={"Authorization": auth} if auth else {}) as response,
        ):
            told = (await response.text()).strip()
            if response.status == _ACCEPTED:
                return "done"
            raise OrchestratorError(f"{door} answered {response.status}: {told}")
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        message = f"{door}: {type(error).__name__}; is `orchestrator serve` running? name its address by --door"
        raise OrchestratorError(message) from error
