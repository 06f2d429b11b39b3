"""What becomes of an attempt whose run has ended meanwhile. The simulation meets this once in some ten thousand worlds."""

from __future__ import annotations

from orchestrator.domain.campaign import Campaign, Node, Pattern, Send, Steps
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.input import EndRuns, Event, HandOff, Outcome, Permit, ProfileInput
from orchestrator.domain.moment import Controls
from orchestrator.domain.program import Program, Wheel

START = 1_750_000_000_000
CAMPAIGN = Campaign(
    "receipt", "a", Steps("v", (Node("0", Send("t", ("email",))),), 0), (Pattern("on", event="Ordered"),), cls="transactional"
)
PROGRAM = Program("p", Wheel("a", ("a",)), campaigns={"receipt": CAMPAIGN})


def test_what_was_not_sent_is_not_tried_again_for_a_run_that_has_ended() -> None:
    profile = newcomer(PROGRAM, START, "u:ada")

    def give(given: ProfileInput) -> None:
        decide(PROGRAM, Controls(addresses=False), profile, given, START)

    give(Event("m", START, name="Ordered", user_id="ada", received_at=START))
    (message,) = profile.messages
    give(HandOff(message.id, Permit(START + 700)))
    assert message.state == "attempting"
    give(EndRuns("operator"))
    assert message.state == "attempting"
    give(Outcome(message.id, "not_sent", retry_at=START + 1_000))
    assert profile.messages == []
    assert profile.tally == {"cancelled": 1}
