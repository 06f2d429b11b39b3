"""What integration tests share."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.stores.kafka.java import JarsAbsent
from tests.integration.own_broker import shared_broker


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
