from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from typing import Any

import pytest

from orchestrator.domain.input import Event
from orchestrator.domain.program import EventType
from orchestrator.errors import Overloaded, Unavailable
from orchestrator.intake.bodies import Bounds
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.edge import CALLS, edge
from orchestrator.intake.limits import BODY_MAX_BYTES
from tests.calling import Client

NOON = 1_795_435_200_000
KEYS = {"web": ("new-key", "old-key"), "shop": "shop-key"}
TRACK = {"type": "track", "event": "Order Completed", "userId": "u1", "messageId": "m1"}


class Log:
    """A stand-in for the engine: remembers what was submitted, answers what it is told to."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.events: list[Event] = []
        self.failure = failure

    async def submit(self, events: Sequence[Event]) -> list[str]:
        if self.failure is not None:
            raise self.failure
        seen = {event.message_id for event in self.events}
        self.events += events
        return ["duplicate" if event.message_id in seen else "accepted" for event in events]


def door(log: Log, keys: dict[str, Any] | None = None, **more: Any) -> Client:
    catalogue = Catalogue({"Order Completed": EventType("Order Completed", schema={"required": ["total"]})})
    more.setdefault("now", lambda: NOON)
    return Client(edge(log.submit, catalogue.validate, keys or {}, **more))


def order(at: int = 0, **members: Any) -> dict[str, Any]:
    return TRACK | {"messageId": f"m{at}", "properties": {"total": 1}} | members


def basic(key: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


def test_a_batch_is_counted_event_by_event() -> None:
    log = Log()
    batch = [order(1), order(2, properties={}), order(3), order(4, userId=None), 7]
    answer = door(log).post("/v1/batch", json={"batch": batch})
    assert answer.status_code == 200
    found = answer.json()
    assert (found["success"], found["accepted"], found["duplicates"]) == (True, 2, 0)
    assert [at for at, _ in found["rejected"]] == [1, 3, 4]
    assert '"total" is a required property' in found["rejected"][0][1]
    assert [event.message_id for event in log.events] == ["m1", "m3"]
    assert {event.source for event in log.events} == {"http"}


def test_a_retry_is_answered_as_duplicates() -> None:
    log = Log()
    body = {"batch": [order(1), order(2)]}
    door(log).post("/v1/batch", json=body)
    assert door(log).post("/v1/import/", json=body).json() == {"success": True, "accepted": 0, "duplicates": 2, "rejected": []}


def test_the_batch_gives_context_and_sent_at() -> None:
    log = Log()
    batch = [order(1, timestamp="2026-11-24T12:00:00Z"), order(2, context={"ip": "1"})]
    sent = {"batch": batch, "sentAt": "2026-11-24T12:00:30Z", "context": {"ip": "2", "library": {"name": "go"}}}
    door(log).post("/v1/batch", json=sent)
    assert log.events[0].occurred_at == NOON - 30_000
    assert log.events[1].context == {"ip": "1", "library": {"name": "go"}}


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize(
    ("path", "kind"),
    [*CALLS.items(), *((kind, kind) for kind in CALLS.values())],
)
def test_every_single_call_has_its_route(path: str, kind: str, end: str) -> None:
    log = Log()
    answer = door(log).post(f"/v1/{path}{end}", content=json.dumps(order(type=None)), headers={"content-type": "text/plain"})
    assert answer.json()["accepted"] == 1
    assert log.events[0].type == kind


def test_one_text_without_any_time_is_a_new_event_each_time_and_with_a_time_a_retry() -> None:
    log = Log()
    clock = iter(range(NOON, NOON + 10))
    client = door(log, now=lambda: next(clock))
    for members in ({}, {}, {"timestamp": "2026-11-01"}, {"timestamp": "2026-11-01"}):
        client.post("/v1/t", json=order(**members) | {"messageId": None})
    ids = [event.message_id for event in log.events]
    assert len(set(ids)) == 3
    assert ids[2] == ids[3]


@pytest.mark.parametrize("headers", [{"content-encoding": "gzip"}, {}])
def test_gzip_is_unpacked_by_its_bytes(headers: dict[str, str]) -> None:
    packed = gzip.compress(json.dumps({"batch": [order(1)]}).encode())
    answer = door(Log()).post("/v1/batch", content=packed, headers=headers)
    assert answer.json()["accepted"] == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (b"[]", "invalid_json"),
        (b'{"batch": 1}', "invalid_json"),
        (b'{"batch": [NaN]}', "invalid_json"),
        (b'{"events": []}', "invalid_json"),
        (b'{"batch": [], "context": 3}', "invalid_json"),
        (b'{"batch": [], "context": {"a": "' + b"x" * 5_000 + b'"}}', "invalid_json"),
        (b'{"batch": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "invalid_json"),
        (b'{"batch": [' + b"{}," * 2_500 + b"{}]}", "payload_too_large"),
        (b" " * (BODY_MAX_BYTES + 1), "payload_too_large"),
        (gzip.compress(b" " * 50_000_000, mtime=0), "payload_too_large"),
        (gzip.compress(b"{}", mtime=0)[:-3], "invalid_encoding"),
        (gzip.compress(b"{}", mtime=0) + b"more", "invalid_encoding"),
        (b"\x1f\x8bnonsense", "invalid_encoding"),
    ],
    ids=lambda given: given if isinstance(given, str) else f"{len(given)}-bytes",
)
def test_what_cannot_be_read_is_a_400_with_a_code(content: bytes, code: str) -> None:
    log = Log()
    answer = door(log).post("/v1/batch", content=content)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert ";" in answer.json()["message"]
    assert log.events == []


def test_single_calls_are_bounded_too() -> None:
    client = door(Log())
    assert client.post("/v1/t", json=order(properties={"a": "x" * 33_000})).json()["code"] == "payload_too_large"
    assert client.post("/v1/t", content=b"[" * 10_000).json()["code"] == "invalid_json"
    assert client.post("/v1/t", json=order(properties={})).json()["rejected"][0][0] == 0


def test_an_answer_of_200_is_never_given_where_nothing_was_stored() -> None:
    log = Log()
    for path, body in (("/v1/track", order(properties={})), ("/v1/batch", {"batch": [order(properties={})]})):
        answer = door(log).post(path, json=body)
        assert answer.status_code == 400
        assert answer.json()["success"] is False
        assert "total" in answer.json()["message"]
    assert log.events == []


def test_bounds_are_arguments() -> None:
    client = door(Log(), bounds=Bounds(body_bytes=10_000, batch_events=1))
    assert client.post("/v1/batch", json={"batch": [order(1), order(2)]}).status_code == 400
    assert client.post("/v1/batch", json={"batch": [order(1)]}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "write_key", "source"),
    [
        (basic("new-key"), None, "web"),
        (basic("old-key"), None, "web"),
        ({}, "shop-key", "shop"),
        (basic("nobody"), "shop-key", "shop"),
        (basic("nobody"), None, None),
        ({}, None, None),
        ({}, "", None),
        ({}, 7, None),
        ({"authorization": "Basic ???"}, None, None),
        ({"authorization": "Basic /w=="}, None, None),
        ({"authorization": "Bearer shop-key"}, None, None),
    ],
)
def test_a_key_names_the_source(headers: dict[str, str], write_key: Any, source: str | None) -> None:
    for path, body in (("/v1/batch", {"batch": [order(1)]}), ("/v1/t", order(1))):
        log = Log()
        answer = door(log, KEYS).post(path, json=body | {"writeKey": write_key}, headers=headers)
        if source is None:
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        else:
            assert answer.status_code == 200
        assert [event.source for event in log.events] == ([source] if source else [])


def test_our_own_trouble_is_never_a_4xx_that_drops_events() -> None:
    slow = door(Log(Overloaded(7))).post("/v1/t", json=order())
    assert (slow.status_code, slow.headers["retry-after"], slow.json()["code"]) == (429, "7", "overloaded")
    broken = door(Log(OSError("disk full"))).post("/v1/t", json=order())
    assert (broken.status_code, broken.headers["retry-after"], broken.json()["code"]) == (503, "1", "unavailable")
    assert "disk" not in broken.text

    def no_clock() -> int:
        raise RuntimeError("no clock")

    assert door(Log(), now=no_clock).post("/v1/t", json=order()).status_code == 503


def test_what_is_unavailable_is_told_to_the_sender_and_not_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    gone = door(Log(Unavailable())).post("/v1/t", json=order())
    assert (gone.status_code, gone.headers["retry-after"], gone.json()["code"]) == (503, "1", "unavailable")
    assert caplog.text == ""


def test_nothing_to_store_needs_no_store() -> None:
    answer = door(Log(OSError("disk full"))).post("/v1/t", json=order(properties={}))
    assert (answer.status_code, answer.json()["accepted"]) == (400, 0)


def test_browsers_get_cors_and_settings() -> None:
    client = door(Log(), KEYS)
    origin = {"origin": "https://shop.example"}
    preflight = client.options("/v1/t", headers=origin | {"access-control-request-method": "POST"})
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://shop.example"
    assert "x-retry-count" in preflight.headers["access-control-allow-headers"]
    assert client.post("/v1/t", json=order(), headers=origin).headers["access-control-allow-origin"] == origin["origin"]
    settings = client.get("/v1/projects/new-key/settings", headers=origin).json()
    assert settings["integrations"]["Segment.io"] == {"apiKey": "new-key", "apiHost": "testserver/v1", "protocol": "http"}
    assert client.get("/v1/projects/nobody/settings").status_code == 401


def test_liveness_and_readiness() -> None:
    assert door(Log()).get("/health").json() == {"alive": True}
    assert door(Log()).get("/ready").status_code == 200
    assert door(Log(), ready=lambda: False).get("/ready").status_code == 503


def test_it_counts_events_and_who_was_turned_away() -> None:
    at = door(Log())
    at.post("/v1/batch", json={"batch": [order(), order(messageId="m2"), {"type": "track"}]})
    at.post("/v1/track", content=b"{")
    lines = at.get("/metrics").text.splitlines()
    assert {line for line in lines if line.startswith("orchestrator_")} == {
        'orchestrator_events_total{outcome="accepted"} 2.0',
        'orchestrator_events_total{outcome="duplicate"} 0.0',
        'orchestrator_events_total{outcome="rejected"} 1.0',
        'orchestrator_turned_away_total{status="400"} 1.0',
        "orchestrator_ready 1.0",
    }


def test_other_paths_and_methods_answer_json() -> None:
    assert door(Log()).post("/v1/nothing", json={}).json()["code"] == "no_such_route"
    assert door(Log()).get("/v1/batch").status_code == 405


def test_cloud_events_are_read_in_all_three_modes() -> None:
    log = Log()
    attributes = {"specversion": "1.0", "id": "e1", "source": "/shop", "type": "Order Completed", "subject": "u_1"}
    one = attributes | {"data": {"total": 1}, "time": "2026-11-23T11:00:00Z"}
    client = door(log)
    answers = [client.post("/v1/cloudevents", json=one), client.post("/v1/cloudevents", json=[one, one | {"specversion": "9"}])]
    headers = {f"ce-{name}": value for name, value in attributes.items()}
    answers.append(client.post("/v1/cloudevents", json={"total": 1}, headers=headers))
    assert [answer.json()["accepted"] + answer.json()["duplicates"] for answer in answers] == [1, 1, 1]
    assert answers[1].json()["rejected"][0][0] == 1
    first = log.events[0]
    assert (first.name, first.user_id, first.message_id, first.properties) == ("Order Completed", "u_1", "e1", {"total": 1})


def test_posthog_calls_keep_their_meaning() -> None:
    log = Log()
    batch = [
        {"event": "Viewed", "distinct_id": "u1", "uuid": "1", "properties": {"a": 1, "$lib": "x"}},
        {
            "event": "$identify",
            "distinct_id": "u1",
            "uuid": "2",
            "properties": {"$set": {"plan": "pro"}, "$anon_distinct_id": "a1"},
        },
        {"event": "$create_alias", "distinct_id": "u1", "uuid": "3", "properties": {"alias": "a1"}},
        {
            "event": "$groupidentify",
            "distinct_id": "u1",
            "uuid": "4",
            "properties": {"$group_key": "g", "$group_set": {"n": 1}},
        },
        {"event": "Viewed", "distinct_id": "a2", "uuid": "5", "properties": {"$is_identified": False}},
        {"event": "Viewed", "distinct_id": "a2", "uuid": "6", "properties": 3},
    ]
    answer = door(log, KEYS).post("/batch/", json={"api_key": "shop-key", "batch": batch}).json()
    assert [at for at, _ in answer["rejected"]] == [5]
    assert [event.type for event in log.events] == ["track", "identify", "alias", "group", "track"]
    viewed, identify, alias, group, unknown = log.events
    assert (viewed.user_id, viewed.properties) == ("u1", {"a": 1})
    assert (identify.anonymous_id, identify.traits) == ("a1", {"plan": "pro"})
    assert (alias.previous_id, group.group_id, unknown.anonymous_id, unknown.user_id) == ("a1", "g", "a2", None)
