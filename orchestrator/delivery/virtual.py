"""The wire of a replay: the file channel stands for every channel and accepts at once; nothing leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.domain.input import Outcome
from orchestrator.domain.outgoing import Outgoing, describe
from orchestrator.domain.profile import Call, Message
from orchestrator.domain.program import Program
from orchestrator.partition.ports import Record

Answers = Callable[[Call], Outcome | None]
"""What a webhook answers; None: nothing."""


def sampled(samples: Mapping[str, dict[str, Any]]) -> Answers:
    """Every webhook answers at once, with the sample of its sender."""
    return lambda call: Outcome(call.id, "accepted", answer=samples.get(call.to, {}))


class VirtualWire:
    """Accepts every message; `look` sees each of them as a channel would. `answers` stands for the other systems."""

    def __init__(self, look: Callable[[Outgoing], None] | None = None, answers: Answers | None = None) -> None:
        self._look = look
        self._answers = answers or sampled({})

    def hand_over(self, program: Program, record: Record, message: Message | Call, not_after: int, now: int) -> Outcome | None:
        if isinstance(message, Call):
            return self._answers(message)
        if self._look is not None:
            self._look(describe(program, record.profile, message, not_after, now, record.key))
        return Outcome(message.id, "accepted")
