"""Two profiles that turn out to be one: the known one takes in what the anonymous one held."""

from __future__ import annotations

from hashlib import blake2b

from orchestrator.domain import crossings, tasks
from orchestrator.domain.announcing import join_announced
from orchestrator.domain.consent import join_consents
from orchestrator.domain.enrolment import last_entry, reentry_allows
from orchestrator.domain.features import join
from orchestrator.domain.identity import join_seen
from orchestrator.domain.ledger import BEGUN, keep_newest_doubts
from orchestrator.domain.limits import (
    ANONYMOUS_IDS_KEPT,
    COUNTED_KEPT,
    KEYS_KEPT,
    RECENT_KEPT,
    RUNS_KEPT,
    SENT_KEPT,
    STAGES_KEPT,
)
from orchestrator.domain.moment import Moment
from orchestrator.domain.profile import Entries, HoldState, Linked, Profile, unseal
from orchestrator.domain.steps import end


def adopt(moment: Moment, state: bytes, link: Linked | None = None) -> None:
    """Fold the other profile in: later `since` gives the stage, both histories count, the older live run goes on.

    With a `link` the two were known to be one since then: what began since is taken back where the other's history refuses it.
    """
    other = unseal(state)
    before = crossings.sides(moment, other) if moment.program.index.edges else None
    _facts(moment, other)
    _stage(moment.profile, other, began_with_it=link is not None and link.first)
    _messages(moment.profile, other)
    tasks.join(moment, other)
    if link is not None:
        _take_back(moment, other, link.at)
    _runs(moment, other)
    moment.profile.digest = blake2b(moment.profile.digest + other.digest, digest_size=16).digest()
    moment.folded()
    if before is not None:
        crossings.join(moment, before)


def _facts(moment: Moment, other: Profile) -> None:
    profile = moment.profile
    profile.born = min(profile.born, other.born)
    profile.anonymous_ids += [one for one in other.anonymous_ids if one not in profile.anonymous_ids]
    del profile.anonymous_ids[ANONYMOUS_IDS_KEPT:]
    for trait, value in other.traits.items():
        if tuple(other.trait_at.get(trait, (0, ""))) > tuple(profile.trait_at.get(trait, (-1, ""))):
            profile.traits[trait], profile.trait_at[trait] = value, other.trait_at.get(trait, (0, ""))
    join_consents(profile, other)
    _holds(profile, other)
    for feature in moment.program.features:
        joined = join(feature, profile.folds.get(feature.name), other.folds.get(feature.name))
        if joined is not None:
            profile.folds[feature.name] = joined
    for event, at in other.last.items():
        profile.last[event] = max(at, profile.last.get(event, at))
    for pattern, anchor in other.fired.items():
        profile.fired[pattern] = max(anchor, profile.fired.get(pattern, anchor))
    profile.suppressed.update(other.suppressed)
    profile.seen = join_seen(profile.seen, other.seen)
    profile.announced = join_announced(profile.announced, other.announced)


def _holds(profile: Profile, other: Profile) -> None:
    """A timed hold lasts from when it turned true for either of them, the later of both."""
    for name, theirs in other.holds.items():
        own = profile.holds.setdefault(name, theirs)
        since = max((one.since for one in (own, theirs) if one.since is not None), default=None)
        profile.holds[name] = HoldState(true=own.true or theirs.true, since=since)


def _stage(profile: Profile, other: Profile, *, began_with_it: bool) -> None:
    """Who began with this link, and has moved nowhere since, was only placed at the start."""
    if other.since > profile.since or (began_with_it and not profile.stages):
        profile.previous, profile.stage, profile.since = other.previous, other.stage, other.since
    profile.turns += other.turns
    profile.stages = sorted([*profile.stages, *other.stages], key=lambda entry: entry[1])[-STAGES_KEPT:]


def _take_back(moment: Moment, other: Profile, since: int) -> None:
    """End runs that began since then and would not have, had the other's entries been known here."""
    for run in list(moment.profile.runs):
        campaign, theirs = moment.campaign_of(run), other.entries.get(run.campaign)
        if campaign is None or theirs is None or run.entered_at < since:
            continue
        last = last_entry(theirs, campaign, run.key)
        if last is not None and last <= run.entered_at and not reentry_allows(campaign, last, run.entered_at):
            end(moment, run, "merge")


def _runs(moment: Moment, other: Profile) -> None:
    profile = moment.profile
    for campaign, theirs in other.entries.items():
        own = profile.entries.setdefault(campaign, Entries())
        own.count += theirs.count
        own.last = max(own.last, theirs.last)
        for key, at in theirs.keys.items():
            own.keys[key] = max(at, own.keys.get(key, at))
        if len(own.keys) > KEYS_KEPT:
            own.keys = dict(sorted(own.keys.items(), key=lambda one: (one[1], one[0]))[-KEYS_KEPT:])
    for run in other.runs:
        run.trigger_seq = 0
        twin = next((o for o in profile.runs if o.campaign == run.campaign and o.key == run.key and not o.ended), None)
        younger = None
        if twin is not None and not run.ended:
            younger = run if run.entered_at >= twin.entered_at else twin
        profile.runs.append(run)
        if younger is not None:
            end(moment, younger, "merge")
    profile.runs.sort(key=lambda run: run.entered_at)
    for run in [run for run in profile.runs if not run.ended][RUNS_KEPT:]:
        end(moment, run, "limit")


def _messages(profile: Profile, other: Profile) -> None:
    known = {message.id for message in profile.messages}
    for message in other.messages:
        if message.id not in known:
            message.order += profile.planned
            message.moved = message.state in BEGUN
            profile.messages.append(message)
    profile.sent = sorted([*profile.sent, *other.sent], key=lambda one: (one.planned_at, one.id))[-SENT_KEPT:]
    keep_newest_doubts(profile)
    profile.calls += other.calls
    profile.planned += other.planned
    for state, number in other.tally.items():
        profile.tally[state] = profile.tally.get(state, 0) + number
    profile.counted = sorted([*profile.counted, *other.counted], key=lambda one: (one.at, one.id))[-COUNTED_KEPT:]
    profile.ready += other.ready
    for recent in other.recent:
        recent.seq = 0
    profile.recent = sorted([*profile.recent, *other.recent], key=lambda recent: (recent.at, recent.id))[-RECENT_KEPT:]
