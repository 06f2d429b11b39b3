"""`orchestrator approve`: a campaign may send more than it may by itself. Said by another person than published it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from orchestrator.cli.options import Format, Output, print_json
from orchestrator.cli.sources import BROKERS, Group, Inputs, Where

if TYPE_CHECKING:
    from orchestrator.cli.switches import Place

_MESSAGES_MAX = 10**9


def approve(
    campaign: Annotated[str, typer.Argument(help="The campaign.", metavar="CAMPAIGN")],
    up_to: Annotated[
        int | None,
        typer.Option(help="So many messages, from now on; without it, only say how many wait.", min=1, max=_MESSAGES_MAX),
    ] = None,
    lasting: Annotated[str, typer.Option("--for", help="How long, such as 2d.", metavar="DURATION")] = "",
    actor: Annotated[str, typer.Option("--actor", "--by", help="Who approves; not who let it go live.", metavar="NAME")] = "",
    reason: Annotated[str, typer.Option(help="Why; kept with it.", metavar="TEXT")] = "",
    state: Annotated[Path | None, typer.Option(help="The state file of `serve`, running or not.", metavar="FILE")] = None,
    topic: Inputs = None,
    brokers: Where = BROKERS,
    name: Group = None,
    output: Output = Format.text,
) -> None:
    """Let a campaign send up to so many messages, beside what it may send by itself; a canary that was held goes on as well.

    It is an input of the log, with who said it and why. How many messages wait is said first.
    """
    from orchestrator.cli.switches import Place  # noqa: PLC0415 - they take longer than the options
    from orchestrator.delivery.volume import APPROVE, Rail, may_approve  # noqa: PLC0415
    from orchestrator.domain.calendar import iso  # noqa: PLC0415
    from orchestrator.domain.input import Control  # noqa: PLC0415
    from orchestrator.errors import UsageError  # noqa: PLC0415

    life = 0 if up_to is None else _length(lasting)
    place = Place(state, topic, brokers, name)
    publisher, waits = _standing(place, campaign)
    if up_to is None:
        _only_told(campaign, waits, output)
    if not may_approve(Rail(campaign, publisher=publisher), actor):
        raise UsageError(f"--actor {actor}: {publisher or 'nobody'} let {campaign} go live; somebody else has to approve it")
    now = time.time_ns() // 1_000_000
    until = now + life
    its = Control(APPROVE, on=True, campaign=campaign, actor=actor, reason=reason, up_to=up_to, until=until, at=now)
    told = place.tell(its)
    if output is Format.json:
        print_json({"campaign": campaign, "waiting": waits, "up_to": up_to, "until": iso(until), "actor": actor, **told})
    else:
        typer.echo(_waits(campaign, waits))
        typer.echo(f"{campaign} may send up to {up_to:,} messages until {iso(until)}")


def _length(lasting: str) -> int:
    """Milliseconds; UsageError where it is no length of time that lies ahead."""
    from orchestrator.authoring.units import duration  # noqa: PLC0415
    from orchestrator.errors import UsageError  # noqa: PLC0415

    life = duration(lasting) or 0
    if life <= 0:
        why = "is over before it begins" if life else "not a length of time"
        raise UsageError(f"--for {lasting}: {why}; write it like 6h or 2d")
    return life


def _standing(place: Place, campaign: str) -> tuple[str, int]:
    """(who let it go live, messages of it that wait for leave); UsageError where there is no such campaign."""
    from orchestrator.authoring.finding import no_campaign  # noqa: PLC0415
    from orchestrator.insight.held import program_of, waiting_for_leave  # noqa: PLC0415
    from orchestrator.stores.reader import open_reader  # noqa: PLC0415

    with place.files() as files, open_reader(files[0]) as reader:
        program = program_of(reader)
        if program is not None and campaign not in program.campaigns:
            raise no_campaign("CAMPAIGN", campaign, program.campaigns)
        return place.publisher(campaign, reader), waiting_for_leave(files, campaign)


def _waits(campaign: str, number: int) -> str:
    return f"{number:,} message{' waits' if number == 1 else 's wait'} for leave in {campaign}"


def _only_told(campaign: str, waits: int, output: Format) -> NoReturn:
    """Nothing is approved yet: what there would be to approve."""
    if output is Format.json:
        print_json({"campaign": campaign, "waiting": waits})
    else:
        typer.echo(f"{_waits(campaign, waits)}; nothing was approved: say --up-to, --for and --actor")
    raise typer.Exit(2)
