"""Consent: the latest word on a topic and channel rules, by (occurred_at, message id). And how long marketing is snoozed."""

from __future__ import annotations

from orchestrator.domain.calendar import instant_of
from orchestrator.domain.input import Event
from orchestrator.domain.limits import DAY_MS, SNOOZE_MAX_DAYS
from orchestrator.domain.policies import Policies
from orchestrator.domain.profile import Consent, Profile, Snooze

GIVEN = "Consent Given"
WITHDRAWN = "Consent Withdrawn"
CONFIRMED = "Consent Confirmed"
"""Says of a topic with double opt-in that the recipient has confirmed what was given for them."""
SNOOZED = "Marketing Snoozed"
"""`days` from when it occurred, or `until` an instant: no marketing; none or in the past ends it."""
WORDS = frozenset({GIVEN, WITHDRAWN, CONFIRMED, SNOOZED})
EVERY_CHANNEL = "*"


def fold_consent(profile: Profile, event: Event, policies: Policies) -> None:
    """Note what a built-in event says of consent."""
    if event.name not in WORDS:
        return
    if event.name == SNOOZED:
        _snooze(profile, event)
        return
    topic, channel = event.properties.get("topic"), event.properties.get("channel")
    if not isinstance(topic, str):
        return
    word = Consent(event.name != WITHDRAWN, _said_at(event), event.message_id)
    place = channel if isinstance(channel, str) else EVERY_CHANNEL
    rule = policies.topics.get(topic)
    if event.name == GIVEN and rule is not None and rule.double:
        _ask(profile, topic, place, word)
    else:
        _put(profile.consents.setdefault(topic, {}), place, word)
        forget_answered(profile, topic)


def _said_at(event: Event) -> int:
    """When it was said: not after it was received, whatever the sender's clock shows, or a later end would count as earlier."""
    return min(event.occurred_at, event.received_at or event.occurred_at)


def _ask(profile: Profile, topic: str, place: str, word: Consent) -> None:
    """It waits for its confirmation, unless it stands already or was answered since."""
    ruling = ruling_word(profile, topic, place)
    if ruling is None or (not ruling.given and (ruling.at, ruling.id) < (word.at, word.id)):
        _put(profile.asked.setdefault(topic, {}), place, word)


def _put(words: dict[str, Consent], place: str, word: Consent) -> None:
    known = words.get(place)
    if known is None or (known.at, known.id) < (word.at, word.id):
        words[place] = word


def forget_answered(profile: Profile, topic: str) -> None:
    """A question that a later word has answered waits no more."""
    asked = profile.asked.get(topic)
    if asked is None:
        return
    for place, word in list(asked.items()):
        ruling = ruling_word(profile, topic, place)
        if ruling is not None and (ruling.given or (ruling.at, ruling.id) >= (word.at, word.id)):
            del asked[place]
    if not asked:
        del profile.asked[topic]


def join_consents(profile: Profile, other: Profile) -> None:
    """What either side said counts for the one that they turn out to be."""
    for own, theirs in ((profile.consents, other.consents), (profile.asked, other.asked)):
        for topic, words in theirs.items():
            for place, word in words.items():
                _put(own.setdefault(topic, {}), place, word)
    for topic in list(profile.asked):
        forget_answered(profile, topic)
    if other.snooze is not None:
        _put_snooze(profile, other.snooze)


def _snooze(profile: Profile, event: Event) -> None:
    days, until, at = event.properties.get("days"), instant_of(event.properties.get("until")), _said_at(event)
    if isinstance(days, int) and not isinstance(days, bool):
        until = at + max(0, days) * DAY_MS
    _put_snooze(profile, Snooze(min(until or 0, at + SNOOZE_MAX_DAYS * DAY_MS), at, event.message_id))


def _put_snooze(profile: Profile, word: Snooze) -> None:
    known = profile.snooze
    if known is None or (known.at, known.id) < (word.at, word.id):
        profile.snooze = word


def ruling_word(profile: Profile, topic: str | None, channel: str) -> Consent | None:
    """The word that rules on that topic and channel; None where nothing was said."""
    words = profile.consents.get(topic or "")
    if not words:
        return None
    heard = [word for place in (channel, EVERY_CHANNEL) if (word := words.get(place)) is not None]
    return max(heard, key=lambda word: (word.at, word.id), default=None)


def question(profile: Profile, topic: str | None, channel: str) -> Consent | None:
    """What was given for that topic and channel and waits for its confirmation."""
    asked = profile.asked.get(topic or "", {})
    return asked.get(channel) or asked.get(EVERY_CHANNEL)


def consented(policies: Policies, profile: Profile, topic: str | None, channel: str) -> bool:
    """Whether this profile may get messages of that topic on that channel."""
    if topic is None:
        return False
    word = ruling_word(profile, topic, channel)
    if word is not None:
        return word.given
    rule = policies.topics.get(topic)
    return rule is not None and rule.assumed
