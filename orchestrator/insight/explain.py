"""Why, and why not: one customer's history decided again, with every condition and every gate watched.

The production `decide` runs over the profile's own journal; cost follows that history, not the size of the store.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Protocol

import msgspec

from orchestrator.domain.calendar import zone_of
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.decision import Decision
from orchestrator.domain.identity import raw_id
from orchestrator.domain.input import Broadcast, Event, ProfileInput
from orchestrator.domain.moment import Controls
from orchestrator.domain.outgoing import describe
from orchestrator.domain.profile import Profile, unseal
from orchestrator.domain.program import Program
from orchestrator.insight.accepted import given_of, given_of_partition
from orchestrator.insight.entries import Telling, by_whom, entries_of, entry_of, redriven
from orchestrator.insight.near import near_ids
from orchestrator.insight.never import Heard, if_now, missed
from orchestrator.insight.reading.tongue import ENGLISH, Tongue
from orchestrator.insight.rehearsal import Rehearsal, Render
from orchestrator.insight.repeats import without_repeats
from orchestrator.insight.surroundings import Compile, SurroundingsThen
from orchestrator.insight.times import Clock
from orchestrator.insight.told import Told
from orchestrator.insight.under_way import under_way
from orchestrator.insight.unheard import lost_answers, lost_consents, unknown_events
from orchestrator.insight.waiting import SWITCHED
from orchestrator.insight.watcher import Judged, Watcher
from orchestrator.partition.ports import JournalRow, Stored

__all__ = ["Journal", "Told", "explain"]


class Journal(Protocol):
    def key_of(self, raw: str) -> int | None: ...

    def history(self, key: int) -> list[JournalRow]: ...

    def controls(self) -> Controls: ...

    def partition_rows(self, beside: int | None = None) -> list[JournalRow]:
        """Inputs of whole partitions, as the partition of that profile met them."""
        ...

    def read(self, key: int) -> Stored | None: ...

    def ids_like(self, start: str, limit: int) -> list[str]:
        """Raw ids that begin so, in order."""
        ...


_decision = msgspec.msgpack.Decoder(Decision).decode


def explain(
    program: Program,
    journal: Journal,
    profile: str,
    *,
    campaign: str | None = None,
    until: int | None = None,
    render: Render | None = None,
    tongue: Tongue = ENGLISH,
    compiled: Compile = lambda _name: None,
) -> Told:
    """Tell from this profile's journal, up to `until`, what each campaign did, and why by deciding it again.

    Each row is decided by the program that was live then, which `compiled` gives by its name; `program` is the one at hand.
    Of a replay, whose file channel accepts everything, it also tells what a live channel would have refused: for want of an
    address and, with `render`, at rendering. `tongue` is the language of all words.
    """
    told = Told(profile, at=until, zone=program.policies.zone)
    raws = [raw for raw in (f"u:{profile}", f"a:{profile}") if journal.key_of(raw) is not None]
    key = journal.key_of(raws[0]) if raws else None
    heard = Heard(None, until)
    if key is not None:
        stored = journal.read(key)
        _place(told, program, unseal(stored.sealed) if stored is not None else None)
        controls = Controls(addresses=journal.controls().addresses)
        then = SurroundingsThen(program, journal.partition_rows(key), controls, compiled)
        then.horizon, rehearsal = until, Rehearsal(render)
        telling = Telling(tongue, Clock(told.zone), rehearsal, replayed=not controls.addresses, holding=then.holding)
        history = _History(journal, then, telling)
        history.tell(told, heard, key, until)
        if stored is not None and until is None:
            told.state = unseal(stored.sealed)
        told.edited = then.program.name != program.name
        told.entries = without_repeats(told.entries)
        _sum_up(then.program, told, telling)
        heard.state, heard.at = told.state, told.at
        heard.rounds = list(_rounds(journal.partition_rows(key), told))
    else:
        told.near = near_ids(journal, profile)
    told.entries += _never(program, told, heard, tongue, asked=campaign)
    if campaign is not None:
        told.entries = [entry for entry in told.entries if entry["campaign"] == campaign]
        told.under_way = [run for run in told.under_way if run.campaign == campaign]
    return told


def _place(told: Told, program: Program, state: Profile | None) -> None:
    """The zone in which times are told: the customer's as it is known now, else the workspace's."""
    own = state.traits.get("timezone") if state is not None else None
    told.own_zone = isinstance(own, str) and zone_of(own) is not None
    told.zone = str(own) if told.own_zone else program.policies.zone


def _sum_up(program: Program, told: Told, telling: Telling) -> None:
    """What the whole history amounts to."""
    told.unknown = unknown_events(program, told.events)
    told.consents = lost_consents(program, told.events)
    told.answers = lost_answers(program, told.events, told.entries)
    if told.state is not None:
        name = told.state.name

        def paused(campaign: str, words: str) -> str:
            return by_whom(words, telling.holding("pause", campaign, "", name), telling)

        for message in told.state.messages:
            held = message.gate in SWITCHED
            if held and telling.holding(message.gate or "", message.campaign, message.channel, name) is None:
                telling.waits[message.id] = telling.tongue.say("let_go")
        told.under_way = list(under_way(program, told.state, telling.tongue, telling.waits, paused))


class _History:
    """One profile's rows in order, each decided again in its surroundings."""

    def __init__(self, journal: Journal, then: SurroundingsThen, telling: Telling) -> None:
        self.then, self._journal, self._telling = then, journal, telling

    def tell(self, told: Told, heard: Heard, key: int, until: int | None) -> None:
        for row in self._journal.history(key):
            if until is not None and row.clock > until:
                break
            self.then.at(row.seq)
            if not told.programs or told.programs[-1][1] != self.then.program.name:
                told.programs.append((self.then.since, self.then.program.name))
            self._row(told, heard, row)
            told.at = row.clock if until is None else until
        self.then.at(sys.maxsize)
        heard.live_since = self.then.live_since

    def _row(self, told: Told, heard: Heard, row: JournalRow) -> None:
        program, given = self.then.program, given_of(row.given)
        if told.state is None:
            told.state = newcomer(program, row.clock, raw_id(given) if isinstance(given, Event) else "")
        if isinstance(given, Event):
            told.events.append(given)
            heard.events.setdefault(given.name, []).append(given)
        by = self.then.redriven(row.given)
        if by is not None:
            told.entries.append(entry_of(row.clock, "", "redriven", redriven(given, by, self._telling.tongue)))
        if not row.decision:
            told.entries.append(entry_of(row.clock, "", "dead_letter", self._telling.tongue.say("dead")))
            return
        watcher = Watcher(program.tables, self._telling.tongue)
        decision = self._decided(told, row, watcher)
        if not self.then.controls.addresses:
            self._rehearse(told.state, decision, row)
        told.stages += [(step.at, step.source, step.target, step.cause) for step in decision.transitions]
        found = entries_of(program, decision, watcher, row.clock, given, told.state.name, self._telling)
        told.entries += [{**entry, "program": program.name} for entry in found]
        self._note_calls(heard, watcher, row.clock)

    def _note_calls(self, heard: Heard, watcher: Watcher, now: int) -> None:
        for subject, judged in watcher.seen.items():
            campaign, _, word = subject.rpartition(" ")
            if word == "on" and judged:
                heard.calls[campaign] = (now, judged[-1])

    def _decided(self, told: Told, row: JournalRow, watcher: Watcher) -> Decision:
        """What the journal says was decided. Deciding it again shows why, unless that comes out otherwise now."""
        assert told.state is not None  # noqa: S101 - its only caller has made it
        again: ProfileInput = given_of(row.given)
        try:
            encoded = decide(self.then.program, self.then.controls, told.state, again, row.clock, watcher).encoded
        except Exception:  # noqa: BLE001 - another version of the engine had no trouble with it
            encoded = b""
        if encoded != row.decision:
            told.otherwise += 1
            watcher.forget()
        return _decision(row.decision)

    def _rehearse(self, state: Profile, decision: Decision, row: JournalRow) -> None:
        """Look at what is handed over now as a live channel would."""
        for attempt in decision.attempts:
            message = state.message(attempt.message_id)
            if message is not None:
                outgoing = describe(self.then.program, state, message, attempt.not_after, row.clock, row.key)
                self._telling.rehearsal.look(outgoing)


def _rounds(rows: list[JournalRow], told: Told) -> Iterator[Broadcast]:
    """The rounds that began while the customer was known."""
    for row in rows:
        known = told.state is not None and row.clock >= told.state.born and (told.at is None or row.clock <= told.at)
        given = given_of_partition(row.given) if known else None
        if isinstance(given, Broadcast):
            yield given


def _never(program: Program, told: Told, heard: Heard, tongue: Tongue, asked: str | None) -> list[dict[str, Any]]:
    """Campaigns that this customer never met, and what was missing. Of the one that is `asked` for its `if` as it is now."""
    met, found = {entry["campaign"] for entry in told.entries}, []
    for campaign in program.campaigns.values():
        if campaign.name in met or asked not in (None, campaign.name):
            continue
        ways = list(missed(program, campaign, heard, tongue, Clock(told.zone)))
        words = "; ".join(dict.fromkeys(way.words for way in ways))
        until = min((way.next_allowed for way in ways if way.next_allowed is not None), default=None)
        judged = next((way.judged for way in ways if way.judged.rule is not None), Judged())
        now = if_now(program, campaign, heard, tongue) if asked is not None else Judged()
        entry = entry_of(None, campaign.name, "never_triggered", words, until=until, judged=judged)
        shown = {"rule": now.rule, "rule_words": list(now.lines), "why": now.why} if now.rule is not None else None
        found.append({**entry, "trigger": [way.as_json() for way in ways], "if_now": shown, "program": program.name})
    return found
