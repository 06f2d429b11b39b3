"""Two programs over the recorded events of some customers: what each decides, and how their messages differ."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.authoring.garbage import seldom_collected
from orchestrator.domain.decision import Decision
from orchestrator.domain.moment import Controls, Moment
from orchestrator.domain.profile import Profile, unseal
from orchestrator.domain.program import Program
from orchestrator.insight.diff.links import Shard
from orchestrator.insight.diff.pairs import changes
from orchestrator.insight.diff.side import Mail, Side
from orchestrator.insight.diff.tally import Explained, Tally
from orchestrator.insight.diff.why import Other, why
from orchestrator.insight.replaying import BATCH, Replaying, Standing, digest_of, standing
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.files import Accepted, Rejected, read_events
from orchestrator.stores.memory import MemoryFile

Line = Accepted | Rejected
Progress = Callable[[int], None]
Samples = Mapping[str, dict[str, Any]]
"""What webhooks answer, by sender."""


@dataclass(slots=True)
class Counts:
    """What `replay` counts, of one workspace."""

    events: int = 0
    duplicates: int = 0
    profiles: int = 0
    weight: int = 0
    clock: int = 0
    dead: int = 0
    inputs: int = 0
    """Decided: events, and what followed from them (timers, hand-offs, outcomes, …)."""
    rejected: list[Rejected] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    webhooks: Counter[str] = field(default_factory=Counter)

    @property
    def digest(self) -> str:
        """The digest that `replay` gives for this workspace and these files."""
        return digest_of(self.weight)

    def join(self, other: Counts) -> None:
        """Add the counts of other customers. What no customer has (rejected lines, unknown names) is told by one part."""
        self.events += other.events
        self.duplicates += other.duplicates
        self.profiles += other.profiles
        self.weight += other.weight
        self.clock = max(self.clock, other.clock)
        self.dead += other.dead
        self.inputs += other.inputs
        self.rejected += other.rejected
        self.unknown.update(other.unknown)
        self.tasks.update(other.tasks)
        self.webhooks.update(other.webhooks)


@dataclass(slots=True)
class Reactions:
    """Events that answer a message, and decisions that hung on them under the new rules."""

    recorded: int = 0
    """Events that answered a message of the old rules or name one."""
    used: int = 0
    """Of these, those that did something under the new rules."""
    touched: int = 0
    """Of these, those that answered a message that the new rules do not send."""

    def join(self, other: Reactions) -> None:
        self.recorded += other.recorded
        self.used += other.used
        self.touched += other.touched


@dataclass(slots=True)
class Compared:
    """The comparison of some customers."""

    old: Counts = field(default_factory=Counts)
    new: Counts = field(default_factory=Counts)
    tally: Tally = field(default_factory=Tally)
    reactions: Reactions = field(default_factory=Reactions)

    def join(self, other: Compared) -> None:
        self.old.join(other.old)
        self.new.join(other.new)
        self.tally.join(other.tally)
        self.reactions.join(other.reactions)


class _Half:
    """One workspace on its way through the files."""

    def __init__(self, program: Program, shard: Shard, samples: Samples, renamed: Mapping[str, str]) -> None:
        self.program, self._shard = program, shard
        self.file = MemoryFile(keep_journal=False)
        self.side = Side(program, renamed)
        self.catalogue = Catalogue(program.events)
        self._replaying = Replaying(program, [self.file.partition(0)], self.side.watch, samples=samples)
        self.counts = Counts()

    def take(self, line: Line) -> None:
        """Decide a line of the shard's customers; others' only move the clock."""
        if isinstance(line, Rejected):
            if self._shard.number == 0:
                self.counts.rejected.append(line)
            return
        self.counts.clock = max(self.counts.clock, line.arrival)
        if self._shard.owns(line.event):
            self._replaying.take(line, counts=self._shard.counts(line.event))

    def finish(self, until: int | None) -> Standing:
        """Let time run on to the end of all files, not of these customers' events."""
        replaying, counts = self._replaying, self.counts
        replaying.finish(counts.clock if until is None else max(counts.clock, until))
        found = standing(self.program, self.file.every_profile())
        counts.events, counts.duplicates, counts.dead = replaying.events, replaying.duplicates, replaying.dead
        counts.inputs, counts.tasks, counts.webhooks = self.side.inputs, self.side.tasks, self.side.webhooks
        counts.profiles, counts.weight, counts.clock = len(found.names), found.weight, replaying.clock
        if self._shard.number == 0:
            counts.unknown = self.catalogue.unknown
        return found


def compare(
    old: Program,
    new: Program,
    paths: Sequence[Path],
    shard: Shard | None = None,
    *,
    renamed: Mapping[str, str] | None = None,
    until: int | None = None,
    progress: Progress | None = None,
    samples: tuple[Samples, Samples] = ({}, {}),
) -> Compared:
    """Run the shard's events through both programs and compare what each customer gets.

    `renamed`: old name → new name; `samples`: what each side's webhooks answer.

    One reading of the files serves both where both catalogues take the same events; the files are streamed, and memory
    follows the number of customers and messages, not of events.
    """
    shard = shard or Shard()
    halves = _Half(old, shard, samples[0], renamed or {}), _Half(new, shard, samples[1], {})
    halves[1].side.answer_also(halves[0].side.answering)
    tick = progress or (lambda _: None)
    with seldom_collected():
        if old.events == new.events:
            _run(halves, halves[0].catalogue, paths, until, tick, 2)
            halves[1].catalogue.unknown = halves[0].catalogue.unknown
        else:
            for half in halves:
                _run((half,), half.catalogue, paths, until, tick, 1)
        return _compared(halves, (halves[0].finish(until), halves[1].finish(until)))


def _run(
    halves: Sequence[_Half], catalogue: Catalogue, paths: Sequence[Path], until: int | None, tick: Progress, each: int
) -> None:
    number = 0
    lines = read_events(paths, until, validate=catalogue.validate, things=catalogue.things)
    for number, line in enumerate(lines, start=1):
        for half in halves:
            half.take(line)
        if number % BATCH == 0:
            tick(BATCH * each)
    tick(number % BATCH * each)


def _compared(halves: tuple[_Half, _Half], stood: tuple[Standing, Standing]) -> Compared:
    old, new = halves
    before, after = _by_customer(old.side, stood[0].names), _by_customer(new.side, stood[1].names)
    lacking = Other.of("old", old.side, stood[0].names), Other.of("new", new.side, stood[1].names)
    segments = _Segments(new, stood[1].names)
    tally, kept = Tally(), {mail.id for _, mail in new.side.mails.values() if mail.sent}
    for profile in sorted({*before, *after}):
        found = list(changes(before.get(profile, ()), after.get(profile, ())))
        kept.update(one.old.id for one in found if one.old is not None and one.kind in ("moved", "unchanged"))
        if found:
            tally.add(profile, segments.of(profile), (Explained(one, why(profile, one, *lacking)) for one in found))
    return Compared(old.counts, new.counts, tally, _reactions(old.side, new.side, kept))


def _by_customer(side: Side, names: dict[int, str]) -> dict[str, list[Mail]]:
    found: defaultdict[str, list[Mail]] = defaultdict(list)
    for key, mail in side.mails.values():
        found[names.get(side.home(key), "")].append(mail)
    return found


def _reactions(old: Side, new: Side, kept: set[str]) -> Reactions:
    """Each event decides once under the new rules: decisions are counted as events that did something."""
    answers: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for recorded, messages in old.answered.items():
        answers[recorded] |= messages
    for side in (old, new):
        for recorded, message in side.named.items():
            answers[recorded].add(message)
    used = [messages for recorded, messages in answers.items() if recorded in new.acted]
    return Reactions(len(answers), len(used), sum(not messages <= kept for messages in used))


class _Segments:
    """Segments as customers stand at the end, by the new rules."""

    def __init__(self, half: _Half, names: dict[int, str]) -> None:
        self._half = half
        self._keys = {name: key for key, name in names.items()}

    def of(self, profile: str) -> Iterator[str]:
        program, key = self._half.program, self._keys.get(profile)
        stored = self._half.file.read(key) if key is not None else None
        if stored is None:
            return
        moment = _moment(program, unseal(stored.sealed), self._half.counts.clock)
        yield from (name for name, rule in program.segments.items() if moment.holds(rule, name))


def _moment(program: Program, profile: Profile, now: int) -> Moment:
    return Moment(program, Controls(addresses=False), profile, now, "", Decision())
