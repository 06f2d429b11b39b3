"""Consent: the latest word on a topic and channel rules, by (occurred_at, message id)."""

from __future__ import annotations

from orchestrator.domain.input import Event
from orchestrator.domain.policies import Policies
from orchestrator.domain.profile import Consent, Profile

GIVEN = "Consent Given"
WITHDRAWN = "Consent Withdrawn"
EVERY_CHANNEL = "*"


def fold_consent(profile: Profile, event: Event) -> None:
    """Note what a built-in consent event says."""
    if event.name not in (GIVEN, WITHDRAWN):
        return
    topic = event.properties.get("topic")
    if not isinstance(topic, str):
        return
    channel = event.properties.get("channel")
    word = Consent(event.name == GIVEN, event.occurred_at, event.message_id)
    words = profile.consents.setdefault(topic, {})
    place = channel if isinstance(channel, str) else EVERY_CHANNEL
    known = words.get(place)
    if known is None or (known.at, known.id) < (word.at, word.id):
        words[place] = word


def consented(policies: Policies, profile: Profile, topic: str | None, channel: str) -> bool:
    """Whether this profile may get messages of that topic on that channel."""
    if topic is None:
        return False
    words = profile.consents.get(topic, {})
    heard = [word for place in (channel, EVERY_CHANNEL) if (word := words.get(place)) is not None]
    if heard:
        return max(heard, key=lambda word: (word.at, word.id)).given
    rule = policies.topics.get(topic)
    return rule is not None and rule.assumed
