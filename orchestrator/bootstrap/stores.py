"""A store for commands that feed an engine themselves."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from orchestrator.errors import UsageError
from orchestrator.partition.ports import Store, Stored
from orchestrator.stores.kafka import require_extra
from orchestrator.stores.lock import claimed, only_writer
from orchestrator.stores.memory import MemoryFile
from orchestrator.stores.sqlite import SqliteFile

StoreKind = Literal["memory", "sqlite", "kafka"]


@dataclass(frozen=True, slots=True)
class OpenStore:
    """A store opened for one engine: its partitions, and a look at every profile."""

    partitions: Sequence[Store]
    every_profile: Callable[[], Iterable[tuple[int, Stored]]]
    file: MemoryFile | SqliteFile


@contextmanager
def open_store(kind: StoreKind, partitions: int, state: Path | None = None, brokers: str | None = None) -> Iterator[OpenStore]:
    """Open a store; an SQLite one without a state file, and one on Kafka, are gone when this ends."""
    if kind != "sqlite" and state is not None:
        message = "--state keeps an SQLite file; leave --store out or say `--store sqlite`"
        raise UsageError(message)
    if kind == "kafka":
        with _on_kafka(partitions, brokers) as opened:
            yield opened
        return
    if kind == "memory":
        memory = MemoryFile(keep_journal=False)
        yield OpenStore([memory.partition(number) for number in range(partitions)], memory.every_profile, memory)
        return
    with tempfile.TemporaryDirectory(prefix="orchestrator-") as folder:
        path = state or Path(folder) / "state.sqlite"
        with claimed(path, "replay"), only_writer(path):
            file = SqliteFile(path, partitions=partitions, synchronous="FULL" if state is not None else "OFF")
            try:
                yield OpenStore([file.partition(number) for number in range(partitions)], file.every_profile, file)
            finally:
                file.close()


@contextmanager
def _on_kafka(partitions: int, brokers: str | None) -> Iterator[OpenStore]:
    require_extra()
    from orchestrator.stores.kafka.rehearsing import rehearse  # noqa: PLC0415 - it needs the extra

    if brokers is None:
        message = "a store on Kafka needs --brokers HOST:PORT; `orchestrator kafka start` starts one to develop against"
        raise UsageError(message)
    with tempfile.TemporaryDirectory(prefix="orchestrator-") as folder, rehearse(brokers, partitions, Path(folder)) as on:
        yield OpenStore(on.stores(), on.every_profile, on.file)
