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
from orchestrator.domain.identity import waits_until
from orchestrator.domain.limits import SLOT_SEARCH
from orchestrator.domain.moment import Moment
from orchestrator.domain.policies import Cap, Hold
from orchestrator.domain.profile import Counted, HoldState, Message

_UTC = ZoneInfo("UTC")
ADDRESS_TRAITS = {"email": "email", "sms": "phone"}
"""channel → the trait that holds its address."""


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
    if moment.controls.pauses(message.campaign):
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
    if channel in profile.suppressed:
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
    """The holds that stop this message now, in the order of the file."""
    return (hold for hold in moment.program.policies.holds if _held(moment, hold, message))


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
    return Defer("cap" if capped != moment.now else "quiet", _slot(moment, caps, counted, channel), channel)


def caps_of(moment: Moment, message: Message, channel: str) -> list[Cap]:
    """The caps that count this message."""
    return [cap for cap in moment.program.policies.caps if _applies(cap, message, channel)]


def counted_before(moment: Moment, message: Message) -> list[Counted]:
    """What caps count beside this message."""
    return list(takewhile(lambda one: one.id != message.id, moment.profile.counted))


def _slot(moment: Moment, caps: list[Cap], counted: list[Counted], channel: str) -> int | None:
    at = moment.now
    for _ in range(SLOT_SEARCH):
        capped = _caps_allow(caps, counted, at)
        if capped is None:
            return None
        quiet = _quiet_allows(moment, channel, capped)
        if quiet == at:
            return at
        at = quiet
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
    """The first instant from `at` on that is not quiet for this recipient."""
    policies = moment.program.policies
    hours = policies.quiet.get(channel)
    if hours is None:
        return at
    zone = recipient_zone(moment)
    for _ in range(SLOT_SEARCH):
        after = quiet_until(at, hours.start, hours.end, zone)
        if policies.days_off and local_date(after, zone) in policies.days_off:
            after = next_midnight(after, zone)
        if after == at:
            return at
        at = after
    return at


def recipient_zone(moment: Moment) -> ZoneInfo:
    """The profile's own zone, else the workspace's."""
    own = moment.profile.traits.get("timezone")
    zone = zone_of(own) if isinstance(own, str) else None
    return zone or zone_of(moment.program.policies.zone) or _UTC
