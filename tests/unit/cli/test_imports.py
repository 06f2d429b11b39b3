"""What a process imports: starting is waiting for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

LARGE = {"aiohttp", "rich", "starlette", "twilio", "typer", "uvicorn"}


def imported(statement: str) -> set[str]:
    """Names of the modules that are there after the statement, in a process of its own."""
    program = f"{statement}\nimport sys\nprint(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split())


def test_the_engine_imports_no_command_line_door_or_provider() -> None:
    assert imported("import orchestrator.bootstrap.engine") & LARGE == set()


def test_serve_imports_the_door_only_once_its_engine_is_started() -> None:
    assert imported("import orchestrator.cli.serve") & LARGE == {"typer"}


def test_the_kill_switch_does_not_wait_for_imports() -> None:
    called = "with contextlib.suppress(BaseException): cli.app(['kill', '--state', 'none'])"
    found = imported(f"import contextlib, orchestrator.cli as cli\n{called}")
    assert found & (LARGE | {"pydantic", "aiokafka", "minijinja"}) == {"typer"}


def test_a_command_is_imported_when_it_is_called() -> None:
    commands = {name for name in imported("import orchestrator.cli") if name.startswith("orchestrator.cli.")}
    assert commands == set()


@pytest.mark.parametrize(("typed", "told"), [("serv", "Did you mean 'serve'?"), ("forecast", "No such command 'forecast'.")])
def test_a_command_that_is_none_is_told(typed: str, told: str) -> None:
    command = [sys.executable, "-m", "orchestrator", typed]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert told in ran.stderr
