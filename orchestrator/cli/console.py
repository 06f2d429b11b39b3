"""`orchestrator console`: the operators' pages, a process of its own beside `serve`, or beside workers on Kafka."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from pathlib import Path
from subprocess import Popen
from typing import Annotated

import typer

from orchestrator.cli.options import store_name
from orchestrator.cli.sources import BROKERS, Group, Inputs, Where
from orchestrator.config import read_settings
from orchestrator.console.accounts import accounts_of
from orchestrator.console.following import followed
from orchestrator.console.mirroring import mirrored
from orchestrator.console.running import run_console
from orchestrator.console.server import console_on
from orchestrator.console.state import Order
from orchestrator.errors import StoreError, UsageError
from orchestrator.intake.listening import listening
from orchestrator.stores.kafka import require_extra
from orchestrator.stores.orders import put_order
from orchestrator.stores.reader import SqliteReader

STATE = Path("orchestrator.sqlite")
MIRROR = "mirror.sqlite"
_PATIENCE_S = 60.0
"""How long whoever makes the file may take."""
_LOOK_S = 0.2


def console(
    state: Annotated[
        Path | None, typer.Option(help="The state file of `serve`; orchestrator.sqlite by default.", metavar="FILE")
    ] = None,
    topic: Inputs = None,
    brokers: Where = BROKERS,
    name: Group = None,
    folder: Annotated[
        Path, typer.Option("--dir", help="With --input: where the mirror and the accounts stand.", metavar="DIR")
    ] = Path("console"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 picks a free one.", min=0, max=65_535)] = 8090,
    https: Annotated[  # noqa: FBT002
        bool, typer.Option("--https", help="A proxy in front of it speaks TLS: cookies go by nothing else.")
    ] = False,
    beside: Annotated[int | None, typer.Option("--with-process", help="End when this process has.", hidden=True)] = None,
) -> None:
    """Show operators what happens, and let them stop and mend it. It only reads the state file; what they do are orders in it.

    Of workers on Kafka (--input) it keeps a mirror in DIR/mirror.sqlite, and orders go through Kafka. Accounts are made by
    `orchestrator account`. Without --https it listens on this machine only.
    """
    if not (https or _is_loopback(host)):
        raise UsageError(
            f"--host {host}: passwords would go over the network in the clear; put a TLS proxy before it, and --https"
        )
    if state is not None and topic is not None:
        raise UsageError("name either --state FILE or --input TOPIC")
    order: Order = put_order
    mirror: Popen[bytes] | None = None
    with ExitStack() as doors:
        if topic is None:
            path = state or STATE
            _wait_for(path, "which `orchestrator serve` makes", f"--state {path}: start `serve` on it first")
        else:
            path = folder / MIRROR
            order, mirror = doors.enter_context(_mirrored(path, topic, brokers, name))
            _wait_for(path, "a mirror of the workers", f"{path}: no mirror of what workers keep on {brokers}", mirror)
        app = console_on(path, accounts_of(path), read_settings().address_key, https=https, order=order)
        doors.enter_context(followed(path))
        sockets = [doors.enter_context(one) for one in listening(host, port)]
        ended = asyncio.run(run_console(app, sockets, beside, mirror))
    if ended:
        raise StoreError(f"{path}: its mirror has ended; start the console again, it goes on where it was")


@contextmanager
def _mirrored(path: Path, topic: str, brokers: str, name: str | None) -> Iterator[tuple[Order, Popen[bytes]]]:
    """A mirror at work, and how orders reach the workers."""
    require_extra()
    from orchestrator.bootstrap.mirror import Workers  # noqa: PLC0415 - it needs the extra

    workers = Workers(brokers, topic, name or store_name(topic))
    with mirrored(workers, path) as running:
        yield workers.tell, running


def _wait_for(state: Path, what: str, absent: str, maker: Popen[bytes] | None = None) -> None:
    """Wait until the file is there, where whoever makes it is started at the same time; for a `maker` as long as it lives."""
    begun, told = time.monotonic(), False
    while True:
        try:
            SqliteReader(state).close()
        except sqlite3.Error as error:
            over = time.monotonic() - begun > _PATIENCE_S if maker is None else maker.poll() is not None
            if over:
                raise UsageError(f"{absent} ({error})") from error
            if not told:
                typer.echo(f"waiting for {state}, {what}", err=True)
            told = True
            time.sleep(_LOOK_S)
        else:
            return


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
