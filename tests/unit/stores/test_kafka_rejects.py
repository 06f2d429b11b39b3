"""What is no event, as the topic has it: a worker's words and a door's, and how much of a flood is kept."""

from __future__ import annotations

from types import SimpleNamespace

from orchestrator.errors import RejectedEvent
from orchestrator.stores.kafka.inputs import rejected
from orchestrator.stores.kafka.limits import REJECTS_TOLD
from orchestrator.stores.kafka.rejects import Rejects, refused, reject_of
from orchestrator.stores.rejects import SENT_CHARS, Told


def record(value: bytes | None) -> SimpleNamespace:
    return SimpleNamespace(topic="events", partition=3, offset=7, key=None, value=value, timestamp=50)


def test_what_a_door_told_is_read_as_it_was_told() -> None:
    told = Told(40, "shop", "$.event: missing", '{"type": "träck"}')
    key, value = refused(told)
    assert key == b"shop"
    assert reject_of(record(value)) == told


def test_what_a_worker_put_aside_has_its_place_as_source_and_its_record_s_time() -> None:
    _, value = rejected(record(b"\xff" * 9_000), RejectedEvent("no JSON"))
    assert reject_of(record(value)) == Told(50, "events/3", "no JSON", "\ufffd" * SENT_CHARS)


def test_what_somebody_else_wrote_there_is_passed_by() -> None:
    assert [reject_of(record(value)) for value in (None, b"", b"text", b'{"reason": 1}', b"\xff")] == [None] * 5


def test_of_a_flood_a_door_keeps_little_until_it_has_told_it() -> None:
    rejects = Rejects("nowhere:1", "n", 1)
    for _ in range(3):
        rejects.put(1, "shop", [(b"x" * 9_000, "too long")] * (REJECTS_TOLD - 1))
    assert [len(one.sent) for one in rejects._waiting] == [SENT_CHARS] * REJECTS_TOLD
