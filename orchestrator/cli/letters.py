"""`orchestrator letters`: inputs that could not be decided, and how to have one decided again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator.cli.options import Format, Output, print_json
from orchestrator.domain.calendar import iso
from orchestrator.domain.decide import cause_of
from orchestrator.domain.input import Control
from orchestrator.errors import UsageError
from orchestrator.partition.mending import REDRIVE, REDRIVEN, given_of_letter
from orchestrator.partition.ports import DeadLetter
from orchestrator.stores.orders import put_order
from orchestrator.stores.reader import open_reader

_SHOWN = 1_000
"""The newest, so many."""


def letters(
    state: Annotated[Path, typer.Option(help="The state file of `serve`, running or not.", metavar="FILE")],
    redrive: Annotated[int | None, typer.Option(help="Have the dead letter of this row decided again.", metavar="ROW")] = None,
    actor: Annotated[str, typer.Option("--by", help="Who does it; kept with it.", metavar="NAME")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with it.", metavar="TEXT")] = "",
    output: Output = Format.text,
) -> None:
    """List dead letters, the newest first, each with its cause; or have one decided again, by the engine as it is now."""
    with open_reader(state) as reader:
        if redrive is None:
            found = reader.dead_letters(None, _SHOWN)
        else:
            one = reader.dead_letter(redrive)
            if one is None:
                raise UsageError(f"--redrive {redrive}: there is no dead letter of that row; it may have been decided again")
            found = [one]
    if redrive is not None:
        _redrive(state, found[0][1], actor, reason)
        typer.echo(f"dead letter {redrive}: told to the engine of {state}")
    elif output is Format.json:
        print_json([as_json(raw, letter) for raw, letter in found])
    else:
        for line in _lines(found):
            typer.echo(line)


def as_json(raw: str | None, one: DeadLetter) -> dict[str, Any]:
    """A dead letter as the JSON result has it; no profile where that is gone."""
    given = given_of_letter(one.given)
    told = {"row": one.seq, "profile": None if raw is None else raw[2:], "at": iso(one.clock), "input": cause_of(given)}
    return {**told, "cause": one.cause.strip(), "can_be_redriven": isinstance(given, REDRIVEN)}


def _lines(found: list[tuple[str | None, DeadLetter]]) -> Iterator[str]:
    if not found:
        yield "no dead letters"
    for raw, letter in found:
        one = as_json(raw, letter)
        cause = one["cause"].splitlines()[-1] if one["cause"] else "no cause is known"
        again = "" if one["can_be_redriven"] else "  (taken up again by itself)"
        yield f"{one['row']}  {one['at']}  {one['input']} of {one['profile'] or 'somebody who is gone'}{again}"
        yield f"    {cause}"


def _redrive(state: Path, one: DeadLetter, actor: str, reason: str) -> None:
    if not isinstance(given_of_letter(one.given), REDRIVEN):
        raise UsageError(f"--redrive {one.seq}: the engine takes this one up again by itself")
    its = {"letter": one.seq, "key": one.key, "given": one.given, "at": time.time_ns() // 1_000_000}
    put_order(state, Control(REDRIVE, on=True, actor=actor, reason=reason, **its))  # type: ignore[arg-type]
