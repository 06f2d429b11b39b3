"""The command line: one file a command, imported when it is called. Results on stdout, progress and logs on stderr.

Exit codes: 0 fine, 1 errors found or failures, 2 wrong usage.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from orchestrator.config import log_form
from orchestrator.errors import OrchestratorError, UsageError, WorkspaceError
from orchestrator.logs import begin, say

COMMANDS = {
    "demo": "demo",
    "init": "init",
    "check": "check",
    "test": "scenarios",
    "replay": "replay",
    "explain": "explain",
    "diff": "diff",
    "read": "read",
    "preview": "preview",
    "schemas": "schemas",
    "events": "events",
    "history": "history",
    "measure": "measure",
    "tasks": "tasks",
    "doubts": "doubts",
    "letters": "letters",
    "end": "end",
    "alarms": "alarms",
    "serve": "serve",
    "console": "console",
    "account": "account",
    "worker": "worker",
    "governor": "governor",
    "publish": "publish",
    "kill": "kill",
    "pause": "pause",
    "resume": "resume",
    "switches": "switchboard",
    "approve": "approve",
    "suppressions": "suppressions",
    "consents": "consents",
    "intake": "intake",
    "bridge": "bridge",
    "kafka": "kafka",
}
"""command → the module that holds a function of its name"""


class _Commands(TyperGroup):
    """Imports a command when it is asked for: each has its own, large surroundings."""

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        del ctx
        if cmd_name not in COMMANDS:
            self.commands = dict.fromkeys(COMMANDS, typer.core.TyperCommand(None))  # "did you mean" looks here
            return None
        module = import_module(f"orchestrator.cli.{COMMANDS[cmd_name]}")
        alone = typer.Typer(add_completion=False)
        alone.command(cmd_name, cls=getattr(module, "Command", None))(getattr(module, cmd_name))
        return typer.main.get_command(alone)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Event-driven journey orchestration: where each customer stands in the CX wheel, and what they get next.",
)


@app.callback()
def _orchestrator() -> None:
    """Show the commands even where none is registered before it is called."""


def main() -> None:
    """Run a command; what a person can mend is told without a traceback."""
    try:
        begin(log_form())
        app()
    except WorkspaceError as error:
        for finding in error.findings:
            say(str(finding))
        say(str(error))
        sys.exit(1)
    except OrchestratorError as error:
        say(f"error: {error}")
        sys.exit(2 if isinstance(error, UsageError) else 1)
