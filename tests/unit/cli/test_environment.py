"""Staging starts with a safe list only, in every command that sends."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrator.cli import app
from orchestrator.errors import UsageError


@pytest.mark.parametrize("command", ["serve", "worker"])
@pytest.mark.parametrize("way", ["option", "variable"])
def test_staging_without_a_safe_list_does_not_start(command: str, way: str, tmp_path: Path) -> None:
    option = ["--environment", "staging"] if way == "option" else []
    variables = {} if way == "option" else {"ORCHESTRATOR_ENVIRONMENT": "staging"}
    result = CliRunner().invoke(app, [command, str(tmp_path), *option], env=variables)
    assert isinstance(result.exception, UsageError)
    assert "this is staging, and ORCHESTRATOR_SAFE_LIST does not say whom it may reach" in str(result.exception)
