"""What a partition has written, as one file of all partitions has it: numbers spread, and of what all say alike one's word.

Whose an id is, its home says; what others note of it on the way is left out, as an engine of all partitions leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import msgspec
from msgspec import structs

from orchestrator.domain.input import Control, PartitionInput
from orchestrator.partition.alarms import ALARMS, fact_of
from orchestrator.partition.engine import home_of
from orchestrator.partition.identities import is_keyed, key_in, keyed
from orchestrator.partition.mending import REDRIVE, is_of_one
from orchestrator.partition.partition import PARTITION_KEY
from orchestrator.partition.ports import Changes, DeadLetter, JournalRow
from orchestrator.stores.kafka.records import adopt_of, changes_of, letters_of
from orchestrator.stores.spread import Spread

_SPEAKS = 0
"""The partition whose switches, facts and orders are told: every one has met the same."""
_encode = msgspec.msgpack.Encoder().encode
_given_of = msgspec.msgpack.Decoder(PartitionInput).decode


def mirrored(spread: Spread, number: int, entries: Mapping[bytes, bytes], rows: Iterable[JournalRow], clock: int) -> Changes:
    """Changes of the file by these records of a partition's changelog and rows of its journal."""
    own = changes_of(number, entries.items())
    letters, over = letters_of(entries.items())
    found = Changes(number, clock, reached=own.reached, programs=own.programs)
    found.records = {
        key: replace(record, key=key, last_seq=spread.row(number, record.last_seq))
        for key, record in ((spread.key(number, own_key), record) for own_key, record in own.records.items())
    }
    found.gone = {spread.key(number, key) for key in own.gone}
    found.ids = {
        raw: None if key is None else spread.key(number, key)
        for raw, key in own.ids.items()
        if home_of(raw, spread.partitions) == number
    }
    found.redirects = dict(_redirects(spread, number, own.redirects))
    found.journal = [_row(spread, number, row) for row in rows]
    found.dead = [_letter(spread, number, one) for one in letters]
    found.redriven = [spread.row(number, seq) for seq in over]
    found.facts = dict(_facts(spread, number, own.facts))
    if number == _SPEAKS:
        found.controls = own.controls
    return found


def _facts(spread: Spread, number: int, facts: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """What the first partition has noted, and what each has counted for alarms, which are judged over all."""
    for name, value in facts.items():
        if name.startswith(fact_of("")):
            yield f"{name}@{number}", value
        elif name == ALARMS and number == _SPEAKS:
            names = msgspec.json.decode(value, type=list[str])
            yield name, msgspec.json.encode([f"{each}@{one}" for each in names for one in range(spread.partitions)])
        elif number == _SPEAKS:
            yield name, value


def _redirects(spread: Spread, number: int, redirects: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for raw, target in redirects.items():
        if is_keyed(raw):
            yield keyed(spread.key(number, key_in(raw))), target
        elif home_of(raw, spread.partitions) == number:
            yield raw, target


def _row(spread: Spread, number: int, row: JournalRow) -> JournalRow:
    seq, prev = spread.row(number, row.seq), spread.row(number, row.prev_seq)
    key, given = spread.key(number, row.key), row.given
    if row.key == PARTITION_KEY:
        key, given = _of_partition(spread, number, given)
    elif (adopted := adopt_of(given)) is not None:
        home = home_of(adopted.raw, spread.partitions) if adopted.raw else number
        given = _encode(structs.replace(adopted, key=spread.key(home, adopted.key) if adopted.key else 0))
    return JournalRow(seq, key, prev, row.clock, given, row.decision)


def _of_partition(spread: Spread, number: int, given: bytes) -> tuple[int, bytes]:
    """(key, input): what all were told stands under each one's own key, what was told to one under that of the first."""
    control = _given_of(given)
    if not isinstance(control, Control) or not is_of_one(control):
        return spread.key(number, PARTITION_KEY), given
    if control.switch == REDRIVE:
        places = {"letter": spread.row(number, control.letter), "key": spread.key(number, control.key)}
        given = _encode(structs.replace(control, **places))
    return PARTITION_KEY, given


def _letter(spread: Spread, number: int, one: DeadLetter) -> DeadLetter:
    return one._replace(seq=spread.row(number, one.seq), key=spread.key(number, one.key))
