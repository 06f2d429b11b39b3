"""The shipped CDNOW sample is what its source says it is."""

import gzip
import json
from collections import Counter
from hashlib import sha256
from importlib import resources

SAMPLE = resources.files("orchestrator.insight") / "sample"


def test_the_sample_has_the_published_orders_and_customers() -> None:
    lines = gzip.decompress((SAMPLE / "cdnow_sample.jsonl.gz").read_bytes()).splitlines()
    events = [json.loads(line) for line in lines]
    assert len(events) == 6_919
    assert len({event["userId"] for event in events}) == 2_357
    assert {event["event"] for event in events} == {"Order Completed"}
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)


def test_repeat_purchases_by_week_39_are_the_published_ones() -> None:
    lines = gzip.decompress((SAMPLE / "cdnow_sample.jsonl.gz").read_bytes()).splitlines()
    days = {(event["userId"], event["timestamp"][:10]) for event in map(json.loads, lines) if event["timestamp"] < "1997-10-01"}
    repeats = Counter(min(count - 1, 7) for count in Counter(user for user, _ in days).values())
    assert [repeats[count] for count in range(8)] == [1411, 439, 214, 100, 62, 38, 29, 64]


def test_the_lines_are_those_that_the_source_file_names() -> None:
    unpacked = gzip.decompress((SAMPLE / "cdnow_sample.jsonl.gz").read_bytes())
    assert sha256(unpacked).hexdigest() in (SAMPLE / "SOURCE.md").read_text(encoding="utf-8")
