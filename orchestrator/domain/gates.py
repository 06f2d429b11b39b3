"""The gates that a message passes, in order, at planning and again at hand-off.

kill → pause → expiry → suppression → address → consent → hold → identity → cap and quiet together → permit. Each answers
allow, not before an instant, or never. *Never* tries the next preferred channel; *not before* never changes the channel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from zoneinfo import ZoneInfo

from orchestrator.domain.calendar import local_date, next_midnight, quiet_until, zone_of
from orchestrator.domain.consent import consented
from orchestrator.domain.identity import ADDRESS_TRAITS, waits_until
from orchestrator.domain.limits import SLOT_SEARCH
from orchestrator.domain.moment import Moment
from orchestrator.domain.policies import Cap, Hold
from orchestrator.domain.profile import Counted, HoldState, Message
from orchestrator.domain.zones import zones_of
from rules import Condition

_UTC = ZoneInfo("UTC")
SNOOZE = Hold("snooze", Condition(rule=True, value=lambda _: True, holds=lambda _: True), frozenset({"marketing"}))
"""The hold that a customer asks for."""


@dataclass(frozen=True, slots=True)
class Allow:
    channel: str


@dataclass(frozen=True, slots=True)
class Defer:
    """Not before `until`; None where no instant is known."""

    gate: str
    until: int | None
    channel: str


@dataclass(frozen=True, slots=True)
class Block:
    gate: str
    channel: str


Verdict = Allow | Defer | Block


def judge(moment: Moment, message: Message) -> Verdict:
    """What the gates say of this message now."""
    verdict = _verdict(moment, message)
    if moment.witness is not None:
        moment.witness.judged(moment, message, verdict.channel, None if isinstance(verdict, Allow) else verdict.gate)
    return verdict


def _verdict(moment: Moment, message: Message) -> Verdict:
    channels = [message.channel] if message.attempted else message.channels
    if moment.controls.kill:
        return Defer("kill", None, channels[0])
    if moment.controls.pauses(message.campaign, moment.profile):
        return Defer("pause", None, channels[0])
    if moment.now >= message.expires_at:
        return Block("expiry", channels[0])
    first: Block | None = None
    for channel in channels:
        gate = never(moment, message, channel)
        if gate is None:
            return _when(moment, message, channel)
        first = first or Block(gate, channel)
    assert first is not None  # noqa: S101 - a send names at least one channel
    return first


def never(moment: Moment, message: Message, channel: str) -> str | None:
    """The gate that says never on this channel, None where none does."""
    profile = moment.profile
    if channel in profile.suppressed or channel in message.barred:
        return "suppression"
    if moment.controls.addresses and not profile.traits.get(ADDRESS_TRAITS.get(channel, channel)):
        return "address"
    if message.cls == "transactional":
        return None
    if not consented(moment.program.policies, profile, message.topic, channel):
        return "consent"
    if next(holds_on(moment, message), None) is not None:
        return "hold"
    return None


def holds_on(moment: Moment, message: Message) -> Iterator[Hold]:
    """The holds that stop this message now: a snooze, then in the order of the file."""
    snooze = moment.profile.snooze
    if snooze is not None and moment.now < snooze.until:
        yield SNOOZE
    yield from (hold for hold in moment.program.policies.holds if _held(moment, hold, message))


def _held(moment: Moment, hold: Hold, message: Message) -> bool:
    if message.campaign in hold.except_campaigns:
        return False
    if "marketing" not in hold.stops and message.topic not in hold.stops:
        return False
    if hold.duration is None:
        return moment.holds(hold.condition, f"hold {hold.name}")
    state = moment.profile.holds.get(hold.name)
    return state is not None and state.since is not None and moment.now < state.since + hold.duration


def _may_have_turned(moment: Moment, hold: Hold) -> bool:
    """Whether this input may have changed what the hold's condition reads."""
    index = moment.program.index
    needs = index.needs_of(hold.condition)
    if not needs.steady or moment.event is None:
        return not needs.steady or moment.visit
    changed = index.features.get(moment.event.name, ())
    return any(feature.name in needs.features for feature in changed)


def note_holds(moment: Moment) -> None:
    """Start the clock of each timed hold whose condition has turned true."""
    for hold in moment.program.index.timed_holds:
        state = moment.profile.holds.get(hold.name)
        if state is not None and not _may_have_turned(moment, hold):
            continue
        true = moment.holds(hold.condition, f"hold {hold.name}")
        if state is None:
            moment.profile.holds[hold.name] = HoldState(true=true, since=moment.now if true else None)
        elif state.true != true:
            moment.profile.holds[hold.name] = HoldState(true=true, since=moment.now if true else state.since)


def _when(moment: Moment, message: Message, channel: str) -> Verdict:
    """Caps and quiet hours, solved together for the next instant that satisfies both; before, what else only delays."""
    if channel in moment.controls.channels:
        return Defer("pause", None, channel)
    if message.cls == "transactional":
        return Allow(channel)
    waits = waits_until(moment.profile, moment.now) if moment.profile.links else None
    if waits is not None:
        return Defer("identity", waits, channel)
    caps, counted = caps_of(moment, message, channel), counted_before(moment, message)
    capped = _caps_allow(caps, counted, moment.now)
    if capped == moment.now and _quiet_allows(moment, channel, moment.now) == moment.now:
        return Allow(channel)
    return Defer("cap" if capped != moment.now else "quiet", _slot(moment, caps, counted, channel, message.expires_at), channel)


def caps_of(moment: Moment, message: Message, channel: str) -> list[Cap]:
    """The caps that count this message."""
    return [cap for cap in moment.program.policies.caps if _applies(cap, message, channel)]


def counted_before(moment: Moment, message: Message) -> list[Counted]:
    """What caps count beside this message."""
    return list(takewhile(lambda one: one.id != message.id, moment.profile.counted))


def _slot(moment: Moment, caps: list[Cap], counted: list[Counted], channel: str, expires_at: int) -> int | None:
    """The first instant that all of them allow; from its expiry on any is too late. None: never, or not found."""
    at = moment.now
    for _ in range(SLOT_SEARCH):
        capped = _caps_allow(caps, counted, at)
        if capped is None:
            return None
        after = _quiet_allows(moment, channel, capped)
        if after == at or after >= expires_at:
            return after
        at = after
    return None


def _applies(cap: Cap, message: Message, channel: str) -> bool:
    return cap.channel in (None, channel) and cap.topic in (None, message.topic)


def _caps_allow(caps: list[Cap], counted: list[Counted], at: int) -> int | None:
    """The first instant from `at` on at which every cap has room, one after the other; None: never."""
    for cap in caps:
        if cap.at_most <= 0:
            return None
        inside = inside_of(cap, counted, at)
        if len(inside) >= cap.at_most:
            at = max(at, inside[len(inside) - cap.at_most] + cap.per)
    return at


def inside_of(cap: Cap, counted: list[Counted], at: int) -> list[int]:
    """When the messages went out that this cap counts at that instant, the earliest first."""
    times = sorted(one.at for one in counted if cap.channel in (None, one.channel) and cap.topic in (None, one.topic))
    return [time for time in times if time + cap.per > at]


def _quiet_allows(moment: Moment, channel: str, at: int) -> int:
    """`at` where it is quiet in no zone of this recipient, else a later instant up to which it is in one of them."""
    hours, days_off = moment.program.policies.quiet.get(channel), moment.program.policies.days_off
    if hours is None:
        return at
    for zone in recipient_zones(moment):
        at = quiet_until(at, hours.start, hours.end, zone)
        if days_off and local_date(at, zone) in days_off:
            at = next_midnight(at, zone)
    return at


def recipient_zones(moment: Moment) -> tuple[ZoneInfo, ...]:
    """Where the recipient may be: the profile's own zone, else those of their number, else the workspace's.

    A replay asks for no address, and so for no number either.
    """
    traits = moment.profile.traits
    own, phone = traits.get("timezone"), traits.get(ADDRESS_TRAITS["sms"])
    if moment.controls.addresses and isinstance(phone, str) and not (isinstance(own, str) and zone_of(own)):
        found = zones_of(phone)
        if found:
            return found
    return (recipient_zone(moment),)


def quiet_zone(moment: Moment, channel: str) -> ZoneInfo:
    """The zone that tells why it is quiet now: the first in which it is, else the first."""
    hours, days_off = moment.program.policies.quiet.get(channel), moment.program.policies.days_off
    zones = recipient_zones(moment)
    if hours is not None:
        for zone in zones:
            if local_date(moment.now, zone) in days_off or quiet_until(moment.now, hours.start, hours.end, zone) != moment.now:
                return zone
    return zones[0]


def recipient_zone(moment: Moment) -> ZoneInfo:
    """The profile's own zone, else the workspace's."""
    own = moment.profile.traits.get("timezone")
    zone = zone_of(own) if isinstance(own, str) else None
    return zone or zone_of(moment.program.policies.zone) or _UTC
