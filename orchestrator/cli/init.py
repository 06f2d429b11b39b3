"""`orchestrator init DIR`: a workspace to begin with, copied from the shipped one."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from orchestrator.authoring.editing import write_schemas


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.", show_default=False)],
) -> None:
    """Write the shipped workspace into an empty folder, with schemas for editors in .schemas."""
    if folder.exists() and not folder.is_dir():
        _refuse(f"{folder} is a file")
    if folder.is_dir() and any(folder.iterdir()):
        _refuse(f"{folder} is not empty: name a new folder, or empty this one")
    try:
        count = _copy(resources.files("rules") / "library", folder)
        write_schemas(folder)
    except OSError as error:
        _refuse(f"{folder} cannot be written: {error.strerror}")
    typer.echo(f"{count} files written into {folder}. Next: orchestrator check {folder}")


def _refuse(reason: str) -> NoReturn:
    typer.echo(f"error: {reason}", err=True)
    raise typer.Exit(2)


def _copy(source: Traversable, target: Path) -> int:
    """Copy a folder of the package; the number of files."""
    target.mkdir(parents=True, exist_ok=True)
    count = 0
    for entry in source.iterdir():
        if entry.is_dir():
            count += _copy(entry, target / entry.name)
        elif not entry.name.endswith((".py", ".pyc")):
            (target / entry.name).write_bytes(entry.read_bytes())
            count += 1
    return count
