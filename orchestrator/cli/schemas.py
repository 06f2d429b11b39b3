"""`orchestrator schemas WORKSPACE`: JSON Schemas for editors, with the workspace's own names in them."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.authoring.editing import FOLDER, write_schemas
from orchestrator.cli.options import Workspace
from orchestrator.errors import UsageError


def schemas(
    workspace: Workspace,
    lines: Annotated[bool, typer.Option(help="Put the line by which editors find them before each file that lacks it.")] = True,  # noqa: FBT002 - typer's flags
) -> None:
    """Write schemas for editors into .schemas: completion offers this workspace's events, templates, stages, traits.

    `orchestrator check` keeps them up to date from then on.
    """
    if not workspace.is_dir():
        raise UsageError(f"there is no folder {workspace}")
    try:
        written, lined = write_schemas(workspace, lines=lines)
    except OSError as error:
        raise UsageError(f"{workspace / FOLDER} cannot be written: {error.strerror}") from error
    typer.echo(f"{workspace / FOLDER}: {written} schemas written; {lined} files were given the line that leads there")
