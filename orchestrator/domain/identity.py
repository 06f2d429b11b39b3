"""Who an event speaks of, and what its profile keeps of that."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from orchestrator.domain.input import Event, Link
from orchestrator.domain.limits import ANONYMOUS_IDS_KEPT, DUPLICATES_FOR_MS, DUPLICATES_KEPT, LINKS_KEPT
from orchestrator.domain.profile import Linked, Profile

ADDRESS_TRAITS = {"email": "email", "sms": "phone"}
"""channel → the trait that holds its address."""
_HASH_BYTES = 8
_TIME_BYTES = 6
_ROW = _HASH_BYTES + _TIME_BYTES


def raw_id(event: Event) -> str:
    """The id that routes this event: `u:` and the user id, else `a:` and the anonymous one."""
    return f"u:{event.user_id}" if event.user_id is not None else f"a:{event.anonymous_id}"


def about_a_thing(event: Event) -> bool:
    """Whether the event happens to nobody: it names no person."""
    return event.user_id is None and event.anonymous_id is None


def name_by(profile: Profile, raw: str) -> None:
    """Give a new profile the id that `raw_id` made."""
    if raw.startswith("u:"):
        profile.user_id = raw[2:]
    elif raw:
        profile.anonymous_ids.append(raw[2:])


def identify(profile: Profile, event: Event, never_null: frozenset[str]) -> None:
    """Keep the event's ids and traits; of two words on a trait the later by (occurred_at, message id) rules.

    Null takes a trait away that is never null.
    """
    if event.user_id is not None and profile.user_id is None:
        profile.user_id = event.user_id
    if event.anonymous_id is not None and event.anonymous_id not in profile.anonymous_ids:
        profile.anonymous_ids.append(event.anonymous_id)
        del profile.anonymous_ids[ANONYMOUS_IDS_KEPT:]
    for trait, value in event.traits.items():
        word = (event.occurred_at, event.message_id)
        if tuple(profile.trait_at.get(trait, (-1, ""))) <= word:
            set_trait(profile, trait, value, word, never_null)


def set_trait(profile: Profile, trait: str, value: Any, word: tuple[int, str], never_null: frozenset[str]) -> None:
    """Set a trait by that word; null takes one away that is never null."""
    profile.trait_at[trait] = word
    if value is None and trait in never_null:
        profile.traits.pop(trait, None)
    else:
        profile.traits[trait] = value


def note_link(profile: Profile, given: Link, now: int) -> None:
    """Wait for that anonymous id; of too many the oldest are waited for no more."""
    profile.links[given.raw] = Linked(now, given.until, first=profile.seq == 1)
    while len(profile.links) > LINKS_KEPT:
        del profile.links[next(iter(profile.links))]


def waits_until(profile: Profile, now: int) -> int | None:
    """Until when marketing waits for what anonymous ids of this customer were sent; None where it does not."""
    return max((link.until for link in profile.links.values() if link.until > now), default=None)


def is_duplicate(profile: Profile, event: Event, now: int) -> bool:
    """Whether this (source, messageId) was seen: within 30 days of the clock, among the newest 256. Notes it if not."""
    seen = with_mark(profile.seen, event, now, DUPLICATES_KEPT)
    if seen is None:
        return True
    profile.seen = seen
    return False


def with_mark(seen: bytes, event: Event, now: int, kept: int) -> bytes | None:
    """What was seen, this (source, messageId) too, of which the newest are kept; None where it is among them already."""
    mark = blake2b(f"{event.source}\0{event.message_id}".encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).digest()
    seen = _remembered(seen, now)
    place = seen.find(mark)
    while place >= 0:
        if place % _ROW == 0:
            return None
        place = seen.find(mark, place + 1)
    return (seen + mark + now.to_bytes(_TIME_BYTES, "big"))[-kept * _ROW :]


def _remembered(seen: bytes, now: int) -> bytes:
    """Without what is older than the window; rows are in clock order."""
    oldest = (now - DUPLICATES_FOR_MS).to_bytes(_TIME_BYTES, "big") if now > DUPLICATES_FOR_MS else bytes(_TIME_BYTES)
    start = 0
    while start < len(seen) and seen[start + _HASH_BYTES : start + _ROW] <= oldest:
        start += _ROW
    return seen[start:] if start else seen


def join_seen(one: bytes, other: bytes) -> bytes:
    """What two profiles that turn out to be one have seen, in clock order, the newest kept."""
    rows = {seen[at : at + _ROW] for seen in (one, other) for at in range(0, len(seen), _ROW)}
    return b"".join(sorted(rows, key=lambda row: (row[_HASH_BYTES:], row))[-DUPLICATES_KEPT:])
