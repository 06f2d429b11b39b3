"""Whether the extra is there can be asked at any time."""

from __future__ import annotations

import sys

import pytest

from orchestrator.errors import StoreError
from orchestrator.stores import kafka
from orchestrator.stores.kafka import require_extra


def test_it_is_there_also_where_faust_is_imported_already() -> None:
    pytest.importorskip("faust")
    require_extra()


def test_what_is_absent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kafka._EXTRAS, "kafka", ("no_such_package",))
    with pytest.raises(StoreError, match="no_such_package"):
        require_extra()


def test_what_cannot_be_imported_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jgo", None)
    with pytest.raises(StoreError, match="jgo"):
        require_extra("kafka-broker")
