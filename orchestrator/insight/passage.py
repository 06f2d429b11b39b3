"""How a message came through the gates, in their order: what each said of each channel that was tried, and on what grounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from orchestrator.domain import gates
from orchestrator.domain.calendar import local_date, zone_of
from orchestrator.domain.consent import question, ruling_word
from orchestrator.domain.ledger import CLEARED
from orchestrator.domain.moment import Moment
from orchestrator.domain.policies import Cap
from orchestrator.domain.profile import Consent, Message

ORDER = ("kill", "pause", "expiry", "suppression", "address", "consent", "hold", "identity", "cap", "quiet", "permit")
_WHOLE = ("kill", "pause", "expiry")
"""Gates that look at the message, whatever its channel."""
_NEVER = ("expiry", "suppression", "address", "consent", "hold")
_MARKETING = ("consent", "hold", "identity", "cap", "quiet")
"""Gates that transactional messages skip."""

Said = Literal["allow", "defer", "block", "skipped", "later", "not_asked"]
"""`later`: nothing speaks against it here, and the address list is asked when it is handed over."""


@dataclass(frozen=True, slots=True)
class CapState:
    """A cap that counts the message: when the messages went out that it counts now, and when it has room again."""

    cap: Cap
    sent: tuple[int, ...]
    room_at: int | None
    """None where it has room now, or never."""

    @property
    def full(self) -> bool:
        return len(self.sent) >= self.cap.at_most


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the gates looked at, for one message on one channel."""

    topic: str | None = None
    consent: Consent | None = None
    """The word that rules, None where nothing was said."""
    asked: Consent | None = None
    """What was given and waits for its confirmation."""
    snoozed: int | None = None
    """Until when the customer wants no marketing."""
    assumed: bool = False
    holds: tuple[str, ...] = ()
    """Those that stop it."""
    caps: tuple[CapState, ...] = ()
    quiet: tuple[int, int] | None = None
    """Minutes of the day."""
    day_off: str | None = None
    zone: str = "UTC"
    """The recipient's."""
    expires_at: int = 0


@dataclass(frozen=True, slots=True)
class Passage:
    """One channel that was tried: (gate, what it said) in the order of the gates."""

    channel: str
    said: tuple[tuple[str, Said], ...]
    grounds: Grounds


def passage_of(moment: Moment, message: Message, channel: str, gate: str | None) -> tuple[Passage, ...]:
    """The channels that were tried, in order, for a verdict on `channel` with the stopping `gate`."""
    tried = [message.channel] if message.attempted else message.channels
    if gate in _WHOLE or channel not in tried:
        return (_passage(moment, message, channel, gate),)
    given_up = tried[: tried.index(channel)] if gate not in _NEVER else tried
    stops = {one: gates.never(moment, message, one) for one in given_up}
    passages = [_passage(moment, message, one, stop) for one, stop in stops.items() if stop is not None]
    return tuple(passages) if gate in _NEVER else (*passages, _passage(moment, message, channel, gate))


def _passage(moment: Moment, message: Message, channel: str, gate: str | None) -> Passage:
    return Passage(channel, tuple(_said(moment, message, gate)), _grounds(moment, message, channel))


def _said(moment: Moment, message: Message, stop: str | None) -> Iterator[tuple[str, Said]]:
    """Those before the one that stopped it let it pass, those after it were not asked.

    Who waits for no other id, which is everybody where all partitions are one engine's, was never asked for one.
    """
    stopped = False
    for gate in ORDER:
        if gate == "identity" and not moment.profile.links:
            continue
        if gate == stop:
            stopped = True
            yield gate, "block" if gate in _NEVER else "defer"
        elif stopped:
            yield gate, "not_asked"
        else:
            yield gate, _passed(moment, message, gate)


def _passed(moment: Moment, message: Message, gate: str) -> Said:
    if gate == "suppression" and message.state != CLEARED:
        return "later" if moment.controls.addresses else "skipped"
    return "skipped" if _skips(moment, message, gate) else "allow"


def _skips(moment: Moment, message: Message, gate: str) -> bool:
    if gate == "address":
        return not moment.controls.addresses
    return gate in _MARKETING and message.cls == "transactional"


def _grounds(moment: Moment, message: Message, channel: str) -> Grounds:
    policies, zone = moment.program.policies, str(gates.quiet_zone(moment, channel))
    if message.cls == "transactional":
        return Grounds(message.topic, zone=zone, expires_at=message.expires_at)
    hours, topic = policies.quiet.get(channel), policies.topics.get(message.topic or "")
    day = local_date(moment.now, gates.quiet_zone(moment, channel))
    return Grounds(
        topic=message.topic,
        consent=ruling_word(moment.profile, message.topic, channel),
        asked=question(moment.profile, message.topic, channel),
        snoozed=moment.profile.snooze.until if moment.profile.snooze is not None else None,
        assumed=topic is not None and topic.assumed,
        holds=tuple(hold.name for hold in gates.holds_on(moment, message)),
        caps=tuple(_caps(moment, message, channel)),
        quiet=None if hours is None else (hours.start, hours.end),
        day_off=day if day in policies.days_off else None,
        zone=zone if zone_of(zone) is not None else "UTC",
        expires_at=message.expires_at,
    )


def _caps(moment: Moment, message: Message, channel: str) -> Iterator[CapState]:
    counted = gates.counted_before(moment, message)
    for cap in gates.caps_of(moment, message, channel):
        sent = gates.inside_of(cap, counted, moment.now)
        full = cap.at_most > 0 and len(sent) >= cap.at_most
        yield CapState(cap, tuple(sent), sent[len(sent) - cap.at_most] + cap.per if full else None)
