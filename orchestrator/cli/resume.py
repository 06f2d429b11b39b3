"""`orchestrator resume`: what was paused goes on."""

from __future__ import annotations

from orchestrator.cli.switches import SUBJECTS, switching

resume = switching(
    "resume",
    "End a pause of everything, or of one campaign, channel, customer or provider. What it held back is counted first, and"
    " looked at again.",
    *SUBJECTS,
    "yes",
)
