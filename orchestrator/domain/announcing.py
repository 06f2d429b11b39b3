"""Whom a broadcast reaches: everyone who is in a segment of its patterns when visited, once."""

from __future__ import annotations

from orchestrator.domain.input import Announcement
from orchestrator.domain.limits import ANNOUNCED_KEPT
from orchestrator.domain.moment import Moment, event_view

_MARK_BYTES = 8


def hear(moment: Moment, given: Announcement) -> bool:
    """Whether the profile hears it; if so it remembers, and the patterns hold by which it was called."""
    profile = moment.profile
    mark = bytes.fromhex(given.broadcast[: 2 * _MARK_BYTES])
    if mark in _marks(profile.announced):
        return False
    moment.called = tuple(ident for ident in given.patterns if _is_called(moment, given, ident))
    if not moment.called:
        return False
    profile.announced = (profile.announced + mark)[-ANNOUNCED_KEPT * _MARK_BYTES :]
    moment.announced = given
    if given.event is not None:
        moment.event, moment.readable_event = given.event, event_view(given.event)
    return True


def _is_called(moment: Moment, given: Announcement, ident: str) -> bool:
    """Whether the program still has that pattern, waiting for the same thing, and the profile is in its segment."""
    pattern = moment.program.index.called.get(ident)
    rule = moment.program.segments.get(pattern.to or "") if pattern is not None else None
    if pattern is None or rule is None or pattern.broadcast != (None if given.event is None else given.event.name):
        return False
    if moment.holds(rule, f"segment {pattern.to}"):
        return True
    campaign = moment.program.index.campaign_of.get(ident)
    if moment.witness is not None and campaign is not None:
        moment.witness.turned_away(moment, moment.program.campaigns[campaign], [], "segment")
    return False


def _marks(announced: bytes) -> list[bytes]:
    return [announced[at : at + _MARK_BYTES] for at in range(0, len(announced), _MARK_BYTES)]


def join_announced(one: bytes, other: bytes) -> bytes:
    """What either of two profiles that turn out to be one has heard, the newest kept."""
    own = _marks(one)
    return b"".join([*(mark for mark in _marks(other) if mark not in own), *own])[-ANNOUNCED_KEPT * _MARK_BYTES :]
