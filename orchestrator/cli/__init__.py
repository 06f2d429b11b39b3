"""The command line: one file a command. Results on stdout, progress and logs on stderr.

Exit codes: 0 fine, 1 errors found or failures, 2 wrong usage.
"""

from __future__ import annotations

import sys

import typer

from orchestrator.cli.check import check
from orchestrator.cli.demo import demo
from orchestrator.cli.events import events
from orchestrator.cli.explain import explain
from orchestrator.cli.init import init
from orchestrator.cli.replay import replay
from orchestrator.cli.scenarios import test
from orchestrator.cli.serve import engine, serve
from orchestrator.errors import OrchestratorError, UsageError, WorkspaceError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Event-driven journey orchestration: where each customer stands in the CX wheel, and what they get next.",
)
for _command in (demo, init, check, test, replay, explain, events, serve):
    app.command()(_command)
app.command(hidden=True)(engine)


def main() -> None:
    """Run a command; what a person can mend is told without a traceback."""
    try:
        app()
    except WorkspaceError as error:
        for finding in error.findings:
            print(finding, file=sys.stderr)  # noqa: T201 - the command line's own voice
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except OrchestratorError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2 if isinstance(error, UsageError) else 1)
