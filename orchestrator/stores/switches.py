"""The switches of a state file as a process beside the engine sees them: what stands, and what was ordered a moment ago.

It is looked at just before the socket, so an operator's word holds for what the engine has given leave to already.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from orchestrator.domain.moment import Controls
from orchestrator.domain.outgoing import Outgoing
from orchestrator.partition.engine import turned
from orchestrator.stores.orders import orders_in

LOOK_S = 0.02
"""Between two looks at the file."""


@dataclass(slots=True)
class Switches:
    """Fails closed: while the file cannot be read, nothing leaves. Channels may ask from threads of their own."""

    path: Path
    providers: Mapping[str, str]
    """channel → its adapter."""
    _connection: sqlite3.Connection | None = None
    _controls: Controls | None = field(default=None)
    _looked: float = 0.0
    _one_looks: threading.Lock = field(default_factory=threading.Lock)

    def let(self, message: Outgoing) -> bool:
        """Whether no switch holds this message back now."""
        controls = self._now()
        if controls is None or controls.kill or controls.paused:
            return False
        named = (
            (message.campaign, controls.campaigns),
            (message.channel, controls.channels),
            (message.person, controls.profiles),
            (self.providers.get(message.channel), controls.providers),
        )
        return not any(name in held for name, held in named)

    def _now(self) -> Controls | None:
        with self._one_looks:
            now = time.monotonic()
            if now - self._looked >= LOOK_S or self._controls is None:
                self._looked = now
                try:
                    self._controls = self._read()
                except (sqlite3.Error, msgspec.MsgspecError):
                    self._controls = self._connection = None
            return self._controls

    def _read(self) -> Controls:
        if self._connection is None:
            uri = f"{self.path.absolute().as_uri()}?mode=ro"
            self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        self._connection.execute("begin")  # an order is taken and stands in one commit: both are read as of one moment
        try:
            row = self._connection.execute("select value from facts where name = 'controls'").fetchone()
            controls = msgspec.json.decode(row[0], type=Controls) if row else Controls()
            for _, order in orders_in(self._connection):
                controls = turned(controls, order)
        finally:
            self._connection.execute("rollback")
        return controls
