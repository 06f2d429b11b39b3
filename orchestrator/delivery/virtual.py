"""The wire of a replay: the file channel stands for every channel and accepts at once; nothing leaves."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.domain.input import Outcome
from orchestrator.domain.outgoing import Outgoing, describe
from orchestrator.domain.profile import Message
from orchestrator.domain.program import Program
from orchestrator.partition.ports import Record


class VirtualWire:
    """Accepts every message; `look` sees each of them as a channel would."""

    def __init__(self, look: Callable[[Outgoing], None] | None = None) -> None:
        self._look = look

    def hand_over(self, program: Program, record: Record, message: Message, not_after: int, now: int) -> Outcome | None:
        if self._look is not None:
            self._look(describe(program, record.profile, message, not_after, now, record.key))
        return Outcome(message.id, "accepted")
