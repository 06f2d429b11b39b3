"""What a switch names, and what it holds back: read in state files, for whoever turns it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from pathlib import Path

from msgspec import structs

from orchestrator.authoring.finding import did_you_mean, no_campaign
from orchestrator.authoring.scope import CHANNELS
from orchestrator.authoring.snapshot import load_snapshot
from orchestrator.domain.calls import CHANNEL as WEBHOOK
from orchestrator.domain.input import Control
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import unseal
from orchestrator.domain.program import Program
from orchestrator.errors import UsageError
from orchestrator.insight.waiting import Waiting, for_leave, waiting
from orchestrator.partition.engine import turned
from orchestrator.stores.reader import SqliteReader, open_reader

Compiled = Callable[[SqliteReader], Program | None]
"""Finds the program that is live in a file."""


def stands(files: Sequence[Path], control: Control) -> bool:
    """Whether what this control would end is on, or was ordered a moment ago."""
    return any(turned(controls, control) != controls for controls in map(_controls, files))


def _controls(file: Path) -> Controls:
    with open_reader(file) as reader:
        found = reader.controls()
        for order in reader.orders():
            found = turned(found, order)
    return found


def waiting_for_leave(files: Sequence[Path], campaign: str) -> int:
    """How many messages of a campaign wait for leave to be sent: for an approval, a canary, their turn."""
    found = 0
    for file in files:
        with open_reader(file) as reader:
            found += for_leave((unseal(stored.sealed) for _, stored in reader.every_profile()), campaign)
    return found


def runs_of(files: Sequence[Path], campaign: str) -> int:
    """How many runs of a campaign are under way."""
    found, name = 0, campaign.encode()
    for file in files:
        with open_reader(file) as reader:
            records = (stored.sealed for _, stored in reader.everybody() if name in stored.sealed)
            found += sum(run.campaign == campaign and not run.ended for sealed in records for run in unseal(sealed).runs)
    return found


def program_of(reader: SqliteReader) -> Program | None:
    """The program that is live in a file, compiled anew."""
    name = reader.standing().program
    content = reader.program(name) if name else None
    return None if content is None else load_snapshot(content).program


def held_by(files: Sequence[Path], control: Control, compiled: Compiled = program_of) -> list[Waiting]:
    """What waits for a switch, as the gates would judge it once this one lets go."""
    now, found = time.time_ns() // 1_000_000, list[Waiting]()
    for file in files:
        with open_reader(file) as reader:
            program = compiled(reader)
            if program is not None:
                profiles = (unseal(stored.sealed) for _, stored in reader.every_profile())
                found += waiting(program, profiles, turned(reader.controls(), control), now)
    return _summed(found)


def _summed(found: Sequence[Waiting]) -> list[Waiting]:
    """Those of all partitions together."""
    together: dict[tuple[str, str], Waiting] = {}
    for one in found:
        so_far = together.get((one.campaign, one.channel), Waiting(one.campaign, one.channel, 0, {}))
        becomes = {kind: so_far.becomes.get(kind, 0) + one.becomes.get(kind, 0) for kind in {*so_far.becomes, *one.becomes}}
        together[one.campaign, one.channel] = Waiting(one.campaign, one.channel, so_far.messages + one.messages, becomes)
    return [together[key] for key in sorted(together)]


def known(files: Sequence[Path], control: Control, compiled: Compiled = program_of) -> Control:
    """The control with a customer's raw id; UsageError where a name means nothing.

    What stands under an old name can be ended.
    """
    with open_reader(files[0]) as reader:
        stands = reader.controls()
        if control.campaign is not None and control.campaign not in stands.campaigns:
            program = compiled(reader)
            if program is not None and control.campaign not in program.campaigns:
                raise no_campaign("--campaign", control.campaign, program.campaigns)
    for option, name, names in (
        ("--channel", control.channel, (*CHANNELS, WEBHOOK)),
        ("--provider", control.provider, sorted(entry_points(group="orchestrator.channels").names)),
    ):
        if name is not None and name not in names:
            near = did_you_mean(name, names)
            raise UsageError(f"{option} {name}: there is no such thing; {near or 'there are ' + ', '.join(names)}")
    if control.profile is None:
        return control
    return _customer(files, control, stands)


def _customer(files: Sequence[Path], control: Control, stands: Controls) -> Control:
    raws = [f"{kind}:{control.profile}" for kind in "ua"]
    for file in files:
        with open_reader(file) as reader:
            found = next((raw for raw in raws if raw in stands.profiles or reader.key_of(raw) is not None), None)
        if found is not None:
            return structs.replace(control, profile=found)
    message = f"--profile {control.profile}: no such customer is known here"
    raise UsageError(message)
