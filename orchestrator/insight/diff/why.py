"""Why a message that one workspace sends is not sent by the other, as far as its own decisions tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.domain.campaign import Campaign
from orchestrator.insight.diff.pairs import Change
from orchestrator.insight.diff.side import Mail, Run, Side
from orchestrator.insight.reasons import REASONS

_ENDED = {
    **{name: REASONS[name] for name in ("exit", "goal", "while")},
    "held_out": "the customer was held out",
    "done": "the run ended on another way",
    "": "the run has not come to that step",
}


@dataclass(slots=True)
class Other:
    """The workspace that may lack a message: its campaigns as they are compared; its runs by customer, campaign and time."""

    which: str
    campaigns: Mapping[str, Campaign]
    _runs: dict[tuple[str, str, int], Run] = field(default_factory=dict)

    @classmethod
    def of(cls, which: str, side: Side, names: dict[int, str]) -> Other:
        runs = {(names.get(side.home(run.key), ""), run.campaign, run.begun): run for run in side.runs.values()}
        return cls(which, {side.renamed.get(name, name): one for name, one in side.program.campaigns.items()}, runs)

    def lacks(self, profile: str, mail: Mail, counterpart: Mail | None) -> str:
        """Why this workspace did not send it: what stopped its own message, else its run, else that there was none."""
        if counterpart is not None:
            reason = REASONS.get(counterpart.reason or "", counterpart.reason)
            waits = "still waits" if counterpart.state == "planned" else counterpart.state
            return f"{self.which}: {waits}{f' - {reason}' if reason else ''}"
        campaign = self.campaigns.get(mail.campaign)
        if campaign is None:
            return f"{self.which}: no campaign {mail.campaign}"
        run = self._runs.get((profile, mail.campaign, mail.begun))
        if run is None:
            return f"{self.which}: {mail.campaign} did not start then"
        if all(node.id != mail.step for node in campaign.steps.nodes) and run.ended != "held_out":
            return f"{self.which}: no step {mail.step} in {mail.campaign}"
        return f"{self.which}: {_ENDED.get(run.ended, run.ended)}"


def why(profile: str, change: Change, old: Other, new: Other) -> str:
    """Why the message is on one side only; empty where it is on both."""
    if change.kind == "lost" and change.old is not None:
        return new.lacks(profile, change.old, change.new)
    if change.kind == "gained" and change.new is not None:
        return old.lacks(profile, change.new, change.old)
    return ""
