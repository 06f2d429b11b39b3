"""The state file as the console sees it: looks of one request each, and the programs in it, compiled once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from orchestrator.authoring import Workspace, load_snapshot
from orchestrator.console.limits import PROGRAMS_KEPT
from orchestrator.console.measures import Desk
from orchestrator.domain.input import Control
from orchestrator.domain.program import Program
from orchestrator.stores.orders import put_order
from orchestrator.stores.reader import SqliteReader, open_reader

Order = Callable[[Path, Control], None]
"""Gives an order beside that file; it is durable when it returns. StoreError where it is not taken."""


@dataclass(slots=True)
class State:
    """One state file. Several threads may ask at once."""

    path: Path
    address_key: bytes = field(default=b"", repr=False)
    """The settings' key of the address list; empty where the file keeps its own."""
    order: Order = put_order
    desk: Desk = None  # type: ignore[assignment]
    """Who works measures out; this file's own where none is given."""
    _compiled: OrderedDict[str, Workspace] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.desk = self.desk or Desk(self.path)

    @contextmanager
    def looked_at(self) -> Iterator[SqliteReader]:
        """A reader for one request. StoreError where there is no such file."""
        with open_reader(self.path) as reader:
            yield reader

    def tell(self, control: Control) -> None:
        """Give the engine an order; it is durable when this returns."""
        self.order(self.path, control)

    def workspace(self, reader: SqliteReader, name: str) -> Workspace | None:
        """A workspace that was live in the file, compiled."""
        with self._lock:
            if name in self._compiled:
                self._compiled.move_to_end(name)
                return self._compiled[name]
            content = reader.program(name) if name else None
            if content is None:
                return None
            self._compiled[name] = load_snapshot(content)
            if len(self._compiled) > PROGRAMS_KEPT:
                self._compiled.popitem(last=False)
            return self._compiled[name]

    def live(self, reader: SqliteReader) -> Workspace | None:
        """The workspace that is live now; None where none ever was."""
        return self.workspace(reader, reader.standing().program)

    def program(self, reader: SqliteReader, name: str) -> Program | None:
        """A program that was live in the file."""
        found = self.workspace(reader, name)
        return None if found is None else found.program
