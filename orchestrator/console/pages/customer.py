"""Customers: found by id or address, and the page of one: where they stand, what happened and why, what is under way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import quote

from orchestrator.bootstrap.addresses import ADDRESS_KEY, listed_of
from orchestrator.console.asked import Answer, Asked, Elsewhere, Place, Shown
from orchestrator.console.frame import hues
from orchestrator.console.limits import MESSAGES_SHOWN, QUERY_MAX_CHARS, TIMELINE_ROWS
from orchestrator.domain.calendar import instant_of
from orchestrator.domain.input import Event
from orchestrator.domain.profile import Profile
from orchestrator.domain.program import Program
from orchestrator.domain.suppression import HASH_BYTES, channel_of, hashed
from orchestrator.errors import UsageError
from orchestrator.insight.explain import explain
from orchestrator.insight.narration import Narration, Row
from orchestrator.insight.near import near_ids
from orchestrator.insight.times import Clock
from orchestrator.insight.told import Told

_EVENT_CHARS = 2_000
"""Of each of an event's properties that are shown."""
_SHORT_CHARS = 160
"""Of all of them, where they stand on the event's own line."""
_CHANNELS = ("email", "sms")
HEARD = "event"
"""The kind of a row that is an event."""


def customers(asked: Asked) -> Answer:
    """Where customers are looked for; one that is found is shown at once."""
    text = asked.query.get("q", "").strip()[:QUERY_MAX_CHARS]
    if not text:
        return Shown("customers.html", {"near": [], "looked_for": ""})
    raw = find(asked, text)
    if raw is not None:
        return Elsewhere(f"/customer?id={quote(raw, safe='')}")
    return Shown("customers.html", {"near": near_ids(asked.reader, text), "looked_for": text}, 404)


def find(asked: Asked, text: str) -> str | None:
    """The raw id that is meant: an id, an address that was written to, or the hash of one."""
    for raw in (f"u:{text}", f"a:{text}"):
        if asked.reader.key_of(raw) is not None:
            return raw
    channel, key = channel_of(text), asked.state.address_key or asked.reader.fact(ADDRESS_KEY)
    if channel is not None and key:
        return asked.reader.reached(hashed(key, channel, text))
    if len(text) == 2 * HASH_BYTES and all(letter in "0123456789abcdef" for letter in text):
        return asked.reader.reached(bytes.fromhex(text))
    return None


def customer(asked: Asked) -> Answer:
    """One customer's page."""
    live = asked.state.live(asked.reader)
    raw = asked.query.get("id", "")
    if live is None or asked.reader.key_of(raw) is None:
        return Shown("customers.html", {"near": [], "looked_for": raw[2:]}, 404)
    campaign = asked.query.get("campaign") or None
    if campaign is not None and campaign not in live.program.campaigns:
        raise UsageError(asked.speech.say("There is no campaign {}.", campaign))
    told = explained(asked, live.program, raw[2:], campaign)
    profile = told.state
    if profile is None:
        return Shown("customers.html", {"near": told.near, "looked_for": raw[2:]}, 404)
    narration = Narration(told, asked.speech.tongue, Clock(told.zone))
    rows = sorted(_rows(asked, narration, told, campaign), key=lambda one: (one.at or 0, one.kind != HEARD))[::-1]
    whole, messages = "all" in asked.query, written(told, live.program)
    shown = rows if whole else rows[:TIMELINE_ROWS]
    values = {
        "raw": raw,
        "story": told,
        "profile": profile,
        "campaign": campaign,
        "campaigns": list(live.program.campaigns),
        "hue": hues(live.program.wheel),
        "head": list(narration.unheard(0)),
        "at": replace(asked.speech, zone=told.zone).at,
        "zone": told.zone,
        "rows": list(_timed(shown, Clock(told.zone))),
        "rows_left": len(rows) - len(shown),
        "messages": messages if whole else messages[:MESSAGES_SHOWN],
        "messages_left": 0 if whole else max(0, len(messages) - MESSAGES_SHOWN),
        "never": [row for row in narration.rows() if row.at is None],
        "runs": [(run.campaign, narration.run(run, told.at or asked.now)) for run in told.under_way],
        "consents": {topic: _agreed(profile, topic) for topic in live.program.policies.topics},
        "channels": _CHANNELS,
        "stays": list(_stays(told, asked.now)),
        "paused": raw in asked.reader.controls().profiles,
    }
    return Shown("customer.html", values)


def explained(asked: Asked, program: Program, name: str, campaign: str | None) -> Told:
    """Their history as `explain` tells it, in the page's language."""
    told = explain(
        program,
        asked.reader,
        name,
        campaign=campaign,
        tongue=asked.speech.tongue,
        compiled=partial(asked.state.program, asked.reader),
    )
    if told.state is not None:
        told.listed = listed_of(asked.reader, asked.state.address_key, told.state.traits)
    return told


def _rows(asked: Asked, narration: Narration, told: Told, campaign: str | None) -> Iterator[Row]:
    """What happened, with the events among it; of one campaign only its own."""
    for row in narration.rows():
        if row.at is not None and (campaign is None or row.campaign == campaign):
            yield row
    if campaign is None:
        yield from (_heard(asked, event) for event in told.events)


def _heard(asked: Asked, event: Event) -> Row:
    """An event, when it came in, with what it said: on the same line where that is short."""
    tongue = asked.speech.tongue
    said = (*event.properties.items(), *((f"traits.{name}", value) for name, value in event.traits.items()))
    lines = tuple(f"{name}: {tongue.constant(value)}"[:_EVENT_CHARS] for name, value in said)
    short = ", ".join(lines)
    name, at = event.name or event.type, event.received_at or event.occurred_at
    return Row(at, name, (short,), (), HEARD) if len(short) <= _SHORT_CHARS else Row(at, name, (), lines, HEARD)


def _timed(rows: Sequence[Row], clock: Clock) -> Iterator[tuple[Row, str, bool, str]]:
    """(row, its time, whether the row above has the same, the message of which it is the newest row)"""
    before, seen = "", {""}
    for row in rows:
        when = clock.tell(row.at or 0)
        yield row, when, when == before, "" if row.message in seen else row.message
        before = when
        seen.add(row.message)


@dataclass(frozen=True, slots=True)
class Written:
    """A message of theirs as it stands. `why` is empty where there is nothing to explain; `live`: its campaign still is."""

    id: str
    planned: int
    template: str
    channel: str
    campaign: str
    state: str
    why: str
    live: bool


def written(told: Told, program: Program) -> list[Written]:
    """Every message that a step wanted for them, those that were stopped too; the newest first."""
    first: dict[str, int] = {}
    last: dict[str, dict[str, Any]] = {}
    for entry in told.entries:
        if entry.get("template") and entry["at"] is not None:
            first.setdefault(entry["message"], instant_of(entry["at"]) or 0)
            last[entry["message"]] = entry
    return [_written(ident, first[ident], entry, program) for ident, entry in reversed(last.items())]


def _written(ident: str, planned: int, entry: dict[str, Any], program: Program) -> Written:
    state = "planned" if entry["outcome"] == "waiting" else entry["outcome"]
    its = str(entry["template"]), str(entry["channel"]), str(entry["campaign"])
    why = str(entry["reason"]) if entry["gate"] else ""
    return Written(ident, planned, *its, state, why, entry["campaign"] in program.campaigns)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was said of one topic on one channel. `state`: given, withdrawn, asked, none."""

    state: str
    since: int | None


def _agreed(profile: Profile, topic: str) -> list[Agreed]:
    """By channel."""
    return [_agreed_on(profile, topic, channel) for channel in _CHANNELS]


def _agreed_on(profile: Profile, topic: str, channel: str) -> Agreed:
    word, asked = profile.consents.get(topic, {}).get(channel), profile.asked.get(topic, {}).get(channel)
    if word is not None:
        return Agreed("given" if word.given else "withdrawn", word.at)
    return Agreed("none", None) if asked is None else Agreed("asked", asked.at)


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay in a stage, as a part of the strip that shows them all: in thousandths of its width."""

    stage: str
    left: float
    width: float


def _stays(told: Told, now: int) -> Iterator[Stay]:
    profile = told.state
    if profile is None:
        return
    begun = min([profile.born, *(at for at, *_ in told.stages)])
    span = max(1, now - begun)
    steps = (
        [(begun, told.stages[0][1]), *((at, target) for at, _, target, _ in told.stages)]
        if told.stages
        else [(begun, profile.stage)]
    )
    ends = [at for at, _ in steps[1:]] + [now]
    for (at, stage), end in zip(steps, ends, strict=True):
        yield Stay(stage, round(1000 * (at - begun) / span, 2), round(max(2.0, 1000 * (end - at) / span), 2))


PLACES = (Place("/customers", customers), Place("/customer", customer))
