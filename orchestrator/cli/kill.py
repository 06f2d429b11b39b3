"""`orchestrator kill`: nothing leaves any more, anywhere, within a second."""

from __future__ import annotations

from orchestrator.cli.switches import switching

kill = switching(
    "kill",
    "Hold everything back, transactional messages too; customers go on being understood, and nothing is lost."
    " --off ends it: what it held back is counted first, and looked at again.",
    "off",
    "yes",
)
