"""Each message leaves under the trace of what cleared it; who is told late or twice is told once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from orchestrator.domain.campaign import Node, Send, Steps
from orchestrator.domain.input import Event, Outcome
from orchestrator.partition.live import Answered, Arrival, Live
from orchestrator.partition.traces import Traces
from orchestrator.tracing import DECIDE, WAKE, Tracing, event_place, parent_in
from tests.unit.partition.test_counters import CAMPAIGN, START, engine

TWO = Steps("v", (Node("0", Send("t", ("email",)), then=1), Node("1", Send("u", ("email",)))), 0)
EVENT = Event("m", START, name="E", user_id="u", received_at=START)


@pytest.fixture
def told() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    yield exporter
    exporter.shutdown()


def traced(told: InMemorySpanExporter) -> Live:
    """An engine whose campaign sends twice, the second time once the first was taken."""
    live, tracing = engine(replace(CAMPAIGN, steps=TWO)), Tracing("engine")
    tracing.close()
    tracing._out = SimpleSpanProcessor(told)  # type: ignore[assignment]
    live.traces = Traces(tracing)
    return live


def spans(live: Live, told: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    assert live.traces is not None
    live.traces.tell(1, 2)
    return [span for span in told.get_finished_spans() if span.name == name]


def test_what_leaves_at_once_is_in_its_events_trace(told: InMemorySpanExporter) -> None:
    live = traced(told)
    (sent,) = live.turn([Arrival(0, EVENT)], [], START, caught_up=True).outgoing
    assert parent_in(sent.trace) == event_place(DECIDE, "m")
    (span,) = spans(live, told, DECIDE)
    assert (span.context.trace_id, span.context.span_id) == event_place(DECIDE, "m")
    assert dict(span.attributes or {}) == {"orchestrator.partition": 0, "orchestrator.campaigns": ["c"]}


def test_what_an_answer_lets_go_is_a_trace_of_its_own_that_links_to_the_event(told: InMemorySpanExporter) -> None:
    live = traced(told)
    (first,) = live.turn([Arrival(0, EVENT)], [], START, caught_up=True).outgoing
    answer = Answered(first.key, Outcome(first.message_id, "accepted"))
    (second,) = live.turn([], [answer], START, caught_up=True).outgoing
    (woken,) = spans(live, told, WAKE)
    assert parent_in(second.trace) == (woken.context.trace_id, woken.context.span_id)
    assert [(link.context.trace_id, link.context.span_id) for link in woken.links] == [event_place(DECIDE, "m")]


def test_an_event_that_was_known_is_told_once(told: InMemorySpanExporter) -> None:
    live = traced(told)
    live.turn([Arrival(0, EVENT), Arrival(1, EVENT)], [], START, caught_up=True)
    assert len(spans(live, told, DECIDE)) == 1


def test_without_a_receiver_a_message_names_no_trace() -> None:
    (sent,) = engine().turn([Arrival(0, EVENT)], [], START, caught_up=True).outgoing
    assert sent.trace == ""
