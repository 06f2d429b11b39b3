"""`orchestrator account`: who may log in to the console."""

from __future__ import annotations

import getpass
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.options import system_user
from orchestrator.console.accounts import Role, accounts_of
from orchestrator.console.logbook import GIVEN, REMOVED, logbook_of
from orchestrator.errors import UsageError


def account(
    name: Annotated[str, typer.Argument(help="The account; all are listed without one.", metavar="[NAME]")] = "",
    state: Annotated[
        Path, typer.Option(help="The state file of `serve`; the accounts stand beside it.", metavar="FILE")
    ] = Path("orchestrator.sqlite"),
    role: Annotated[Role, typer.Option(help="viewer: may look; operator: may act as well.")] = Role.viewer,
    remove: Annotated[bool, typer.Option("--remove", help="Remove it; its sessions end at once.")] = False,  # noqa: FBT002
) -> None:
    """Add an account of the console, change its role and password, or remove it.

    The password is asked for, or read from stdin.
    """
    accounts = accounts_of(state)
    if not name:
        for one in accounts.every():
            typer.echo(f"{one.name}  {one.role}")
        return
    now, book = time.time_ns() // 1_000_000, logbook_of(accounts.path)
    if remove:
        accounts.remove(name)
        book.note(REMOVED, name, now, actor=system_user())
        typer.echo(f"{name} is removed")
        return
    accounts.put(name, role, _password(), now)
    book.note(GIVEN, name, now, actor=system_user(), role=role)
    typer.echo(f"{name} may log in to the console as {role}")


def _password() -> str:
    """Asked for twice on a terminal, else the first line of stdin. Never on a command line, which others can read."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != first:
        message = "the two are not the same"
        raise UsageError(message)
    return first
