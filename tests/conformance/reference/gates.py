"""Gates: may this message go now, through this channel? allow, not before T, or never, with a reason."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.conformance.reference import times
from tests.conformance.reference.facts import consented, scope_of
from tests.conformance.reference.logic import holds

PRIORITIES = {"high": 0, "normal": 1, "low": 2}
NEVER = 1 << 62


def order_of(message: dict[str, Any]) -> tuple[int, str, int, int]:
    """Priority, campaign name, when it was planned, planning order."""
    return PRIORITIES[message["priority"]], message["campaign"], message["planned_at"], message["order"]


def judge(workspace: dict[str, Any], profile: dict[str, Any], message: dict[str, Any], now: int) -> None:
    """Accept the message, let it wait, or end it; never does the next preferred channel, not before T the wait."""
    if now >= message["expires_at"]:
        _end(message, "expired", "expiry", message["channels"][0])
        return
    first = None
    for channel in message["channels"]:
        reason, earliest = _verdict(workspace, profile, message, channel, now)
        if reason is None:
            _end(message, "accepted", None, channel)
            if message["class"] == "marketing":
                profile["handed"].append({"at": now, "channel": channel, "topic": message["topic"]})
            return
        if earliest is not None:
            if earliest < message["expires_at"]:
                message.update(channel=channel, reason=reason, due=earliest)
            else:
                _end(message, "suppressed", reason, channel)
            return
        first = first or reason
    _end(message, "suppressed", first, message["channels"][0])


def _end(message: dict[str, Any], state: str, reason: str | None, channel: str) -> None:
    message.update(state=state, reason=reason, channel=channel, due=None)


def _verdict(
    workspace: dict[str, Any], profile: dict[str, Any], message: dict[str, Any], channel: str, now: int
) -> tuple[str | None, int | None]:
    """(reason, not before): no reason allows, a reason without a time is never."""
    if message["class"] == "transactional":
        return None, None
    if not consented(workspace, profile, message["topic"], channel):
        return "consent", None
    if any(held(workspace, profile, name, message, now) for name in workspace["policies"].get("holds") or {}):
        return "hold", None
    free = partial(_cap_free, workspace, profile, message, channel)
    loud = partial(_loud, workspace, profile, channel)
    if free(now) == now and loud(now) == now:
        return None, None
    reason = "cap" if free(now) != now else "quiet"
    at = now
    while (later := max(free(at), loud(at))) != at:
        at = later
        if at >= message["expires_at"]:
            break
    return reason, at


def held(workspace: dict[str, Any], profile: dict[str, Any], name: str, message: dict[str, Any], now: int) -> bool:
    """Whether a hold stands against this message now."""
    hold = workspace["policies"]["holds"][name]
    stops = hold["stops"] if isinstance(hold["stops"], list) else [hold["stops"]]
    spared = hold.get("except") or []
    if message["campaign"] in (spared if isinstance(spared, list) else [spared]):
        return False
    if message["class"] not in stops and message["topic"] not in stops:
        return False
    if "for" not in hold:
        return holds(hold["if"], scope_of(workspace, profile, now))
    turned = profile["holds"].get(name, {}).get("turned")
    return turned is not None and now < turned + times.needed(hold["for"])


def look_at_holds(workspace: dict[str, Any], profile: dict[str, Any], now: int) -> None:
    """Note which conditions of holds turned true with this input."""
    for name, hold in (workspace["policies"].get("holds") or {}).items():
        known = profile["holds"].setdefault(name, {"true": False, "turned": None})
        true = holds(hold["if"], scope_of(workspace, profile, now))
        if true and not known["true"]:
            known["turned"] = now
        known["true"] = true


def _cap_free(workspace: dict[str, Any], profile: dict[str, Any], message: dict[str, Any], channel: str, at: int) -> int:
    """The first instant from `at` on at which no cap refuses. One handed over at t counts in [t, t + per)."""
    for cap in workspace["policies"].get("caps") or []:
        if cap.get("channel") not in (None, channel) or cap.get("topic") not in (None, message["topic"]):
            continue
        per = times.needed(cap["per"])
        counted = sorted(
            one["at"]
            for one in profile["handed"]
            if cap.get("channel") in (None, one["channel"])
            and cap.get("topic") in (None, one["topic"])
            and at < one["at"] + per
        )
        if len(counted) >= cap["at_most"]:
            if cap["at_most"] == 0:
                return NEVER
            freed = counted[len(counted) - cap["at_most"]] + per
            return _cap_free(workspace, profile, message, channel, freed)
    return at


def zone(workspace: dict[str, Any], profile: dict[str, Any]) -> Any:
    """The recipient's zone: the trait, or else the policies', or else UTC."""
    _, own = profile["traits"].get("timezone", (None, None))
    return times.zone_of(own, workspace["policies"].get("zone"))


def _loud(workspace: dict[str, Any], profile: dict[str, Any], channel: str, at: int) -> int:
    """The first instant from `at` on that is not quiet for this channel."""
    quiet = workspace["policies"].get("quiet") or {}
    hours = quiet.get(channel, "none")
    if hours == "none" or at >= NEVER:
        return at
    days_off: frozenset[str] = frozenset()
    if "days_off" in quiet:
        days_off = frozenset(workspace["tables"][quiet["days_off"].removeprefix("tables/").removesuffix(".csv")])
    return times.quiet_until(at, hours, days_off, zone(workspace, profile))
