"""The shop that the console's tests look at: made once, and copied for who acts in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.shop import Shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A week of a small shop. Who acts in it leaves it as it was."""
    found = Shop(tmp_path_factory.mktemp("shop"), days=6)
    found.lives(12)
    found.poison()
    yield found
    found.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Shop]:
    """A shop that nobody has been in."""
    found = Shop(tmp_path, days=0)
    yield found
    found.close()
