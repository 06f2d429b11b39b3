"""Where a character of a text was written: in its file, or in the one that was put into it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from orchestrator.authoring.document import Place
from orchestrator.domain.template import Source


@dataclass(frozen=True, slots=True)
class Woven(Source):
    """A text put together from several files. `pieces`: from which of its characters on it is whose, in order."""

    pieces: tuple[tuple[int, Place], ...] = ()


def written_at(source: Source, at: int) -> Place:
    """The place of the text's character `at`."""
    begin, first = 0, Place(source.file, source.line)
    if isinstance(source, Woven) and source.pieces:
        begin, first = source.pieces[max(0, bisect_right(source.pieces, at, key=lambda piece: piece[0]) - 1)]
    return moved(first, source.text[begin:at])


def moved(place: Place, over: str) -> Place:
    """The place behind so much text."""
    line, _, rest = over.rpartition("\n")
    if "\n" not in over:
        return Place(place.file, place.line, place.column + len(over))
    return Place(place.file, place.line + line.count("\n") + 1, len(rest) + 1)
