"""A simulated disk: commits are checksummed records of one log, synced; power loss keeps any part of what was not synced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NoReturn
from zlib import crc32

import msgspec

from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import unseal
from orchestrator.domain.suppression import Listed
from orchestrator.partition.ports import Changes, DeadLetter, JournalRow, Record
from orchestrator.stores.memory import MemoryFile, MemoryStore


class DiedError(Exception):
    """The worker's process ends here."""


class Part(msgspec.Struct, array_like=True):
    """What one partition changed, as its record on disk holds it."""

    partition: int
    clock: int
    ids: dict[str, int | None]
    records: list[tuple[int, str, bytes, int, int | None]]
    """(key, raw, sealed, last_seq, due)"""
    redirects: dict[str, str]
    gone: list[int]
    journal: list[tuple[int, int, int, int, bytes, bytes]]
    dead: list[tuple[int, int, int, bytes, str]]
    controls: bytes | None
    facts: dict[str, bytes]
    tasks: list[int]
    listed: list[Listed]
    reached: dict[bytes, str]


class Commit(msgspec.Struct, array_like=True):
    """One record of the log."""

    parts: list[Part]


def _part(changes: Changes) -> Part:
    return Part(
        changes.partition,
        changes.clock,
        changes.ids,
        [(key, r.raw, r.sealed, r.last_seq, r.due) for key, r in changes.records.items()],
        changes.redirects,
        sorted(changes.gone),
        [tuple(row) for row in changes.journal],
        [(dead.seq, dead.key, dead.clock, dead.given, dead.cause[-80:]) for dead in changes.dead],
        None if changes.controls is None else msgspec.json.encode(changes.controls, order="sorted"),
        changes.facts,
        sorted(changes.tasks),
        list(changes.listed.values()),
        changes.reached,
    )


def _changes(part: Part) -> Changes:
    records = {key: Record(key, raw, unseal(b), b, last, due) for key, raw, b, last, due in part.records}
    rows = [JournalRow(*row) for row in part.journal]
    dead = [DeadLetter(*one) for one in part.dead]
    controls = None if part.controls is None else msgspec.json.decode(part.controls, type=Controls)
    return Changes(
        part.partition,
        part.clock,
        part.ids,
        records,
        part.redirects,
        gone=set(part.gone),
        tasks=set(part.tasks),
        journal=rows,
        dead=dead,
        controls=controls,
        facts=part.facts,
        listed={one.name: one for one in part.listed},
        reached=part.reached,
    )


_HEAD = 8
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Commit).decode


@dataclass(slots=True)
class Disk:
    """The log. `durable` hears of each record once, as soon as it is certain to survive."""

    rng: Random
    durable: Callable[[Commit], None]
    log: bytearray = field(default_factory=bytearray)
    synced: int = 0
    told: int = 0
    """Bytes of the log whose records `durable` has heard of."""
    fuse: str = ""
    """Where the next commit dies: before, written or synced; empty: it does not."""

    def append(self, parts: Sequence[Changes]) -> None:
        """Make one record durable; raises DiedError where the fuse says so."""
        fuse, self.fuse = self.fuse, ""
        if fuse == "before":
            self.die()
        commit = Commit([_part(one) for one in parts])
        content = _encode(commit)
        self.log += len(content).to_bytes(4, "big") + crc32(content).to_bytes(4, "big") + content
        if fuse == "written":
            self.die()
        self.synced = len(self.log)
        if fuse == "synced":
            self.die()
        self.told = self.synced
        self.durable(commit)

    def die(self) -> NoReturn:
        """Lose power: of what was not synced, some prefix stays, and its last bytes may be garbage."""
        tail = bytearray(self.log[self.synced :])
        kept = tail[: self.rng.randrange(len(tail) + 1)]
        if kept and self.rng.random() < 0.5:
            kept[-1] ^= 0xFF
        self.log[self.synced :] = kept
        raise DiedError

    def _valid(self, start: int) -> list[tuple[int, Commit]]:
        """(end, record) of every whole record from `start` on."""
        found = []
        while start + _HEAD <= len(self.log):
            size = int.from_bytes(self.log[start : start + 4], "big")
            content = bytes(self.log[start + _HEAD : start + _HEAD + size])
            if len(content) < size or crc32(content) != int.from_bytes(self.log[start + 4 : start + _HEAD], "big"):
                break
            start += _HEAD + size
            found.append((start, _decode(content)))
        return found

    def recover(self) -> MemoryFile:
        """The longest valid prefix as a store; what follows it is cut off."""
        file = MemoryFile()
        found = self._valid(0)
        end = found[-1][0] if found else 0
        del self.log[end:]
        self.synced = end
        for _, commit in found:
            MemoryStore(file, 0).commit([_changes(part) for part in commit.parts])
        used = (
            key
            for _, c in found
            for part in c.parts
            for key in (*(r[0] for r in part.records), *(row[1] for row in part.journal))
        )
        file.keys = max(used, default=0)
        file.seqs = max((row[0] for _, c in found for part in c.parts for row in part.journal), default=0)
        for end, commit in self._valid(self.told):
            self.told = end
            self.durable(commit)
        return file


@dataclass(frozen=True, slots=True)
class SimStore(MemoryStore):
    """One partition's view of a file that is rebuilt from the disk's log after a crash."""

    disk: Disk

    def commit(self, changes: list[Changes]) -> None:
        if changes:
            self.disk.append(changes)
            MemoryStore.commit(self, changes)
