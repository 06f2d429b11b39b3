"""A store in memory: for replays that keep nothing, tests and simulation. Durable as far as the process lives."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import OpenTask, unseal
from orchestrator.domain.suppression import Listed
from orchestrator.partition.ports import Changes, DeadLetter, JournalRow, Stored


@dataclass(slots=True)
class MemoryFile:
    """What all partitions of one engine share, as one SQLite file would."""

    ids: dict[str, int] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    profiles: dict[int, tuple[int, Stored]] = field(default_factory=dict)
    keys_kept: list[int] = field(default_factory=list)
    """Those of `profiles`, in order."""
    due: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    tasks: dict[int, list[OpenTask]] = field(default_factory=dict)
    """By profile key."""
    journal: list[JournalRow] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    clocks: dict[int, int] = field(default_factory=dict)
    switches: Controls = field(default_factory=Controls)
    facts: dict[str, bytes] = field(default_factory=dict)
    programs: dict[str, bytes] = field(default_factory=dict)
    listed: dict[bytes, dict[bytes, Listed]] = field(default_factory=dict)
    """hash of an address → name → entry"""
    reached: dict[bytes, str] = field(default_factory=dict)
    keys: int = 0
    seqs: int = 0
    keep_journal: bool = True

    def partition(self, number: int) -> MemoryStore:
        return MemoryStore(self, number)

    def key_of(self, raw: str) -> int | None:
        """The profile that a raw id names, through its redirect if there is one."""
        return self.ids.get(self.redirects.get(raw, raw))

    def ids_like(self, start: str, limit: int) -> list[str]:
        """Raw ids that begin so, in order."""
        return sorted(raw for raw in self.ids if raw.startswith(start))[:limit]

    def read(self, key: int) -> Stored | None:
        found = self.profiles.get(key)
        return None if found is None else found[1]

    def history(self, key: int) -> list[JournalRow]:
        """One profile's journal, oldest first."""
        stored = self.read(key)
        found: list[JournalRow] = []
        seq = stored.last_seq if stored is not None else 0
        while seq:
            found.append(self.journal[seq - 1])
            seq = found[-1].prev_seq
        return found[::-1]

    def controls(self) -> Controls:
        return self.switches

    def partition_rows(self, beside: int | None = None) -> list[JournalRow]:
        """Inputs of whole partitions, in order."""
        del beside
        return [row for row in self.journal if row.key == 0]

    def every_profile(self) -> Iterator[tuple[int, Stored]]:
        for key in sorted(self.profiles):
            yield key, self.profiles[key][1]


@dataclass(frozen=True, slots=True)
class MemoryStore:
    """One partition's view."""

    file: MemoryFile
    number: int

    def clock(self) -> int:
        return self.file.clocks.get(self.number, 0)

    def controls(self) -> Controls:
        return self.file.switches

    def fact(self, name: str) -> bytes | None:
        return self.file.facts.get(name)

    def listed(self, address: bytes) -> list[Listed]:
        return list(self.file.listed.get(address, {}).values())

    def reached(self, address: bytes) -> str | None:
        return self.file.reached.get(address)

    def find(self, raw: str) -> int | None:
        return self.file.ids.get(raw)

    def redirect(self, raw: str) -> str | None:
        return self.file.redirects.get(raw)

    def read(self, key: int) -> Stored | None:
        found = self.file.profiles.get(key)
        return found[1] if found is not None and found[0] == self.number else None

    def due_after(self, due: int, key: int, limit: int) -> list[tuple[int, int]]:
        rows = self.file.due.get(self.number, [])
        start = bisect_right(rows, (due, key))
        return rows[start : start + limit]

    def keys_after(self, key: int, limit: int) -> list[int]:
        start = bisect_right(self.file.keys_kept, key)
        return self.file.keys_kept[start : start + limit]

    def last_key(self) -> int:
        return self.file.keys

    def next_key(self) -> int:
        self.file.keys += 1
        return self.file.keys

    def next_seq(self) -> int:
        self.file.seqs += 1
        return self.file.seqs

    def commit(self, changes: list[Changes]) -> None:
        for one in changes:
            self._forget(one)
        for one in changes:
            self._write(one)
        if self.file.keep_journal:
            self.file.journal.extend(sorted(row for one in changes for row in one.journal))

    def _forget(self, changes: Changes) -> None:
        for key in changes.gone:
            self._unschedule(key)
            if self.file.profiles.pop(key, None) is not None:
                del self.file.keys_kept[bisect_right(self.file.keys_kept, key) - 1]
            self.file.tasks.pop(key, None)

    def _unschedule(self, key: int) -> None:
        held = self.file.profiles.get(key)
        if held is None or held[1].due is None:
            return
        rows = self.file.due[held[0]]
        place = bisect_right(rows, (held[1].due, key)) - 1
        if place >= 0 and rows[place] == (held[1].due, key):
            del rows[place]

    def _write(self, changes: Changes) -> None:
        file = self.file
        for key, record in changes.records.items():
            self._unschedule(key)
            if key not in file.profiles:
                insort(file.keys_kept, key)
            file.profiles[key] = (changes.partition, Stored(record.raw, record.sealed, record.last_seq, record.due))
            if record.due is not None:
                insort(file.due.setdefault(changes.partition, []), (record.due, key))
        for key in changes.tasks:
            file.tasks[key] = unseal(changes.records[key].sealed).tasks
        for raw, found in changes.ids.items():
            if found is None:
                file.ids.pop(raw, None)
            else:
                file.ids[raw] = found
        file.redirects.update(changes.redirects)
        file.dead[:] = [one for one in file.dead if one.seq not in changes.redriven] + changes.dead
        file.clocks[changes.partition] = changes.clock
        file.facts.update(changes.facts)
        file.programs.update(changes.programs)
        file.reached.update(changes.reached)
        for name, one in changes.listed.items():
            file.listed.setdefault(one.address, {})[name] = one
        if changes.controls is not None:
            file.switches = changes.controls
