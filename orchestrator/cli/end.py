"""`orchestrator end`: runs end, one customer's or everybody's of a campaign."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from msgspec import structs

from orchestrator.cli.options import Format, Output, print_json
from orchestrator.cli.sources import BROKERS, Group, Inputs, Where
from orchestrator.cli.switches import Place
from orchestrator.domain.input import Control
from orchestrator.errors import UsageError
from orchestrator.insight import held
from orchestrator.partition.mending import END
from orchestrator.stores.orders import put_order
from orchestrator.stores.reader import open_reader


def end(
    profile: Annotated[
        str | None, typer.Argument(help="User id or anonymous id of the customer; without one, everybody.", metavar="[ID]")
    ] = None,
    state: Annotated[Path | None, typer.Option(help="The state file of `serve`, running or not.", metavar="FILE")] = None,
    campaign: Annotated[str | None, typer.Option(help="Only runs of this campaign.", metavar="CAMPAIGN")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Of everybody: do it; without it, only count.")] = False,  # noqa: FBT002
    actor: Annotated[str, typer.Option("--by", help="Who does it; kept with it.", metavar="NAME")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with it.", metavar="TEXT")] = "",
    topic: Inputs = None,
    brokers: Where = BROKERS,
    name: Group = None,
    output: Output = Format.text,
) -> None:
    """End runs; what they have planned is cancelled. A customer's, of all campaigns or one; or everybody's of a campaign."""
    control = Control(END, on=True, campaign=campaign, actor=actor, reason=reason, at=time.time_ns() // 1_000_000)
    if profile is not None:
        _of_customer(state, profile, control)
    elif campaign is None:
        raise UsageError("say whose: a customer's id, or --campaign for everybody's runs of it")
    else:
        _of_everybody(Place(state, topic, brokers, name), control, output, sure=yes)


def _of_customer(state: Path | None, profile: str, control: Control) -> None:
    if state is None:
        raise UsageError("--state FILE: a customer's runs are ended in a state file")
    with open_reader(state) as reader:
        raw = next((raw for raw in (f"u:{profile}", f"a:{profile}") if reader.key_of(raw) is not None), None)
    if raw is None:
        raise UsageError(f"{profile}: no such customer is known here")
    put_order(state, structs.replace(control, profile=raw))
    typer.echo(f"{profile}: told to the engine of {state}")


def _of_everybody(place: Place, control: Control, output: Format, *, sure: bool) -> None:
    """Count first; with `--yes` give the word. Runs that begin after it go on."""
    with place.files() as files:
        held.known(files, control)
        count = held.runs_of(files, control.campaign or "")
    told = place.tell(control) if sure else {}
    if output is Format.json:
        print_json({"campaign": control.campaign, "runs": count, "ended": sure, **told})
    else:
        typer.echo(f"{control.campaign}: {count:,} {'run is' if count == 1 else 'runs are'} under way")
        where = f"{told['partitions']} partitions" if "partitions" in told else f"the engine of {told.get('state')}"
        typer.echo(f"told to {where}: it ends them beside its other work" if sure else "nothing was changed; --yes ends them")
    if not sure:
        raise typer.Exit(2)
