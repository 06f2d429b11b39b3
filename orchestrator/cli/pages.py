"""Where a process without a door of its own shows its pages."""

from __future__ import annotations

from orchestrator.intake.listening import listening
from orchestrator.stores.kafka.shell import Listening


def pages_at(host: str, port: int) -> Listening:
    """The place of its pages. AddressError where another process has it: that is better told before anything is begun."""
    for one in listening(host, port):
        one.close()
    return Listening(host, port)
