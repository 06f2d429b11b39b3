"""One message before the gates at one instant, for tests of what they say."""

from __future__ import annotations

from typing import Any

from orchestrator.domain.decide import newcomer
from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Event
from orchestrator.domain.moment import Controls, Moment
from orchestrator.domain.policies import Policies, Topic
from orchestrator.domain.profile import Message
from orchestrator.domain.program import Feature, Program, Wheel

HOUR = 3_600_000
DAY = 24 * HOUR
NOON = 20_000 * DAY + 12 * HOUR
"""2024-10-04 12:00 UTC, a Friday."""
TOPICS = {"news": Topic("news", assumed=True), "offers": Topic("offers")}


def moment(
    now: int = NOON,
    controls: Controls | None = None,
    event: Event | None = None,
    features: tuple[Feature, ...] = (),
    traits: dict[str, Any] | None = None,
    *,
    visit: bool = False,
    **policies: Any,
) -> Moment:
    """Of one in UTC who has both addresses, in a workspace with these policies."""
    program = Program("p", Wheel("a", ("a",)), features=features, policies=Policies(TOPICS, **policies))
    profile = newcomer(program, NOON, "u:ada")
    own = {"email": "ada@example.com", "phone": "+390212345678", "timezone": "UTC"}
    profile.traits = own if traits is None else traits
    return Moment(program, controls or Controls(), profile, now, "cause", Decision(), event=event, visit=visit)


def message(*channels: str, **more: Any) -> Message:
    """One of news, that lives for three days."""
    listed = list(channels) or ["email", "sms"]
    own = {"id": "m", "channels": listed, "planned_at": NOON, "expires_at": NOON + 3 * DAY, "cls": "marketing", "topic": "news"}
    return Message(enrolment="e", campaign="c", step="s", template="t", order=0, **(own | more))
