"""A message with leave to go, described so that another process can render and send it without the profile."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from orchestrator.domain.calendar import iso
from orchestrator.domain.features import ABSENT, value_of
from orchestrator.domain.identity import ADDRESS_TRAITS
from orchestrator.domain.moment import enrolment_view
from orchestrator.domain.profile import Call, Message, Profile
from orchestrator.domain.program import Program
from orchestrator.domain.survey import PLACEHOLDER

_LOCALE_TRAITS = ("locale", "language")


class Outgoing(msgspec.Struct, frozen=True):
    """`context` is what the template may read, or `send`, a webhook's body; `to` an address, or the webhook's sender.

    `not_after` is when the leave runs out, `key` the profile's for the outcome.
    """

    message_id: str
    key: int
    campaign: str
    template: str
    channel: str
    to: str
    locale: str
    not_after: int
    context: dict[str, Any]
    survey: str = ""
    """The survey that the message asks, if any; whoever sends it puts its link into the context."""
    person: str = ""
    """The recipient's raw id."""
    cls: str = ""
    topic: str = ""
    doubted: int = 0
    """When it came into doubt: then it is to be looked for at its provider, and not sent."""
    begun: int = 0
    """Of one in doubt: its attempt began after that."""
    home: int = 0
    """The partition that `key` is the profile's in; whoever sends it says so."""
    trace: str = ""
    """The `traceparent` of the decision that cleared it; empty where nothing is traced."""


_REFERENCE = re.compile("([0-9]{1,9})-([0-9]{1,18})")


def reference_of(home: int, key: int) -> str:
    """What finds a message's profile, in a provider's hands: its partition and its key there. It says nothing of a person."""
    return f"{home}-{key}"


def referred(text: str) -> tuple[int, int] | None:
    """(partition, key) of such a reference; None where it is none."""
    found = _REFERENCE.fullmatch(text)
    return None if found is None else (int(found[1]), int(found[2]))


def describe(program: Program, profile: Profile, message: Message | Call, not_after: int, now: int, key: int) -> Outgoing:
    """Everything that rendering and sending need, as of now."""
    if isinstance(message, Call):
        context = {"send": message.body}
        return Outgoing(message.id, key, message.campaign, "", message.channel, message.to, "", not_after, context)
    address = profile.traits.get(ADDRESS_TRAITS.get(message.channel, message.channel))
    locale = next((found for trait in _LOCALE_TRAITS if isinstance(found := profile.traits.get(trait), str)), None)
    return Outgoing(
        message_id=message.id,
        key=key,
        campaign=message.campaign,
        template=message.template,
        channel=message.channel,
        to=address if isinstance(address, str) else "",
        locale=locale or program.policies.default_locale,
        not_after=not_after,
        context=_context(program, profile, message, now),
        survey=message.survey or "",
        person=f"u:{profile.user_id}" if profile.user_id is not None else f"a:{profile.name}",
        cls=message.cls,
        topic=message.topic or "",
    )


def _context(program: Program, profile: Profile, message: Message, now: int) -> dict[str, Any]:
    values = {feature.name: value_of(profile.folds, feature, now) for feature in program.features}
    features = {name: value for name, value in values.items() if value is not ABSENT}
    stage = {"current": profile.stage, "since": iso(profile.since), "turns": profile.turns}
    run = profile.run(message.enrolment)
    joined = [part.event if part.item is None else part.item for part in message.parts]
    return {
        **message.given,
        "event": message.event,
        **({"items": joined} if joined else {"item": message.item}),
        "profile": {"traits": profile.traits, "features": features, "user_id": profile.user_id},
        "stage": stage if profile.previous is None else {**stage, "previous": profile.previous},
        "enrolment": enrolment_view(run) if run is not None else {},
        "now": iso(now),
        **({"survey": {"url": PLACEHOLDER}} if message.survey else {}),
    }
