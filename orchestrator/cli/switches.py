"""What `kill`, `pause` and `resume` share: their options in one table, which names are known, what is shown before it goes on.

A state file is told through a table of its own, which the engine on it empties; workers on Kafka through their logs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.options import Format, Output, print_json, store_name
from orchestrator.cli.sources import BROKERS, Group, Inputs, Where, state_files
from orchestrator.domain.input import Control
from orchestrator.errors import UsageError
from orchestrator.stores.orders import put_order

if TYPE_CHECKING:
    from orchestrator.insight.waiting import Waiting
    from orchestrator.stores.reader import SqliteReader

SUBJECTS = ("campaign", "channel", "profile", "provider")
_OPTIONS: dict[str, tuple[Any, Any]] = {
    "state": (Annotated[Path | None, typer.Option(help="The state file of `serve`, running or not.", metavar="FILE")], None),
    "topic": (Inputs, None),
    "brokers": (Where, BROKERS),
    "name": (Group, None),
    "off": (Annotated[bool, typer.Option("--off", help="End it.")], False),
    "campaign": (Annotated[str | None, typer.Option("--campaign", help="Only this campaign.", metavar="ID")], None),
    "channel": (Annotated[str | None, typer.Option("--channel", help="Only this channel.", metavar="CHANNEL")], None),
    "profile": (Annotated[str | None, typer.Option("--profile", help="Only this customer.", metavar="ID")], None),
    "provider": (Annotated[str | None, typer.Option("--provider", help="Only this provider.", metavar="ADAPTER")], None),
    "yes": (
        Annotated[bool, typer.Option("--yes", help="Do it; without it, only show what would become of what waits.")],
        False,
    ),
    "actor": (Annotated[str, typer.Option("--by", help="Who does it; kept with it.", metavar="NAME")], ""),
    "reason": (Annotated[str, typer.Option("--reason", help="Why; kept with it.", metavar="TEXT")], ""),
    "output": (Output, Format.text),
}
_ALWAYS = ("state", "topic", "brokers", "name", "actor", "reason", "output")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the switch is turned: a state file, or a deployment on Kafka."""

    state: Path | None
    topic: str | None
    brokers: str
    name: str | None

    @contextmanager
    def files(self) -> Iterator[list[Path]]:
        """What is known there, as state files."""
        if self.state is not None and not self.state.exists():
            raise UsageError(f"--state {self.state}: there is no such file")
        with state_files(self.state, self.topic, self.brokers, self.name, journal=False) as found:
            yield found

    def publisher(self, campaign: str, reader: SqliteReader) -> str:
        """Who let a campaign go live as it is; nobody where that is not known."""
        if self.topic is not None:
            from orchestrator.bootstrap.orders import publisher_of  # noqa: PLC0415 - it needs the extra

            return publisher_of(self.brokers, self.name or store_name(self.topic), campaign)
        from orchestrator.bootstrap.rails import PUBLISHED, published_of  # noqa: PLC0415

        return published_of(reader.fact(PUBLISHED)).get(campaign, ("", ""))[1]

    def tell(self, control: Control) -> dict[str, Any]:
        """Turn the switch; it is durable when this returns."""
        if self.topic is not None:
            from orchestrator.stores.kafka import require_extra  # noqa: PLC0415 - a state file does without

            require_extra()
            from orchestrator.bootstrap.orders import turn_switch  # noqa: PLC0415 - it needs the extra

            return {
                "partitions": turn_switch(self.brokers, self.topic, self.name or store_name(self.topic), control).partitions
            }
        assert self.state is not None  # noqa: S101 - one of them is given
        put_order(self.state, control)
        return {"state": str(self.state)}


def switching(command: str, does: str, *options: str) -> Callable[..., None]:
    """The function of a command with these options beside those that each of them has."""
    names = [name for name in _OPTIONS if name in (*_ALWAYS, *options)]

    def run(**given: Any) -> None:
        place = Place(*(given[name] for name in ("state", "topic", "brokers", "name")))
        if (place.state is None) == (place.topic is None):
            raise UsageError("name either --state FILE or --input TOPIC")
        on = command != "resume" and not given.get("off", False)
        named = [(name, given[name]) for name in SUBJECTS if given.get(name) is not None]
        if len(named) > 1:
            raise UsageError(f"--{named[0][0]} and --{named[1][0]} are two switches: turn one after the other")
        now, switch = time.time_ns() // 1_000_000, "kill" if command == "kill" else "pause"
        control = Control(switch, on, actor=given["actor"], reason=given["reason"], at=now, **dict(named))
        _turn(place, control, given["output"], sure=on or given["yes"])

    parameters = [Parameter(n, Parameter.KEYWORD_ONLY, default=_OPTIONS[n][1], annotation=_OPTIONS[n][0]) for n in names]
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {name: _OPTIONS[name][0] for name in names}
    run.__name__, run.__doc__ = command, does
    return run


def _turn(place: Place, control: Control, output: Format, *, sure: bool) -> None:
    """A switch that stops is turned at once; one that lets go only when it is known what that does."""
    shown: list[Waiting] | None = None
    stood = True
    lines: Iterator[str] = iter(())
    if not control.on or any(getattr(control, name) is not None for name in SUBJECTS):
        from orchestrator.insight import held  # noqa: PLC0415 - a kill switch does not wait for it

        with place.files() as files:
            control = held.known(files, control)
            stood = control.on or held.stands(files, control)
            shown = None if control.on else held.held_by(files, control) if stood else []
        lines = _lines(shown) if shown is not None and stood else iter(())
    elif place.state is not None and not place.state.exists():
        raise UsageError(f"--state {place.state}: there is no such file")
    told = place.tell(control) if sure else {}
    result = {"switch": control.switch, "on": control.on, **told}
    if output is Format.json:
        waits = [one.as_json() for one in shown or ()]
        counted = {} if control.on else {"turned": sure, "stood": stood, "waiting": waits}
        print_json({**result, **counted})
    else:
        for line in (*lines, _said(control, told) if stood or told else _nothing(control)):
            typer.echo(line)
    if stood and not sure:
        raise typer.Exit(2)


def _nothing(control: Control) -> str:
    """There is nothing to end."""
    name = next((f"{subject} {found}" for subject in SUBJECTS if (found := getattr(control, subject)) is not None), "nothing")
    what = "the kill switch is not on" if control.switch == "kill" else f"{name} is {'' if name == 'nothing' else 'not '}paused"
    return f"{what}: there is nothing to end (`orchestrator switches` lists what is on)"


def _said(control: Control, told: dict[str, Any]) -> str:
    what = f"{control.switch} {'on' if control.on else 'off'}"
    if "partitions" in told:
        return f"{what}: told to the governor and {told['partitions']} partitions"
    return f"{what}: told to the engine of {told['state']}" if told else "nothing was changed; --yes lets it go on"


def _lines(shown: Sequence[Waiting]) -> Iterator[str]:
    """How many wait, and what becomes of them."""
    words = {"go": "would go now", "expire": "have expired", "later": "wait for another gate", "never": "another gate stops"}
    words["held"] = "another switch holds"
    for one in shown:
        told = ", ".join(f"{one.becomes[kind]:,} {said}" for kind, said in words.items() if kind in one.becomes)
        yield f"{one.campaign} by {one.channel}: {one.messages:,} wait; {told}"
    if not shown:
        yield "nothing waits for a switch"
