"""What a batch changed as records of Kafka, and back.

The changelog is compacted: the last record of a key is what stands. Nothing is ever a null value, so that a reader who comes
late never misses that something has gone. The first byte of a key says what it names:

    @ the position   p a profile   i a raw id   r a redirect   f a fact   g a program   c the switches   d a dead letter
    a an address of which this is the home: who was written to there last
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import msgspec

from orchestrator.domain.input import Adopt
from orchestrator.domain.moment import Controls
from orchestrator.partition.ports import Changes, DeadLetter, JournalRow, Record, Stored

Entry = tuple[bytes, bytes]
"""(key, value) of a record."""

POSITION = b"@"
_GONE = b""
_ADOPT = b"\xa5adopt"
_HEAD = 24
"""Bytes of an input in which its tag stands."""
_KEY_BYTES = 8


class Position(msgspec.Struct, frozen=True, array_like=True):
    """How far a partition has come: the last record of each of its transactions in the changelog."""

    token: bytes
    """Of the owner's life that wrote it: two positions are never the same by chance."""
    offset: int
    """Of the first input that is not decided yet; -1 where inputs do not come from Kafka."""
    clock: int
    keys: int
    """The highest key of a profile that was given away."""
    seqs: int
    """The same of the journal."""


encode_position = msgspec.msgpack.Encoder().encode
decode_position = msgspec.msgpack.Decoder(Position).decode
_encode = msgspec.msgpack.Encoder().encode
_stored = msgspec.msgpack.Decoder(Stored).decode
_row = msgspec.msgpack.Decoder(JournalRow).decode
_adopt = msgspec.msgpack.Decoder(Adopt).decode
_letter = msgspec.msgpack.Decoder(DeadLetter).decode


def changelog_of(one: Changes) -> list[Entry]:
    """Everything that stands after these changes, without the journal and the position."""
    found: list[Entry] = [(b"p" + _number(key), _GONE) for key in one.gone]
    found += ((b"p" + _number(key), _sealed(record)) for key, record in one.records.items())
    found += ((b"i" + _bytes(raw), _GONE if key is None else _number(key)) for raw, key in one.ids.items())
    found += ((b"r" + _bytes(raw), _bytes(target)) for raw, target in one.redirects.items())
    found += ((b"a" + address, _bytes(raw)) for address, raw in one.reached.items())
    found += ((b"f" + _bytes(name), value) for name, value in one.facts.items())
    found += ((b"g" + _bytes(name), content) for name, content in one.programs.items())
    found += ((b"d" + _number(dead.seq), _encode(dead)) for dead in one.dead)
    found += ((b"d" + _number(seq), _GONE) for seq in one.redriven)
    if one.controls is not None:
        found.append((b"c", msgspec.json.encode(one.controls)))
    return found


def journal_of(one: Changes) -> list[Entry]:
    """The decided inputs of these changes, by profile."""
    return [(_number(row.key), _encode(row)) for row in one.journal]


def key_of(profile: int) -> bytes:
    """The key of a profile's rows in the journal."""
    return _number(profile)


def read_journal(value: bytes) -> JournalRow:
    """One decided input."""
    return _row(value)


def adopt_of(given: bytes) -> Adopt | None:
    """A journal row's input, where that is an adoption; others are not decoded."""
    return _adopt(given) if _ADOPT in given[:_HEAD] else None


def changes_of(partition: int, entries: Iterable[Entry]) -> Changes:
    """What these records of a changelog say, of each key the last, without position and dead letters."""
    found = Changes(partition)
    for key, value in entries:
        kind, name = key[:1], key[1:]
        match kind:
            case b"p":
                _put_profile(found, int.from_bytes(name, "big"), value)
            case b"i":
                found.ids[_text(name)] = None if value == _GONE else int.from_bytes(value, "big")
            case b"r":
                found.redirects[_text(name)] = _text(value)
            case b"a":
                found.reached[name] = _text(value)
            case b"f":
                found.facts[_text(name)] = value
            case b"g":
                found.programs[_text(name)] = value
            case b"c":
                found.controls = msgspec.json.decode(value, type=Controls)
            case _:
                pass
    found.tasks.update(found.records)
    return found


def letters_of(entries: Iterable[Entry]) -> tuple[list[DeadLetter], list[int]]:
    """(dead letters, rows of those that were decided again) that these records of a changelog tell of."""
    found = {int.from_bytes(key[1:], "big"): value for key, value in entries if key[:1] == b"d"}
    return [_letter(value) for value in found.values() if value != _GONE], [s for s, value in found.items() if value == _GONE]


def hot(changes: Iterable[Changes]) -> Iterator[Changes]:
    """The same without journal and dead letters: what the local cache keeps."""
    for one in changes:
        yield replace(one, journal=[], dead=[])


def _put_profile(found: Changes, key: int, value: bytes) -> None:
    found.gone.discard(key)
    found.records.pop(key, None)
    if value == _GONE:
        found.gone.add(key)
    else:
        raw, sealed, last_seq, due = _stored(value)
        found.records[key] = Record(key, raw, None, sealed, last_seq, due)


def _sealed(record: Record) -> bytes:
    return _encode(Stored(record.raw, record.sealed, record.last_seq, record.due))


def _number(value: int) -> bytes:
    return value.to_bytes(_KEY_BYTES, "big")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogatepass")
