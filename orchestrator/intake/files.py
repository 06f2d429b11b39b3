"""Recorded events from JSON Lines files, plain or gzip, merged by arrival."""

from __future__ import annotations

import gzip
import heapq
import io
import zlib
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec

from orchestrator.domain.input import Event
from orchestrator.errors import RejectedEvent, UsageError
from orchestrator.intake.limits import EARLIEST_MS, LINE_MAX_BYTES
from orchestrator.intake.segment import parse_line

_GZIP_MAGIC = b"\x1f\x8b"
_BUFFER_BYTES = 256 * 1024
_TOO_LONG = f"a line has at most {LINE_MAX_BYTES} bytes; put each event on a line of its own"

Validate = Callable[[Event], None]


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """An event that may go to the log at `arrival`."""

    arrival: int
    file: str
    line: int
    event: Event


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """A line that is no event, and why; it stands at the arrival of the line before it."""

    arrival: int
    file: str
    line: int
    reason: str
    ids: tuple[str, ...] = ()
    """The user and anonymous ids that the line names, where it can be read."""


Line = Accepted | Rejected


def read_events(
    paths: Sequence[str | Path],
    until: int | None = None,
    *,
    validate: Validate | None = None,
    things: Container[str] = (),
    source: str = "file",
) -> Iterator[Line]:
    """Give every line of these files by arrival, ties in argument order, each file's own order kept.

    Nothing of a file is read beyond its first arrival later than `until`. `validate` may raise RejectedEvent; a rejected
    line does not move arrival. Only events named in `things` may come without a person's id. Lines count from 1. A file that
    cannot be opened raises UsageError at once.
    """
    for path in paths:
        _refuse_unreadable(path)
    files = [_lines(_Reading(str(path), f"{at}:", source, until, validate, things)) for at, path in enumerate(paths)]
    return files[0] if len(files) == 1 else heapq.merge(*files, key=attrgetter("arrival"))


class _Reading(msgspec.Struct, frozen=True):
    file: str
    ordinal: str
    """What the ordinals of this file's lines begin with."""
    source: str
    until: int | None
    validate: Validate | None
    things: Any


def _refuse_unreadable(path: str | Path) -> None:
    try:
        Path(path).open("rb").close()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}; name a file of JSON Lines") from None


@contextmanager
def opened(path: str) -> Iterator[io.BufferedReader[Any]]:
    """Open a file, unpacked where it begins as gzip does or is called so."""
    with io.BufferedReader(io.FileIO(path), _BUFFER_BYTES) as plain:
        if plain.peek(2)[:2] == _GZIP_MAGIC or path.endswith(".gz"):
            with io.BufferedReader(gzip.GzipFile(fileobj=plain), _BUFFER_BYTES) as unpacked:
                yield unpacked
        else:
            yield plain


def _lines(reading: _Reading) -> Iterator[Line]:
    arrival: int | None = None
    with opened(reading.file) as stream:
        for number, raw in enumerate(raw_lines(stream), start=1):
            try:
                event, at = _event(raw, arrival, number, reading)
            except RejectedEvent as rejection:
                stood_at = EARLIEST_MS if arrival is None else arrival
                yield Rejected(stood_at, reading.file, number, str(rejection), _ids(raw))
                continue
            if reading.until is not None and at > reading.until:
                return
            arrival = at
            yield Accepted(at, reading.file, number, event)


def _event(raw: bytes | RejectedEvent, arrival: int | None, number: int, reading: _Reading) -> tuple[Event, int]:
    if isinstance(raw, RejectedEvent):
        raise raw
    event, at = parse_line(raw, arrival, source=reading.source, ordinal=reading.ordinal + str(number), things=reading.things)
    if reading.validate is not None and (reading.until is None or at <= reading.until):
        reading.validate(event)
    return event, at


def _ids(raw: bytes | RejectedEvent) -> tuple[str, ...]:
    """Whose line it would have been."""
    try:
        call = {} if isinstance(raw, RejectedEvent) else msgspec.json.decode(raw)
        named = (call.get("userId"), call.get("anonymousId")) if isinstance(call, dict) else ()
        return tuple(str(one) for one in named if isinstance(one, str | int) and not isinstance(one, bool))
    except (msgspec.DecodeError, ValueError, RecursionError):  # among them invalid UTF-8, and numbers of too many digits
        return ()


def raw_lines(stream: io.BufferedReader[Any]) -> Iterator[bytes | RejectedEvent]:
    """Give each line without its end, or why there is none; a broken file ends with the reason."""
    try:
        while line := stream.readline(LINE_MAX_BYTES + 1):
            if len(line) > LINE_MAX_BYTES and not line.endswith(b"\n"):
                _skip_rest(stream)
                yield RejectedEvent(_TOO_LONG)
            elif line.isspace():
                yield RejectedEvent("empty line; remove it")
            else:
                yield line.rstrip(b"\r\n")
    except (EOFError, OSError, zlib.error) as error:
        yield RejectedEvent(f"the file is broken from here on: {error}; export it again")


def _skip_rest(stream: io.BufferedReader[Any]) -> None:
    while (more := stream.readline(LINE_MAX_BYTES)) and not more.endswith(b"\n"):
        pass
