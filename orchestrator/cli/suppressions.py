"""`orchestrator suppressions`: the list of addresses that nothing more is sent to."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator.cli.address_lines import Said, Wrong, channel_given, kind_given, read_lines, scope_given
from orchestrator.cli.options import Format, Output, print_json, store_name
from orchestrator.cli.sources import BROKERS, Group, Inputs, Where
from orchestrator.config import read_settings
from orchestrator.domain.calendar import iso
from orchestrator.domain.suppression import ALL, MARKETING, USUAL, Listed, Word, hashed
from orchestrator.errors import UsageError

_BY_DEFAULT = "; ".join(
    f"{scope} for {', '.join(kind for kind, usual in USUAL.items() if usual == scope)}" for scope in (ALL, MARKETING)
)


def suppressions(
    state: Annotated[Path | None, typer.Option(help="The state file of `serve`, running or not.", metavar="FILE")] = None,
    check: Annotated[str | None, typer.Option(help="What is known of this address.", metavar="ADDRESS")] = None,
    add: Annotated[str | None, typer.Option(help="List this address.", metavar="ADDRESS")] = None,
    remove: Annotated[
        str | None, typer.Option(help="Take back what lists this address as that --kind; needs --reason.", metavar="ADDRESS")
    ] = None,
    file: Annotated[Path | None, typer.Option("--import", help="CSV with a column `address`.", metavar="FILE")] = None,
    kind: Annotated[str, typer.Option(help=f"With --add, --remove, --import: {', '.join(USUAL)}.")] = "imported",
    scope: Annotated[
        str, typer.Option(help=f"What it stops: all, marketing, topic:NAME, sender:ADDRESS. By default {_BY_DEFAULT}.")
    ] = "",
    channel: Annotated[str, typer.Option(help="email or sms; by default as the address looks.")] = "",
    reason: Annotated[str, typer.Option(help="Why; kept with it.", metavar="TEXT")] = "",
    topic: Inputs = None,
    brokers: Where = BROKERS,
    name: Group = None,
    output: Output = Format.text,
) -> None:
    """List the addresses that nothing more is sent to, as numbers: who they are, nobody can read in it. Add, take back, import.

    What is added holds from the next hand-off on. An import's columns: address; and channel, kind, scope, reason, since.
    Its wrong lines are told, the others are listed.
    """
    if state is not None and not state.exists() and add is None and file is None:
        raise UsageError(f"--state {state}: there is no such file")
    place = _place(state, topic, brokers, name)
    if sum(one is not None for one in (check, add, remove, file)) > 1:
        raise UsageError("--check, --add, --remove and --import are four commands: one after the other")
    if check is not None:
        _tell(place.known(hashed(place.key, channel_given(check, channel), check)), check, output)
    elif add is None and remove is None and file is None:
        _count(place.every(), output)
    else:
        now, topics = time.time_ns() // 1_000_000, cache(place.topics)
        stops, why = scope_given(scope, topics), _reason(reason, remove)
        said = Said(add or remove or "", channel, kind_given(kind), stops, why, now, on=remove is None)
        lines, wrong = ([said], []) if file is None else read_lines(file, said, topics)
        changed = place.hear([one.word(place.key) for one in lines])
        _changed(changed, len(lines), wrong, output)
        if wrong:
            raise typer.Exit(1)


class OnFile:
    """The list in a state file; its engine may be at work."""

    def __init__(self, path: Path) -> None:
        from orchestrator.bootstrap.addresses import address_key  # noqa: PLC0415 - nobody else needs it
        from orchestrator.stores.sqlite import SqliteFile  # noqa: PLC0415

        self._file = SqliteFile(path)
        self.key = address_key(self._file, read_settings().address_key)

    def topics(self) -> Collection[str] | None:
        """The live program's, as far as one is known."""
        from orchestrator.insight.held import program_of  # noqa: PLC0415 - as slow as a check
        from orchestrator.stores.reader import open_reader  # noqa: PLC0415

        with open_reader(Path(self._file.path)) as reader:
            program = program_of(reader)
        return None if program is None else program.policies.topics

    def known(self, address: bytes) -> list[Listed]:
        return self._file.partition(0).listed(address)

    def every(self) -> list[Listed]:
        return self._file.every_listed()

    def hear(self, words: list[Word]) -> list[Listed]:
        return self._file.hear(words)


class OnKafka:
    """The list that workers share."""

    def __init__(self, brokers: str, name: str) -> None:
        from orchestrator.bootstrap.orders import AddressOrders  # noqa: PLC0415 - it needs the extra

        self.key = read_settings().address_key
        self._orders = AddressOrders(brokers, name, self.key)

    def topics(self) -> Collection[str] | None:
        return None

    def known(self, address: bytes) -> list[Listed]:
        return self._orders.read().find(address)

    def every(self) -> list[Listed]:
        return self._orders.read().every()

    def hear(self, words: list[Word]) -> list[Listed]:
        return self._orders.hear(words)


def _place(state: Path | None, topic: str | None, brokers: str, name: str | None) -> OnFile | OnKafka:
    if (state is None) == (topic is None):
        raise UsageError("name either --state FILE or --input TOPIC")
    if state is not None:
        return OnFile(state)
    assert topic is not None  # noqa: S101 - one of them is given
    from orchestrator.stores.kafka import require_extra  # noqa: PLC0415

    require_extra()
    return OnKafka(brokers, name or store_name(topic))


def _reason(text: str, remove: str | None) -> str:
    if remove is not None and not text:
        raise UsageError("--remove wants to know why: --reason TEXT")
    return text


def _count(entries: list[Listed], output: Format) -> None:
    counted = Counter((one.channel, one.kind, one.scope) for one in entries if one.lifted is None)
    lifted = sum(one.lifted is not None for one in entries)
    if output is Format.json:
        kinds = [{"channel": c, "kind": k, "scope": s, "entries": n} for (c, k, s), n in sorted(counted.items())]
        print_json({"entries": counted.total(), "lifted": lifted, "kinds": kinds})
        return
    for (channel, kind, scope), number in sorted(counted.items()):
        typer.echo(f"{channel:6} {kind:13} stops {scope}: {number:,}")
    typer.echo(f"{counted.total():,} entries, {lifted:,} taken back")


def _tell(entries: list[Listed], address: str, output: Format) -> None:
    if output is Format.json:
        print_json(
            {"address": address, "listed": any(one.lifted is None for one in entries), "entries": [*map(_shown, entries)]}
        )
        return
    for one in sorted(entries, key=lambda one: one.since):
        why = f" ({one.reason})" if one.reason else ""
        end = "" if one.lifted is None else f", taken back {iso(one.lifted)}"
        if one.yields and one.lifted is None:
            end += "; a consent given later to a topic goes before it"
        typer.echo(f"{one.kind} stops {one.scope} on {one.channel} since {iso(one.since)}, from {one.source}{why}{end}")
    if not entries:
        typer.echo("not listed")


def _shown(one: Listed) -> dict[str, Any]:
    lifted = None if one.lifted is None else iso(one.lifted)
    told = {"channel": one.channel, "kind": one.kind, "scope": one.scope, "since": iso(one.since)}
    return {**told, "source": one.source, "reason": one.reason, "lifted": lifted, "yields_to_consent": one.yields}


def _changed(changed: list[Listed], words: int, wrong: Sequence[Wrong], output: Format) -> None:
    listed = sum(one.lifted is None for one in changed)
    if output is Format.json:
        refused = [one._asdict() for one in wrong]
        print_json({"given": words, "listed": listed, "lifted": len(changed) - listed, "refused": refused})
        return
    for one in wrong:
        typer.echo(f"line {one.line} is refused: {one.why}", err=True)
    end = f", {len(wrong):,} lines refused: mend them and import the file again" if wrong else ""
    typer.echo(f"{listed:,} listed, {len(changed) - listed:,} taken back, {words - len(changed):,} as they were{end}")
