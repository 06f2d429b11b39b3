"""What integration tests share."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from orchestrator.stores.kafka.java import JarsAbsent
from tests.integration.own_broker import shared_broker

TOLD_CHARS = 3_000
"""Of each log."""


@pytest.fixture(scope="session")
def brokers(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """The address of a real broker, one for all processes of this run."""
    base: Path = tmp_path_factory.getbasetemp()
    try:
        with shared_broker((base if worker_id == "master" else base.parent) / "kafka") as running:
            yield running.address
    except JarsAbsent as error:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(f"NOT TESTED, the distributed store: {error}", stacklevel=1)
        pytest.skip(str(error))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the processes of a test that failed have said, as far as it stands in its folder, is part of its report."""
    report = yield
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if report.failed and folder is not None:
        for log in sorted(folder.rglob("*.log")):
            report.sections.append((log.name, log.read_text("utf-8", "replace")[-TOLD_CHARS:]))
    return report
