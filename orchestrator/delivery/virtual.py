"""The wire of a replay: the file channel stands for every channel and accepts at once; nothing leaves."""

from __future__ import annotations

from orchestrator.domain.input import Outcome
from orchestrator.domain.profile import Message
from orchestrator.domain.program import Program
from orchestrator.partition.ports import Record


class VirtualWire:
    """Accepts every message."""

    def hand_over(self, _program: Program, _record: Record, message: Message, _not_after: int, _now: int) -> Outcome | None:
        return Outcome(message.id, "accepted")
