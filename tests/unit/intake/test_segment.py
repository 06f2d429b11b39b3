from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import RejectedEvent
from orchestrator.intake.identifiers import NEVER_IDENTIFY
from orchestrator.intake.limits import DEPTH_MAX, EVENT_MAX_BYTES, INTEGER_MAX
from orchestrator.intake.segment import parse, parse_line

NOON = 1_795_435_200_000  # 2026-11-23T12:00:00Z
TRACK = {"type": "track", "event": "Order Completed", "userId": "u1", "messageId": "m1"}


def encoded(**members: Any) -> bytes:
    return json.dumps({name: value for name, value in (TRACK | members).items() if value is not ...}).encode()


def reason(raw: bytes, **known: Any) -> str:
    with pytest.raises(RejectedEvent) as caught:
        parse(raw, received_at=NOON, source="shop", **known)
    return str(caught.value)


def test_a_track_call_becomes_an_event() -> None:
    raw = encoded(
        properties={"total": 12.5}, traits=None, context={"traits": {"plan": "pro"}}, timestamp="2026-11-23T11:00:00Z"
    )
    event = parse(raw, received_at=NOON, source="shop")
    assert (event.type, event.name, event.user_id, event.message_id) == ("track", "Order Completed", "u1", "m1")
    assert (event.occurred_at, event.received_at, event.source) == (NOON - 3_600_000, NOON, "shop")
    assert (event.properties, event.traits) == ({"total": 12.5}, {"plan": "pro"})


def test_raw_is_read_like_bytes() -> None:
    raw = encoded()
    assert parse(msgspec.Raw(raw), received_at=1, source="s") == parse(raw, received_at=1, source="s")


@pytest.mark.parametrize("absent", [*sorted(NEVER_IDENTIFY), " NULL ", "Undefined", None, True, False, 0, "\tTest\n"])
def test_what_never_identifies_is_absent(absent: Any) -> None:
    event = parse(encoded(userId=absent, anonymousId="a1"), received_at=NOON, source="s")
    assert (event.user_id, event.anonymous_id) == (None, "a1")
    assert "nobody is identified" in reason(encoded(userId=absent, anonymousId=absent))


def test_a_number_as_id_is_its_digits() -> None:
    assert parse(encoded(userId=42), received_at=NOON, source="s").user_id == "42"


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"type": "bogus"}, "$.type: 'bogus' is none"),
        ({"type": ...}, "$.type: missing"),
        ({"type": 3}, "$.type: got a number"),
        ({"event": ...}, "$.event: missing"),
        ({"event": "  "}, "$.event: empty"),
        ({"event": 3}, "$.event: got a number"),
        ({"event": "x" * 201}, "at most 200 characters, got 201"),
        ({"messageId": "x" * 101}, "$.messageId: at most 100 characters, got 101"),
        ({"messageId": 7}, "$.messageId: expected a string, got a number"),
        ({"userId": 1.5}, "$.userId: an id is a string, got a number"),
        ({"userId": ["u"]}, "$.userId: an id is a string, got an array"),
        ({"userId": "x" * 257}, "at most 256 characters, got 257"),
        ({"groupId": {}}, "$.groupId: expected a string"),
        ({"properties": [1]}, "$.properties: expected an object, got an array"),
        ({"traits": "x"}, "$.traits: expected an object, got a string"),
        ({"context": 1}, "$.context: expected an object, got a number"),
        ({"timestamp": "yesterday"}, "$.timestamp: not a point in time: 'yesterday'"),
        ({"timestamp": True}, "$.timestamp: not a point in time"),
        ({"timestamp": 20261123}, "$.timestamp: not a point in time: 20261123"),
        ({"timestamp": "2026-02-30"}, "$.timestamp: not a point in time"),
        ({"timestamp": "0001-01-01T00:00:00+01:00"}, "$.timestamp: not a point in time"),
        ({"timestamp": NOON / 1000, "sentAt": "x"}, "$.sentAt: not a point in time"),
        ({"properties": {"a": [{"n": 2**53 + 1}]}}, "$.properties.a[0].n: an integer beyond 2^53"),
        ({"properties": {"a": "x" * EVENT_MAX_BYTES}}, f"at most {EVENT_MAX_BYTES} bytes"),
    ],
)
def test_a_rejection_says_what_and_where(members: dict[str, Any], told: str) -> None:
    assert told in reason(encoded(**members))


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "not valid JSON"),
        (b"[]", "$: expected an object, got an array"),
        (b'{"a": NaN}', "not valid JSON"),
        (b'{"a": Infinity}', "not valid JSON"),
        (b'{"a": 1e999}', "not valid JSON"),
        (b'{"a": "\xff"}', "invalid UTF-8"),
        (b'{"a": "\\ud800"}', "not valid JSON"),
        (b'\xef\xbb\xbf{"a": 1}', "not valid JSON"),
        (b'{"a": 1} x', "not valid JSON"),
        (b'{"a": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", "bytes"),
        (b'{"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "nested deeper than 32"),
        (b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}", "nested deeper than 32"),
    ],
)
def test_json_is_strict(raw: bytes, told: str) -> None:
    assert told in reason(raw)


def test_the_bounds_themselves_are_inside() -> None:
    nested: Any = 1
    for _ in range(DEPTH_MAX - 2):
        nested = [nested]
    event = parse(encoded(properties={"n": INTEGER_MAX, "m": -INTEGER_MAX, "deep": nested}), received_at=NOON, source="s")
    assert event.properties["n"] == INTEGER_MAX


@pytest.mark.parametrize(
    "twice",
    [
        '"a":1,"a":2',
        '"a" : 1, "a" : 1',
        '"a":1,"\\u0061":2',
        '"a\\u003a":1,"a:":2',
        '"n":"x\\u003ay","a":1,"a":2',
        '"n":"x\\u003A","a":1,"a":2',
        '"n":"\\u0022:","a":1,"a":2',
    ],
)
def test_a_key_twice_is_rejected_at_any_depth(twice: str) -> None:
    raw = f'{{"type":"track","event":"x","userId":"u","properties":{{"p":[{{{twice}}}]}}}}'
    assert "stands twice" in reason(raw.encode())


def test_colons_in_strings_are_no_keys() -> None:
    value = {"a": 'say ":" and "b": 1', "c:": "x\\u003a:", "è": "€:"}
    for ascii_only in (True, False):
        raw = json.dumps(TRACK | {"properties": value}, ensure_ascii=ascii_only).encode()
        assert parse(raw, received_at=NOON, source="s").properties == value


def test_a_missing_message_id_is_derived_from_text_and_ordinal() -> None:
    first = parse(encoded(messageId=...), received_at=NOON, source="s", ordinal="0").message_id
    assert first == parse(encoded(messageId=...), received_at=9, source="t", ordinal="0").message_id
    assert first != parse(encoded(messageId=...), received_at=NOON, source="s", ordinal="1").message_id
    assert first.startswith("auto-")
    assert len(first) == 29


@pytest.mark.parametrize(
    ("written", "ms"),
    [
        ("2026-11-23T12:00:00Z", 0),
        ("2026-11-23T13:00:00+01:00", 0),
        ("2026-11-23T13:00:00+0100", 0),
        ("2026-11-23T12:00:00", 0),
        ("2026-11-23T12:00:00.123Z", 123),
        ("2026-11-23T12:00:00.123456+00:00", 123),
        ("2026-11-23T12:00:00.123456789Z", 123),
        ("2026-11-23", -12 * 3_600_000),
        (NOON // 1000, 0),
        (NOON, 0),
        (NOON / 1000 + 0.5, 500),
        (str(NOON), 0),
        (str(NOON // 1000), 0),
    ],
)
def test_points_in_time(written: Any, ms: int) -> None:
    assert parse(encoded(timestamp=written), received_at=NOON, source="s").occurred_at == NOON + ms


def test_skew_is_taken_out() -> None:
    ahead = "2026-11-24T12:00:00Z"
    raw = encoded(originalTimestamp=ahead, sentAt="2026-11-24T12:00:30Z", timestamp="2001-01-01")
    assert parse(raw, received_at=NOON, source="s", sent_at=0).occurred_at == NOON - 30_000, "the event's own sentAt rules"
    batch = parse(encoded(timestamp=ahead), received_at=NOON, source="s", sent_at=NOON + 86_400_000 + 5_000)
    assert batch.occurred_at == NOON - 5_000


def test_a_clock_that_is_days_ahead_is_not_believed() -> None:
    assert parse(encoded(timestamp="2026-11-24T12:00:00Z"), received_at=NOON, source="s").occurred_at == NOON + 86_400_000
    assert parse(encoded(timestamp="2026-11-24T12:00:00.001Z"), received_at=NOON, source="s").occurred_at == NOON
    zero = parse(encoded(timestamp="2026-11-23T12:00:00Z", sentAt="0001-01-01T00:00:00Z"), received_at=NOON, source="s")
    assert zero.occurred_at == NOON


def test_without_any_time_it_occurred_when_received() -> None:
    assert parse(encoded(), received_at=NOON, source="s", sent_at=5).occurred_at == NOON


@pytest.mark.parametrize(("kind", "name"), [("page", ""), ("screen", ""), ("identify", ""), ("group", ""), ("alias", "")])
def test_other_calls_have_no_name(kind: str, name: str) -> None:
    assert parse(encoded(type=kind, event=..., name="Home"), received_at=NOON, source="s").name == name


def test_the_endpoint_names_the_type_and_the_batch_the_context() -> None:
    raw = encoded(type=..., context={"ip": "1"})
    event = parse(raw, received_at=NOON, source="s", kind="track", context={"ip": "2", "library": {"name": "go"}})
    assert event.context == {"ip": "1", "library": {"name": "go"}}


def test_a_groups_traits_are_not_a_persons() -> None:
    raw = encoded(type="group", groupId="g", context={"traits": {"email": "a@b.c"}})
    event = parse(raw, received_at=NOON, source="s")
    assert (event.group_id, event.traits) == ("g", {})


@pytest.mark.parametrize(
    ("members", "previous", "occurred", "arrival"),
    [
        ({"timestamp": NOON - 5, "receivedAt": NOON}, None, NOON - 5, NOON),
        ({"timestamp": NOON - 5}, None, NOON - 5, NOON - 5),
        ({"timestamp": NOON - 5, "receivedAt": NOON}, NOON + 1, NOON - 5, NOON + 1),
        ({"timestamp": NOON + 90_000_000_0}, None, NOON + 90_000_000_0, NOON + 90_000_000_0),
        ({"receivedAt": NOON}, None, NOON, NOON),
        ({"receivedAt": NOON, "originalTimestamp": NOON - 7}, None, NOON - 7, NOON),
        ({"timestamp": NOON - 5, "receivedAt": NOON, "sentAt": NOON - 99}, None, NOON - 5, NOON),
    ],
)
def test_a_recorded_event_arrives(members: dict[str, Any], previous: int | None, occurred: int, arrival: int) -> None:
    event, at = parse_line(encoded(**members), previous)
    assert (event.occurred_at, at) == (occurred, arrival)


def test_a_recorded_event_needs_a_time() -> None:
    with pytest.raises(RejectedEvent, match="missing, and so is receivedAt"):
        parse_line(encoded(), NOON)


_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-INTEGER_MAX, INTEGER_MAX)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), _values, max_size=5), st.text(min_size=1, max_size=50), st.booleans())
def test_what_is_written_is_what_is_read(properties: dict[str, Any], user: str, ascii_only: bool) -> None:  # noqa: FBT001 - drawn
    shape = TRACK | {"properties": properties, "userId": "u" + user}
    raw = json.dumps(shape, ensure_ascii=ascii_only).encode()
    event = parse(raw, received_at=NOON, source="s")
    assert event.properties == properties
    assert event.user_id == "u" + user
    again = parse(msgspec.json.encode(shape), received_at=NOON, source="s")
    assert msgspec.json.decode(msgspec.json.encode(again), type=type(event)) == event == again


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_a_reason(raw: bytes) -> None:
    with pytest.raises(RejectedEvent):
        parse(raw, received_at=NOON, source="s")
