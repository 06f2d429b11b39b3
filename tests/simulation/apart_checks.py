"""Invariants of identity across partitions: every commit is met by a second engine, and the end by a run of one partition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orchestrator.delivery.governor import OpenGovernor
from orchestrator.delivery.virtual import VirtualWire
from orchestrator.domain import ledger
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.decision import Decision
from orchestrator.domain.identity import about_a_thing, raw_id
from orchestrator.domain.input import (
    Adopt,
    Announcement,
    Broadcast,
    Event,
    Link,
    Outcome,
    ProfileInput,
    Receipt,
    Release,
    Timer,
)
from orchestrator.domain.moment import Controls, Moment
from orchestrator.domain.profile import Profile, seal, unseal
from orchestrator.domain.program import Program
from orchestrator.insight.accepted import given_of, given_of_partition
from orchestrator.partition.engine import Engine
from orchestrator.partition.identities import Passed
from orchestrator.partition.live import Answered
from orchestrator.partition.partition import PARTITION_KEY, Surroundings
from orchestrator.partition.ports import Changes, JournalRow
from orchestrator.stores.memory import MemoryFile
from tests.simulation.journal_checks import _due, _ledger
from tests.simulation.message_checks import MessageChecks
from tests.simulation.programs import START
from tests.simulation.receipt_checks import ReceiptChecks
from tests.simulation.violation import require

if TYPE_CHECKING:
    from tests.simulation.apart_emitters import Storm
    from tests.simulation.apart_worker import Topic

COUNTED = ("Added", "Ordered", "Viewed", "Emptied")
DEADLINE_MS = 60_000
"""As promised; on purpose not read from the code."""
APART = 1_000_000
"""Between the keys of two partitions, so that a profile is known by its key alone."""
_TOLD = ("email", "phone")


@dataclass(slots=True)
class ApartChecks:
    """Everything that is durable anywhere, and what must be true of it. A profile is known by its key: no two have the same."""

    program: Program
    taken: Counter[str]
    wall: Callable[[], int]
    messages: MessageChecks = field(init=False)
    shadows: dict[int, Profile] = field(default_factory=dict)
    raws: dict[int, str] = field(default_factory=dict)
    last_of: dict[int, int] = field(default_factory=dict)
    clocks: dict[int, int] = field(default_factory=dict)
    rows: int = 0
    decided: dict[str, int] = field(default_factory=dict)
    """event id → its row"""
    pending: dict[tuple[int, str], tuple[int, int]] = field(default_factory=dict)
    """(known profile, anonymous id) → since when it is linked and until when marketing is held"""
    pending_ever: set[tuple[str, str]] = field(default_factory=set)
    travelling: dict[int, bytes] = field(default_factory=dict)
    """key of a profile that was let go → its bytes, until it is taken in"""
    released: dict[str, str] = field(default_factory=dict)
    """anonymous id → the known one that it was let go for"""
    adopted: set[str] = field(default_factory=set)
    attempted: dict[int, dict[str, set[str]]] = field(default_factory=dict)
    """profile → campaign → enrolments of which a message was attempted"""
    linked_at: dict[int, list[tuple[int, dict[str, set[str]]]]] = field(default_factory=dict)
    """profile → (since when it was linked, what the other had attempted by then) of those that it took in"""
    answered: set[str] = field(default_factory=set)
    """Messages whose answer reached the owner that asked."""
    settled: set[str] = field(default_factory=set)
    heard_rounds: set[tuple[str, int]] = field(default_factory=set)
    called: dict[tuple[str, int], str] = field(default_factory=dict)
    """(round, profile) that must hear of it → its pattern"""
    became: dict[int, int] = field(default_factory=dict)
    receipts: ReceiptChecks = field(init=False)

    def __post_init__(self) -> None:
        self.messages = MessageChecks(self.program, self.taken)
        self.receipts = ReceiptChecks(self.messages)

    # ── each transaction ────────────────────────────────────────────────────────────────────────────────────────────

    def durable(self, partition: int, staged: Sequence[Changes], passed: Sequence[Passed], file: MemoryFile) -> None:
        """Meet one transaction of a partition; `file` is its state before."""
        for one in staged:
            self.raws |= {key: raw for raw, key in one.ids.items() if key is not None and raw.startswith("u:")}
            self.raws |= {key: raw for raw, key in one.ids.items() if key is not None and key not in self.raws}
            for key in one.gone:
                self._let_go(key, one, file)
        for row in sorted(row for one in staged for row in one.journal):
            if row.key == PARTITION_KEY:
                self._around(partition, row)
            else:
                self._row(partition, row)
        for one in staged:
            require(not one.dead, "I10", "dead letters of nothing poisoned:", [dead.cause for dead in one.dead])
            self._stands(one)
        self._sent_on(passed)

    def _let_go(self, key: int, one: Changes, file: MemoryFile) -> None:
        """Nothing may be decided of it any more; what it held by then is on its way."""
        del one, file
        self.travelling[key] = b""

    def _sent_on(self, passed: Sequence[Passed]) -> None:
        for one in passed:
            if isinstance(one.given, Adopt) and one.given.state:
                given = one.given
                shadow = self.shadows[given.key]
                require(seal(shadow) == given.state, "I19", given.raw, "is sent on otherwise than it stood")
                require(given.key in self.travelling, "I19", given.raw, "is sent on and not let go")
                self.travelling[given.key] = given.state
        lost = [key for key, state in self.travelling.items() if not state]
        require(not lost, "I19", "let go and not sent on:", lost)

    def _around(self, partition: int, row: JournalRow) -> None:
        given = given_of_partition(row.given)
        if isinstance(given, Release):
            require(given.raw not in self.released, "I19", given.raw, "is let go a second time, for", given.to)
            self.released[given.raw] = given.to
        elif isinstance(given, Broadcast) and not given.stopped:
            self._begins(partition, row, given)

    def _begins(self, partition: int, row: JournalRow, given: Broadcast) -> None:
        """Everyone in the segment of this partition by now is to hear of it: none of ours leaves it again.

        Who is on the way between two partitions just then is in neither: that a round passes them by is known and told.
        """
        for key, shadow in self.shadows.items():
            here = key // APART == partition and key <= given.known and key not in self.travelling
            for ident in given.patterns if here else ():
                moment = Moment(self.program, Controls(), shadow, row.clock, "", Decision())
                if moment.holds(self.program.segments[self.program.index.called[ident].to or ""], ""):
                    self.called[given.id, key] = ident

    def _row(self, partition: int, row: JournalRow) -> None:
        given = given_of(row.given)
        require(row.prev_seq == self.last_of.get(row.key, 0), "I7", "journal of", row.key, "has a gap before", row.seq)
        require(row.clock >= self.clocks.get(partition, 0), "I5", "clock of", partition, "went back in row", row.seq)
        require(row.clock <= self.wall(), "I5", "row", row.seq, "is ahead of the wall clock")
        self.clocks[partition], self.last_of[row.key] = row.clock, row.seq
        self.rows += 1
        if isinstance(given, Timer):
            require(given.due <= row.clock, "I5", "timer", given.due, "fired at", row.clock)
        shadow = self.shadows.get(row.key)
        if shadow is None:
            raw = raw_id(given) if isinstance(given, Event) else self.raws[row.key]
            shadow = self.shadows[row.key] = newcomer(self.program, row.clock, raw)
        self._before(row, given)
        decision, encoded, _ = decide(self.program, Controls(), shadow, given, row.clock)
        require(encoded == row.decision, "I7", "row", row.seq, "decided again differs:", given, decision)
        self._after(row, shadow, decision)
        if isinstance(given, Receipt):
            self.receipts.heard(given, shadow, decision)

    def _before(self, row: JournalRow, given: ProfileInput) -> None:
        match given:
            case Event():
                require(given.message_id not in self.decided, "I2", given.message_id, "decided again in row", row.seq)
                self.decided[given.message_id] = row.seq
                self.messages.wishes.heard(row.key, given)
            case Link():
                require((row.key, given.raw) not in self.pending, "I19", given.raw, "is linked twice")
                self.pending[row.key, given.raw] = row.clock, row.clock + DEADLINE_MS
                self.pending_ever.add((self.raws[row.key], given.raw))
            case Adopt():
                self._adopts(row, given)
            case Outcome():
                self.settled.add(given.message_id)
            case Announcement():
                heard = (given.broadcast, row.key)
                require(heard not in self.heard_rounds, "I16", "profile", row.key, "hears twice:", given)
                self.heard_rounds.add(heard)
            case _:
                pass

    def _adopts(self, row: JournalRow, given: Adopt) -> None:
        at, _ = self.pending.pop((row.key, given.raw), (row.clock, 0))
        if not given.state:
            return
        name = given.raw or str(given.key)
        require(name not in self.adopted, "I19", name, "is taken in a second time by", self.raws[row.key])
        self.adopted.add(name)
        if given.raw:
            require(self.released.get(given.raw) == self.raws[row.key], "I19", given.raw, "is taken in by a stranger")
            require(self.travelling.pop(given.key, None) == given.state, "I19", given.raw, "arrives otherwise than it left")
        else:
            self.travelling.pop(given.key, None)
        self.messages.adopted(given.key, row.key)
        theirs = self.attempted.pop(given.key, {})
        self.linked_at.setdefault(row.key, []).append((at, {name: set(them) for name, them in theirs.items()}))
        self.linked_at[row.key] += self.linked_at.pop(given.key, [])
        for campaign, enrolments in theirs.items():
            self.attempted.setdefault(row.key, {}).setdefault(campaign, set()).update(enrolments)
        self.heard_rounds |= {(ident, row.key) for ident, key in self.heard_rounds if key == given.key}
        self.became[given.key] = row.key
        self.shadows.pop(given.key)

    def _after(self, row: JournalRow, shadow: Profile, decision: Decision) -> None:
        waits = [until for (key, _), (_, until) in self.pending.items() if key == row.key and row.clock < until]
        late = [message.id for message in shadow.messages if message.gate == "identity" and not waits]
        require(not late, "I20", late, "of", row.key, "wait for other ids, and none is on its way")
        for change in decision.messages:
            if change.reason == "identity":
                ends = change.until is not None and change.until <= max(waits)
                require(ends, "I20", change.id, "waits beyond the deadline:", change.until, waits)
            if change.state == "attempting":
                self._attempts(row, shadow, change.id, change.campaign, marketing=change.cls == "marketing")
            self.messages.changed(row.key, change, row.clock, shadow, Controls())
        self.messages.joins.decided(row.key, row.clock, shadow, decision)
        for attempt in decision.attempts:
            self.messages.leave_given(attempt, row.clock)

    def _attempts(self, row: JournalRow, shadow: Profile, ident: str, campaign: str, *, marketing: bool) -> None:
        held = [raw for (key, raw), (_, until) in self.pending.items() if key == row.key and row.clock < until and marketing]
        require(not held, "I20", ident, "of", campaign, "is attempted while", held, "are on their way")
        message = shadow.message(ident)
        assert message is not None
        run = shadow.run(message.enrolment)
        once = self.program.campaigns[campaign].reentry.after is None
        for at, theirs in self.linked_at.get(row.key, ()) if once and run is not None else ():
            before = theirs.get(campaign, set()) - {message.enrolment}
            again = before and run is not None and run.entered_at >= at
            require(not again, "I21", ident, "of", campaign, "goes to who had it already under another id:", before)
        self.attempted.setdefault(row.key, {}).setdefault(campaign, set()).add(message.enrolment)

    def _stands(self, one: Changes) -> None:
        for key, record in one.records.items():
            shadow = self.shadows.get(key)
            require(shadow is not None, "I7", "profile", key, "has no journal")
            assert shadow is not None
            require(record.sealed == seal(shadow), "I7", "profile", key, "differs from its journal:", shadow)
            require(record.last_seq == self.last_of[key], "I7", "profile", key, "does not know its last row")
            _ledger(key, shadow)
            self.messages.exact_count(key, shadow, one.clock)
            _due(key, shadow, record.due)
            if key in self.travelling and record.raw.startswith("u:"):
                del self.travelling[key]  # it only changed its name

    def heard(self, _partition: int, answers: Sequence[Answered]) -> None:
        """A durable turn has heard these answers."""
        for one in answers:
            ident = one.outcome.message_id
            open_ = self.messages.states.get(ident) in ("attempting", "in_doubt")
            if isinstance(one.outcome, Outcome) and one.outcome.detail != "evidence" and (open_ or ident in self.settled):
                self.answered.add(ident)

    # ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def rest(self, topics: Sequence[Topic], storm: Storm, home: Callable[[str], int]) -> None:
        """Everything is decided, every link is honoured, and everybody is whom one partition would make of them."""
        said = {one.event.message_id for one in storm.sendings if not about_a_thing(one.event)}
        require(said <= self.decided.keys(), "I1", "never decided:", sorted(said - self.decided.keys()))
        require(not self.pending, "I19", "never answered:", sorted(self.pending))
        require(not self.travelling, "I19", "let go and never taken in:", sorted(self.travelling))
        missed = {one: ident for one, ident in self.called.items() if not self._has_heard(*one)}
        require(not missed, "I16", "in the segment and not reached:", missed)
        lost = self.answered - self.settled
        require(not lost, "I22", "answered, and nobody was told:", sorted(lost))
        lost = self.receipts.brought - self.receipts.known
        require(not lost, "I22", "said of a message, and nobody was told:", sorted(lost))
        stuck = [ident for ident, state in self.messages.states.items() if state in ("planned", "attempting")]
        require(not stuck, "I9", "never ended:", stuck)
        owners = self._owners(topics, storm, home)
        self._as_one(topics, storm, owners)

    def _has_heard(self, ident: str, key: int) -> bool:
        while (ident, key) not in self.heard_rounds and key in self.became:
            key = self.became[key]
        return (ident, key) in self.heard_rounds

    def _owners(self, topics: Sequence[Topic], storm: Storm, home: Callable[[str], int]) -> dict[str, str]:
        """anonymous id → whose it is now, as its home says; everybody who asked has heard the same."""
        found = {}
        for raw, claimants in storm.claims.items():
            owner = topics[home(raw)].file.redirects.get(raw)
            require(owner in claimants, "I19", raw, "leads to", owner, "and was claimed by", claimants)
            assert owner is not None
            require(owner not in topics[home(owner)].file.redirects, "I19", raw, "leads to", owner, "which leads on")
            for user in claimants:
                said = topics[home(user)].file.redirects.get(raw)
                require(said == owner, "I19", "the home of", user, "says that", raw, "is", said, "and it is", owner)
            if home(raw) != home(owner):
                require(raw not in topics[home(raw)].file.ids, "I19", raw, "is still somebody at its home")
            found[raw] = owner
        for topic in topics:
            astray = {raw: to for raw, to in _anonymous(topic.file.redirects).items() if found.get(raw) != to}
            require(not astray, "I19", "partition", topic.number, "redirects", astray, "and it is", found)
        return found

    def _as_one(self, topics: Sequence[Topic], storm: Storm, owners: dict[str, str]) -> None:
        """A run of one partition, in which each claim that was honoured came first, makes the same people."""
        file = MemoryFile(keep_journal=False)
        alone = Engine([file.partition(0)], Surroundings(self.program, OpenGovernor(), VirtualWire()))
        events = [one.event for one in storm.sendings if not about_a_thing(one.event)]
        first = [one for one in events if owners.get(f"a:{one.anonymous_id}") == f"u:{one.user_id}"]
        for event in (*first, *events):
            alone.feed(event, START + 10**9)
        alone.commit()
        theirs = {raw: _facts(unseal(file.profiles[key][1].sealed)) for raw, key in file.ids.items()}
        ours: dict[str, Any] = {}
        for topic in topics:
            for key, (_, stored) in topic.file.profiles.items():
                require(stored.raw not in ours, "I19", stored.raw, "is two profiles")
                ours[stored.raw] = _facts(unseal(stored.sealed))
                require(key in self.shadows, "I7", key, "has no journal")
        redirects = _anonymous(file.redirects)
        require(redirects == owners, "I19", "one partition redirects", redirects, "these", owners)
        emitted = {raw for raw in ours.keys() ^ theirs.keys() if not _known(ours.get(raw) or theirs.get(raw))}
        for raw in sorted((ours.keys() | theirs.keys()) - emitted):
            require(ours.get(raw) == theirs.get(raw), "I19", raw, "is", ours.get(raw), "and in one partition", theirs.get(raw))


def _anonymous(redirects: dict[str, str]) -> dict[str, str]:
    """Without those by which answers find their profile."""
    return {raw: to for raw, to in redirects.items() if raw.startswith("a:")}


def _known(facts: Any) -> bool:
    """Whether anything that a customer did is known: who was only told something by others may exist in one run alone."""
    return bool(facts["counts"] or facts["traits"] or facts["consents"] or facts["devices"])


def _facts(profile: Profile) -> dict[str, Any]:
    """What does not depend on the order of inputs."""
    return {
        "counts": {name: profile.folds.get(f"n {name}") for name in COUNTED if f"n {name}" in profile.folds},
        "traits": {name: profile.traits[name] for name in _TOLD if name in profile.traits},
        "consents": {
            topic: {place: (word.given, word.at, word.id) for place, word in sorted(words.items())}
            for topic, words in sorted(profile.consents.items())
        },
        "devices": sorted(profile.anonymous_ids),
        "links": sorted(profile.links),
        "cleared": [one.id for one in profile.messages if one.state == ledger.CLEARED],
    }
