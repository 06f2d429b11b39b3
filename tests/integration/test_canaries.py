"""What `serve` tells operators while everything goes wrong: logs, metrics and traces, and no word of a customer's in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestrator.tracing import DECIDE, DOOR, EVENT, SEND, WAKE, event_place
from tests.integration.canaries import CALLER, CANARY, lives, mail_server, workspace
from tests.integration.otlp import Received, receiver
from tests.integration.serving import serving, until
from tests.integration.test_calls_and_tasks import codes

WRONG = {"reject render", "suppress 5.1.1", "reject 5.7.1"}
"""Of the messages: a text without an end, an address that is nobody's, and a letter that is spam."""
ORDER = f"ok-{CANARY}-0-o"
"""The messageId of an order whose receipt and webhook leave at once, and whose offer a moment later."""


@dataclass(frozen=True, slots=True)
class Lived:
    """What was seen of one life."""

    log: str
    page: str
    received: Received
    asked: list[tuple[dict[str, str], bytes]]

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.splitlines()]

    def spans(self, name: str, trace: int | None = None) -> list[Any]:
        named = [span for span in self.received.spans() if span.name == name]
        return [span for span in named if trace is None or int.from_bytes(span.trace_id, "big") == trace]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder: Path = tmp_path_factory.mktemp("lived")
    (folder / "state").mkdir()
    with mail_server() as settings, receiver() as received, codes() as (url, asked):
        given = {**settings, "ORCHESTRATOR_LOG": "json", "OTEL_EXPORTER_OTLP_ENDPOINT": received.url}
        given |= {"ORCHESTRATOR_WEBHOOK_ALLOW_PRIVATE": "true", "OTEL_BSP_SCHEDULE_DELAY": "200"}
        with serving(workspace(folder / "workspace", url), folder / "state/state.sqlite", **given) as life:
            lives(life)
            seen = Lived("", "", received, asked)
            until(lambda: all(error in life.said() for error in WRONG), "every refusal to be logged")
            until(lambda: len(seen.spans(SEND)) >= 10, "the messages to be traced")
            page = life.page("metrics")
            assert life.terminate() == 0
        yield Lived(life.said(), page, received, asked)


def test_no_word_of_a_customers_is_told(lived: Lived) -> None:
    assert CANARY not in lived.log.lower()
    assert CANARY not in lived.page.lower()
    assert not any(CANARY.encode() in body.lower() for body in lived.received.bodies)
    assert any(CANARY.encode() in body for _, body in lived.asked)  # it was there to be told


def test_each_line_is_an_object_that_says_which_message_went_wrong(lived: Lived) -> None:
    refused = [one for one in lived.lines() if one.get("error") in WRONG]
    wanted = {"time", "level", "logger", "event", "campaign", "channel", "message_id", "trace_id"}
    assert all(wanted <= one.keys() for one in refused)
    assert {one["campaign"] for one in refused} == {"receipt", "offer", "course"}
    traces = {span.trace_id.hex() for span in lived.spans(SEND)}
    assert {one["trace_id"] for one in refused} <= traces


def test_an_event_is_followed_from_the_door_to_the_hand_off(lived: Lived) -> None:
    """Its trace is named by its messageId alone; the request stays in its caller's, with links both ways."""
    trace, root = event_place(DOOR, ORDER)
    (event,), (decided,) = lived.spans(EVENT, trace), lived.spans(DECIDE, trace)
    assert int.from_bytes(event.span_id, "big") == root
    assert decided.parent_span_id == event.span_id
    sent = lived.spans(SEND, trace)
    assert {attribute(span, "orchestrator.campaign") for span in sent} >= {"receipt", "asking"}
    assert {span.parent_span_id for span in sent} == {decided.span_id}
    requests = [span for span in lived.spans(DOOR) if span.span_id == event.links[0].span_id]
    assert [f"00-{one.trace_id.hex()}-{one.parent_span_id.hex()}-01" for one in requests] == [CALLER]
    assert event.span_id in {link.span_id for link in requests[0].links}


def attribute(span: Any, name: str) -> str:
    return next((str(one.value.string_value) for one in span.attributes if one.key == name), "")


def test_what_waited_is_a_new_trace_that_links_to_the_event_that_planned_it(lived: Lived) -> None:
    planned = event_place(DECIDE, ORDER)
    linked = [
        span
        for span in lived.spans(WAKE)
        if any((int.from_bytes(one.trace_id, "big"), int.from_bytes(one.span_id, "big")) == planned for one in span.links)
    ]
    assert linked
    offers = [span for one in linked for span in lived.spans(SEND, int.from_bytes(one.trace_id, "big"))]
    assert "offer" in {attribute(span, "orchestrator.campaign") for span in offers}
    assert planned.trace not in {int.from_bytes(span.trace_id, "big") for span in linked}


def test_a_webhook_hears_under_which_span_it_was_asked(lived: Lived) -> None:
    spans = {f"00-{span.trace_id.hex()}-{span.span_id.hex()}-01" for span in lived.spans(SEND)}
    assert lived.asked
    assert {headers["traceparent"] for headers, _ in lived.asked} <= spans
