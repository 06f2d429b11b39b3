"""`orchestrator pause`: campaigns take no more steps, or a channel no more messages."""

from __future__ import annotations

from orchestrator.cli.switches import SUBJECTS, switching

pause = switching(
    "pause",
    "Pause everything, or one campaign, channel, customer or provider: entries and exits go on, steps do not."
    " `orchestrator resume` ends it.",
    *SUBJECTS,
)
