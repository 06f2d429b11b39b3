"""Invariants of messages: their states, the caps, the gates, and what the providers saw of them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from orchestrator.domain.campaign import Send
from orchestrator.domain.decision import Attempt, MessageChange
from orchestrator.domain.moment import Controls
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.policies import Cap
from orchestrator.domain.profile import Profile
from orchestrator.domain.program import Program
from tests.simulation.join_checks import JoinChecks
from tests.simulation.recipients import Kind, Recipients, kind_of
from tests.simulation.violation import require
from tests.simulation.wishes import Wishes

LEASE_MS = 700
"""As promised; on purpose not read from the code."""
WAIT = 15 * 60_000
"""How long evidence is awaited; on purpose not read from the code."""
UNTAKEN = frozenset({"refused", "suppressed", "expired", "cancelled"})
TAKEN = frozenset({"accepted", "delivered", "bounced"})
FOLLOWS: dict[str | None, frozenset[str]] = {
    None: frozenset({"planned", "suppressed", "expired", "cancelled"}),
    "planned": frozenset({"planned", "attempting", "suppressed", "expired", "cancelled"}),
    "attempting": frozenset({"accepted", "refused", "in_doubt", "planned", "suppressed", "expired", "cancelled"}),
    "in_doubt": frozenset({"accepted", "refused", "unknown", "planned", "delivered", "bounced"}),
    "unknown": frozenset({"accepted", "delivered", "bounced"}),
    "accepted": frozenset({"delivered", "bounced"}),
    "delivered": frozenset({"bounced"}),
}
OPEN = ("planned", "attempting", "in_doubt")
AGAIN = frozenset({"accepted", "unknown"})
"""How a message may come out of `OPEN` that is being sent again."""
ADDRESS = {"email": "email", "sms": "phone"}


@dataclass(slots=True)
class Counting:
    """One marketing message as caps count it."""

    id: str
    at: int
    channel: str
    topic: str | None


@dataclass(slots=True)
class MessageChecks:
    """What is known of every message."""

    program: Program
    taken: Counter[str]
    """What the providers took, by message id."""
    states: dict[str, str] = field(default_factory=dict)
    leave: dict[str, int] = field(default_factory=dict)
    """message id → `not_after` of its newest durable attempt"""
    recipients: Recipients = field(default_factory=Recipients)
    wishes: Wishes = field(default_factory=Wishes)
    joins: JoinChecks = field(init=False)
    keys: dict[int, list[Counting]] = field(default_factory=dict)
    """profile key → what its caps count"""
    rivals: dict[str, list[Counting]] = field(default_factory=dict)
    """message id → what its caps counted when it was attempted"""
    topics: dict[str, str | None] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    """message id → what it was when it was attempted"""
    handed: dict[str, int] = field(default_factory=dict)
    """message id → when it was last handed over"""
    doubted: dict[str, int] = field(default_factory=dict)
    """message id → when it came into doubt"""
    looked: set[str] = field(default_factory=set)
    """A look at the provider has shown that they are not there."""
    again: set[str] = field(default_factory=set)
    """Sent again, since nothing was heard of them."""
    unclear: set[str] = field(default_factory=set)
    """Handed over, and the provider did not say `not sent`."""

    def __post_init__(self) -> None:
        self.joins = JoinChecks(self.program)

    def adopted(self, theirs: int, ours: int) -> None:
        """Both histories count in caps from now on."""
        self.keys.setdefault(ours, []).extend(self.keys.pop(theirs, []))
        self.wishes.adopted(theirs, ours)
        self.joins.adopted(theirs, ours)

    def changed(self, key: int, change: MessageChange, clock: int, profile: Profile, controls: Controls) -> None:
        """A durable decision says that the message is in this state now."""
        before = self.states.get(change.id)
        self._doubts(change, before, clock)
        allowed = FOLLOWS.get(before, frozenset()) | (AGAIN if change.id in self.again and before in OPEN else frozenset())
        step = f"{before} → {change.state} {change.reason}"
        require(change.state in allowed, "I3", "message", change.id, "of", change.campaign, step)
        self.states[change.id] = change.state
        if change.state == "attempting":
            self._gates(key, change, clock, profile, controls)
            if change.cls == "marketing":
                self._caps(key, change, clock)
        elif change.state not in ("in_doubt", "unknown", *TAKEN):
            self._uncounted(key, change.id)
        took, most = self.taken[change.id], 1 + (change.id in self.again)
        if change.state in (*UNTAKEN, *TAKEN):
            true = 1 <= took <= most if change.state in TAKEN else not took
            require(true, "I12", "message", change.id, "is", change.state, "taken", took, "times")

    def _doubts(self, change: MessageChange, before: str | None, clock: int) -> None:
        """What is in doubt is awaited so long; then marketing has ended, and the rest goes out once more."""
        if change.state == "in_doubt":
            self.doubted[change.id] = clock
        if before != "in_doubt" or change.state not in ("unknown", "planned"):
            return
        waited = clock - self.doubted[change.id]
        require(waited >= WAIT or change.id in self.again | self.looked, "I12", change.id, "is given up after", waited, "ms")
        if change.state == "planned":
            require(change.cls == "transactional" and change.id not in self.again, "I4", change.id, "is to be sent again")
            self.again.add(change.id)
            self.unclear.discard(change.id)

    def _uncounted(self, key: int, ident: str) -> None:
        counted = self.keys.get(key)
        if counted:
            counted[:] = [one for one in counted if one.id != ident]

    def _caps(self, key: int, change: MessageChange, clock: int) -> None:
        topic = self.program.campaigns[change.campaign].topic
        counted = self.keys.setdefault(key, [])
        for cap in self.program.policies.caps:
            if _applies(cap, change.channel, topic):
                inside = [one for one in counted if _applies(cap, one.channel, one.topic) and one.at + cap.per > clock]
                require(len(inside) < cap.at_most, "I6", change.id, "of profile", key, "exceeds", cap, "at", clock, inside)
        self.rivals[change.id], self.topics[change.id] = list(counted), topic
        counted.append(Counting(change.id, clock, change.channel, topic))

    def exact_count(self, key: int, profile: Profile, clock: int) -> None:
        """The profile counts for its caps exactly what was handed over within the longest of them."""
        oldest = clock - self.program.index.longest_cap
        ours = {one.id for one in self.keys.get(key, ()) if one.at > oldest}
        theirs = {one.id for one in profile.counted if one.at > oldest}
        require(ours == theirs, "I6", "profile", key, "counts", theirs - ours, "too much,", ours - theirs, "too little")

    def _gates(self, key: int, change: MessageChange, clock: int, profile: Profile, controls: Controls) -> None:
        campaign = self.program.campaigns[change.campaign]
        live = any(change.id in run.sent.values() and not run.ended for run in profile.runs)
        stopped = controls.kill or controls.pauses(change.campaign, profile)
        require(live or change.id in self.again, "I11", change.id, "of", change.campaign, "is attempted though its run is over")
        require(not stopped, "I11", change.id, "is attempted under kill or pause")
        require(change.channel not in controls.channels, "I11", change.id, "is attempted on a paused channel")
        lame = change.channel == "email" and "postman" in controls.providers
        require(not lame, "I11", change.id, "is attempted by a paused provider")
        require(clock < change.planned_at + self._expires(change), "I11", change.id, "is attempted though expired")
        require(profile.traits.get(ADDRESS[change.channel]), "I11", change.id, "has no address on", change.channel)
        kind = self.kinds[change.id] = kind_of(change.cls, campaign.topic, change.channel, profile)
        self.recipients.attempted(change.channel, profile.traits[ADDRESS[change.channel]], kind)
        if change.cls == "marketing":
            require(not self._quiet(change.channel, clock, profile), "I11", change.id, "is attempted in quiet hours")
            assert campaign.topic is not None
            require(not self.wishes.snoozes(key, clock), "I24", change.id, "is attempted though snoozed")
            confirmed = self.wishes.confirmed(key, campaign.topic, change.channel)
            double = self.program.policies.topics[campaign.topic].double
            require(confirmed or not double, "I24", change.id, "is attempted though nobody confirmed", campaign.topic)
            require(self._agreed(profile, campaign.topic, change.channel), "I11", change.id, "has no consent")

    def _expires(self, change: MessageChange) -> int:
        policies = self.program.policies
        nodes = self.program.campaigns[change.campaign].steps.nodes
        send = next(node.verb for node in nodes if node.id == change.step)
        assert isinstance(send, Send)
        default = policies.expires_transactional if change.cls == "transactional" else policies.expires_marketing
        return (default if send.expires is None else send.expires) + (send.merge or 0)

    def _quiet(self, channel: str, clock: int, profile: Profile) -> bool:
        hours = self.program.policies.quiet.get(channel)
        if hours is None:
            return False
        berlin = str(profile.traits.get("phone", "")).startswith("+4930")  # all other numbers in these worlds are nowhere
        there = "Europe/Berlin" if berlin else "UTC"
        zone = ZoneInfo(str(profile.traits.get("timezone", there)))
        local = dt.datetime.fromtimestamp(clock // 1_000, zone)
        minute = local.hour * 60 + local.minute
        return minute >= hours.start or minute < hours.end

    def _agreed(self, profile: Profile, topic: str, channel: str) -> bool:
        words = sorted((w.at, w.id, w.given) for place, w in profile.consents.get(topic, {}).items() if place in (channel, "*"))
        return words[-1][2] if words else self.program.policies.topics[topic].assumed

    def leave_given(self, attempt: Attempt, clock: int) -> None:
        require(attempt.not_after <= clock + LEASE_MS, "I8", attempt, "is leave for longer than a lease, given at", clock)
        self.leave[attempt.message_id] = attempt.not_after

    def dispatched(self, out: Outgoing) -> None:
        """The loop gives the message away; it may leave from now on."""
        state = self.states.get(out.message_id)
        require(state == "attempting", "I8", out.message_id, "given away while durably", state)
        self.joins.dispatched(out)

    def handing_over(self, out: Outgoing, wall: int, killed_since: int | None) -> None:
        """The shell is about to write the message to a socket."""
        ident = out.message_id
        require(self.states.get(ident) == "attempting", "I8", ident, "handed over while durably", self.states.get(ident))
        require(self.leave.get(ident) == out.not_after, "I8", ident, "handed over by a leave that is not durable")
        require(wall <= out.not_after, "I8", ident, "handed over after its leave ran out")
        killed = killed_since is not None and wall - killed_since > LEASE_MS
        require(not killed, "I8", ident, "handed over though killed since", killed_since, "at", wall)
        self.recipients.handing_over(out.channel, out.to, self.kinds[ident], wall)
        require(ident not in self.unclear, "I4", ident, "handed over again")
        self.unclear.add(ident)
        self.handed[ident] = wall
        self._caps_at_provider(ident, out.channel, wall)

    def _caps_at_provider(self, ident: str, channel: str, wall: int) -> None:
        """By time of hand-over, within one lease: leave is counted when it is given, and used up to a lease later."""
        rivals = self.rivals.get(ident, [])
        for cap in self.program.policies.caps:
            near = [one for one in rivals if _applies(cap, one.channel, one.topic) and self._recent(one, wall - cap.per)]
            counts = _applies(cap, channel, self.topics.get(ident))
            require(not counts or len(near) < cap.at_most, "I6", ident, "exceeds", cap, "at its provider:", near)

    def _recent(self, one: Counting, after: int) -> bool:
        return one.id in self.unclear and self.handed.get(one.id, 0) - LEASE_MS > after

    def told_not_sent(self, ident: str) -> None:
        self.unclear.discard(ident)


def _applies(cap: Cap, channel: str, topic: str | None) -> bool:
    return cap.channel in (None, channel) and cap.topic in (None, topic)
