"""The spans of what came in at the door: the request in its caller's trace, each event in one of its own, linked both ways."""

from __future__ import annotations

import time
from collections.abc import Sequence

from orchestrator.domain.input import Event
from orchestrator.tracing import DOOR, EVENT, Tracing, event_place, parent_in


def tell_received(tracing: Tracing, traceparent: str, events: Sequence[Event], began: int) -> None:
    """Tell of events that are durable now and were not known; `began` is when their request did, in nanoseconds."""
    times, parent = (began, time.time_ns()), parent_in(traceparent)
    request, places = tracing.begun(parent), [event_place(DOOR, event.message_id) for event in events]
    tracing.tell(DOOR, request, times, parent=parent, links=places, attributes={"orchestrator.events": len(events)})
    for place in places:
        tracing.tell(EVENT, place, times, links=[request])
