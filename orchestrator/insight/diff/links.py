"""Who must be decided together: ids that recorded events may join into one profile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec

from orchestrator.domain.identity import about_a_thing, raw_id
from orchestrator.domain.input import Event
from orchestrator.errors import RejectedEvent
from orchestrator.intake.files import opened, raw_lines, read_events
from orchestrator.intake.identifiers import identifying


class _Ids(msgspec.Struct):
    userId: Any = None  # noqa: N815 - the names of the Segment shape
    anonymousId: Any = None  # noqa: N815
    previousId: Any = None  # noqa: N815


_decode = msgspec.json.Decoder(_Ids).decode


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `of` parts of all customers. `homes` gives the id that stands for every id that may be joined to another."""

    number: int = 0
    of: int = 1
    homes: Mapping[str, str] = field(default_factory=dict)

    def owns(self, event: Event) -> bool:
        """Whether the event is of a customer of this part, or about a thing: that concerns every part."""
        if self.of == 1 or about_a_thing(event):
            return True
        raw = raw_id(event)
        return crc32(self.homes.get(raw, raw).encode("utf-8", "surrogatepass")) % self.of == self.number

    def counts(self, event: Event) -> bool:
        """Whether this part counts the event; what concerns every part, one counts."""
        return self.number == 0 or not about_a_thing(event)


def homes_of(paths: Sequence[Path]) -> dict[str, str]:
    """Every id that some line names beside another → one id for all that hang together.

    Whether a line will be accepted is not asked: a rejected one keeps together more than it must, never less, and so both
    workspaces can be served by one division. Memory follows the number of such ids, not of lines.
    A file that cannot be opened raises UsageError.
    """
    read_events(paths)  # refuses a file that cannot be opened
    parents: dict[str, str] = {}
    for path in paths:
        for user, other in _pairs(path):
            _join(parents, f"u:{user}", f"a:{other}")
    return {raw: _root(parents, raw) for raw in parents}


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    """(user id, anonymous or previous id) that stand in one line."""
    with opened(str(path)) as stream:
        for raw in raw_lines(stream):
            if isinstance(raw, RejectedEvent):
                continue
            if b"anonymousId" not in raw and b"previousId" not in raw and b"\\u" not in raw:
                continue
            yield from _named(raw)


def _named(raw: bytes) -> Iterator[tuple[str, str]]:
    try:
        ids = _decode(raw)
        user = identifying(ids.userId, "userId")
        others = [identifying(found, "id") for found in (ids.anonymousId, ids.previousId)]
    except (msgspec.DecodeError, ValueError, RecursionError, RejectedEvent):
        return
    if user is not None:
        yield from ((user, other) for other in others if other is not None)


def _root(parents: dict[str, str], raw: str) -> str:
    root = raw
    while parents[root] != root:
        root = parents[root]
    while parents[raw] != root:
        parents[raw], raw = root, parents[raw]
    return root


def _join(parents: dict[str, str], one: str, other: str) -> None:
    roots = sorted({_root(parents, parents.setdefault(raw, raw)) for raw in (one, other)})
    parents[roots[-1]] = roots[0]
