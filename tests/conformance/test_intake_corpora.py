"""Intake against inputs that others wrote: broken JSON, naughty strings, Segment's payloads, real SDKs' requests."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orchestrator.domain.input import Event
from orchestrator.errors import RejectedEvent
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.edge import edge
from orchestrator.intake.files import read_events
from orchestrator.intake.segment import parse, parse_line
from tests.calling import Client

CORPORA = Path(__file__).parents[2].parent / "shared" / "corpora"
NOON = 1_795_435_200_000

pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason=f"the corpora are not beside the checkout: {CORPORA.name}")


async def submit(events: Sequence[Event]) -> list[str]:
    return ["accepted"] * len(events)


def door() -> Client:
    return Client(edge(submit, Catalogue({}).validate, {}, now=lambda: NOON))


def json_texts(prefix: str) -> list[bytes]:
    found = sorted((CORPORA / "json-parsing").rglob(f"{prefix}*.json"))
    assert found
    return [path.read_bytes() for path in found]


def read(raw: bytes) -> Event | None:
    try:
        return parse(raw, received_at=NOON, source="s", kind="track")
    except RejectedEvent:
        return None


@pytest.mark.parametrize("prefix", ["n_", "y_", "i_", "number_", "object_", "string_"])
def test_any_json_text_is_an_event_or_a_reason(prefix: str, tmp_path: Path) -> None:
    texts = json_texts(prefix)
    assert [text for text in texts if read(text) is not None] == []
    for text in texts:
        with pytest.raises(RejectedEvent):
            parse_line(text, None)
    path = tmp_path / "lines.jsonl"
    lines = [text.replace(b"\n", b" ") for text in texts]
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert len(list(read_events([path]))) == len(lines)


@pytest.mark.parametrize("prefix", ["n_", "y_", "i_"])
def test_any_json_text_as_a_body_is_answered_below_500(prefix: str) -> None:
    client = door()
    for text in json_texts(prefix):
        for path in ("/v1/batch", "/v1/track", "/v1/cloudevents", "/batch"):
            answer = client.post(path, content=text)
            assert answer.status_code in {200, 400}, (path, text)
            if prefix == "n_" and path == "/v1/track":
                assert answer.status_code == 400 or answer.json()["rejected"], text
            assert answer.json().get("accepted", 0) == 0
        batched = client.post("/v1/batch", content=b'{"batch":[' + text + b"]}")
        assert batched.status_code in {200, 400}
        assert batched.json().get("accepted", 0) == 0


def test_what_must_be_accepted_is_accepted_as_a_property() -> None:
    refused = []
    for text in json_texts("y_"):
        event = read(b'{"event":"x","userId":"u","properties":{"p":' + text + b"}}")
        if event is None:
            refused.append(text.strip())
        else:
            assert event.properties["p"] == json.loads(text)
    assert refused == [b'{"a":"b","a":"c"}', b'{"a":"b","a":"b"}'], "a key twice is the one valid JSON that is refused"


def test_naughty_strings_in_every_text_field() -> None:
    strings = json.loads((CORPORA / "naughty-strings" / "blns.json").read_bytes())
    base = {"type": "track", "event": "e", "userId": "u", "anonymousId": "a", "messageId": "m"}
    places: list[tuple[str, Any]] = [(field, None) for field in ("event", "userId", "anonymousId", "previousId", "groupId")]
    places += [("messageId", None), ("type", None), ("timestamp", None), ("properties", "k"), ("traits", "k"), ("context", "k")]
    assert len(strings) >= 515
    for text in strings:
        for field, key in places:
            raw = msgspec.json.encode(base | {field: text if key is None else {key: text, text: text}})
            event = read(raw)
            if event is None:
                assert field in {"type", "timestamp"} or rejected_with_cause(field, text), (field, text)
                continue
            stored = msgspec.json.decode(msgspec.json.encode(event), type=Event)
            assert stored == event


def rejected_with_cause(field: str, text: str) -> bool:
    return (field == "event" and (not text.strip() or len(text) > 200)) or (
        len(text) > (100 if field == "messageId" else 256) and field != "event"
    )


OLD_SPELLING = "`user_id` is not how the API spells `userId`, so nobody is identified"
NOBODY = "a fragment of the documentation without any id"
NOT_ACCEPTED = dict.fromkeys(range(36, 42), OLD_SPELLING) | dict.fromkeys((42, 60, 61, 62), NOBODY)
KINDS_BY_ENDPOINT = {2: "identify", 3: "track", 4: "page", 5: "screen", 6: "group", 7: "alias", 8: "identify"}
"""Examples of one endpoint's body, which names the type."""


def test_segments_own_payloads_are_accepted() -> None:
    examples = json.loads((CORPORA / "segment-payloads" / "segment_docs_examples.json").read_bytes())
    refused = {}
    for at, example in enumerate(examples):
        raw = json.dumps(example["payload"]).encode()
        try:
            parse(raw, received_at=NOON, source="s", kind=KINDS_BY_ENDPOINT.get(at))
        except RejectedEvent as rejection:
            refused[at] = str(rejection)
    assert refused.keys() == NOT_ACCEPTED.keys(), refused
    assert all("nobody is identified" in reason for reason in refused.values())


def test_segments_broken_payloads_are_rejected() -> None:
    examples = json.loads((CORPORA / "segment-payloads" / "segment_docs_invalid_json.json").read_bytes())
    assert len(examples) == 19
    for example in examples:
        with pytest.raises(RejectedEvent, match="not valid JSON"):
            parse(example["text"].encode(), received_at=NOON, source="s", kind="track")


def captures() -> list[tuple[str, dict[str, Any]]]:
    files = sorted((CORPORA / "sdk-captures").glob("*.jsonl"))
    return [(path.name, json.loads(line)) for path in files for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("packed", [False, True])
def test_every_request_of_real_sdks_is_accepted_whole(packed: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    client = door()
    total = 0
    for name, capture in captures():
        if capture["method"] != "POST":
            continue
        raw = json.dumps(capture["body"]).encode()
        kept = ("content-type", "authorization", "origin")
        headers = {k: v for k, v in capture["headers"].items() if k.lower() in kept or k.lower().startswith("ce-")}
        answer = client.post(capture["path"], content=gzip.compress(raw) if packed else raw, headers=headers)
        assert answer.status_code == 200, (name, answer.text)
        body = capture["body"]
        assert answer.json()["rejected"] == [], name
        assert answer.json()["accepted"] == (len(body["batch"]) if "batch" in body else 1), name
        total += answer.json()["accepted"]
    assert total > 50


def test_sdk_keys_are_found_wherever_they_stand() -> None:
    for name, capture in captures():
        body, basic = capture["body"], capture["auth_decoded"]
        own = (basic or "").partition(":")[0] or (
            body.get("writeKey") or body.get("api_key") if isinstance(body, dict) else None
        )
        if capture["method"] != "POST" or own is None:
            continue
        client = Client(edge(submit, Catalogue({}).validate, {"sdk": own}, now=lambda: NOON))
        headers = {k: v for k, v in capture["headers"].items() if k.lower() == "authorization"}
        assert client.post(capture["path"], json=body, headers=headers).status_code == 200, name
