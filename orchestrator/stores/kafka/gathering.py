"""What was read of one partition's changelog and journal and is not in the mirror yet, until its transactions are whole.

    changelog ─▶ entries … position ┐
                                    ├─▶ whole up to the last position whose rows are all here ─▶ mirror
    journal ───▶ rows ──────────────┘

A transaction stands in two topics, and each is read for itself. Its last record in the changelog, the position, says up to
which row of the journal it goes. A changelog that was compacted has lost positions on the way: while that is read, everything
is taken as it comes, until both topics have been read to where they ended then: only that is a state that ever was.
One profile becomes part of another partition's in two rows: there it is let go of, here it is adopted. The second is held back
until the first is in the mirror, so that whoever follows its rows meets them in that order; as each follows from the other, no
two partitions wait for one another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from dataclasses import dataclass, field
from hashlib import blake2b

import msgspec

from orchestrator.domain.input import PartitionInput, Release
from orchestrator.partition.partition import PARTITION_KEY
from orchestrator.partition.ports import JournalRow
from orchestrator.stores.kafka.records import POSITION, Position, adopt_of, decode_position, read_journal

_RELEASE = b"\xa7release"
_given_of = msgspec.msgpack.Decoder(PartitionInput).decode


@dataclass(slots=True)
class Taken:
    """Records to be mirrored together. Offsets are those of the next record of either topic; None: nothing new."""

    entries: dict[bytes, bytes]
    rows: list[JournalRow]
    position: Position | None = None
    changelog: int | None = None
    journal: int | None = None
    print: bytes = b""
    """Of the last row."""
    released: set[str] = field(default_factory=set)
    """Raw ids that were let go of."""
    adopted: set[str] = field(default_factory=set)
    """Raw ids that were taken in."""

    @property
    def empty(self) -> bool:
        return self.changelog is None and self.journal is None


@dataclass(slots=True)
class Gathered:
    """One partition's. `seq`: the last row of its journal that was read. `filling`: positions may be missing."""

    number: int
    seq: int = 0
    filling: bool = True
    _entries: deque[tuple[int, bytes, bytes]] = field(default_factory=deque)
    _rows: deque[tuple[int, JournalRow]] = field(default_factory=deque)
    _positions: deque[tuple[int, Position]] = field(default_factory=deque)
    _adopts: deque[tuple[int, str]] = field(default_factory=deque)
    """(row, raw id) of those that wait for a row of another partition."""
    _told: int = 0
    """The last row that a position which was taken speaks of."""

    @property
    def waiting(self) -> int:
        """Records that are here."""
        return len(self._entries) + len(self._rows)

    @property
    def incomplete(self) -> bool:
        """Whether it waits for rows that a position speaks of."""
        return bool(self._positions) and self._positions[0][1].seqs > self.seq

    def changed(self, offset: int, key: bytes, value: bytes) -> None:
        """The next record of the changelog."""
        self._entries.append((offset, key, value))
        if key == POSITION:
            self._positions.append((offset, decode_position(value)))

    def decided(self, offset: int, value: bytes) -> None:
        """The next record of the journal."""
        row = read_journal(value)
        self._rows.append((offset, row))
        self.seq = row.seq
        adopted = adopt_of(row.given)
        if adopted is not None and adopted.raw and adopted.state:
            self._adopts.append((row.seq, adopted.raw))

    @property
    def awaits(self) -> str | None:
        """The raw id that has to be let go of first."""
        return self._adopts[0][1] if self._adopts else None

    def free(self, released: Container[str]) -> None:
        """These were let go of."""
        while self._adopts and self._adopts[0][1] in released:
            self._adopts.popleft()

    def releases(self, raw: str) -> bool:
        """Whether that is among the rows that are here."""
        return any(released_in(row) == raw for _, row in self._rows)

    def absent(self) -> None:
        """The journal has been read to its end since: the rows that are waited for do not exist any more."""
        if self._positions:
            self.seq = max(self.seq, self._positions[0][1].seqs)

    def take(self) -> Taken:
        """What is whole; while filling, all there is."""
        last: tuple[int, Position] | None = None
        whole = self._adopts[0][0] - 1 if self._adopts else self.seq
        while self._positions and (self.filling or self._positions[0][1].seqs <= whole):
            last = self._positions.popleft()
        taken = Taken({}, [], None if last is None else last[1])
        if last is not None:
            self._told = last[1].seqs
        self._take_entries(taken, -1 if last is None else last[0])
        self._take_rows(taken, whole if self.filling else min(whole, self._told))
        return taken

    def _take_entries(self, taken: Taken, until: int) -> None:
        while self._entries and (self.filling or self._entries[0][0] <= until):
            offset, key, value = self._entries.popleft()
            taken.changelog = offset + 1
            if key != POSITION:
                taken.entries[key] = value

    def _take_rows(self, taken: Taken, until: int) -> None:
        while self._rows and self._rows[0][1].seq <= until:
            offset, row = self._rows.popleft()
            taken.journal = offset + 1
            taken.rows.append(row)
            released, adopted = released_in(row), adopt_of(row.given)
            if released is not None:
                taken.released.add(released)
            elif adopted is not None and adopted.raw:
                taken.adopted.add(adopted.raw)
        if taken.rows:
            taken.print = print_of(taken.rows[-1])


def released_in(row: JournalRow) -> str | None:
    """The raw id that a partition lets go of in this row, if any."""
    if row.key != PARTITION_KEY or _RELEASE not in row.given:
        return None
    found = _given_of(row.given)
    return found.raw if isinstance(found, Release) else None


def print_of(row: JournalRow) -> bytes:
    """What tells this row from any other log's."""
    told = b"%d %d %d %b %b" % (row.seq, row.key, row.clock, row.given, row.decision)
    return blake2b(told, digest_size=16).digest()
